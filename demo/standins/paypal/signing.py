"""The stand-in's own authority, and the signatures of its webhooks."""

from __future__ import annotations

import base64
import zlib
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NAME = "messageverificationcerts.paypal.com"
YEAR = timedelta(days=365)


class Authority:
    """A root, and a certificate under it with which webhooks are signed."""

    def __init__(
        self,
        name: str = NAME,
        begins: datetime | None = None,
        lasts: timedelta = YEAR,
    ) -> None:
        begins = begins or datetime.now(UTC) - timedelta(days=1)
        self._root_key = rsa.generate_private_key(65537, 2048)
        self._key = rsa.generate_private_key(65537, 2048)
        self.root = self._make_root()
        self.leaf = self._make_leaf(name, begins, begins + lasts)

    @property
    def pem(self) -> bytes:
        """What is served under the address of the certificate."""
        return self.leaf.public_bytes(Encoding.PEM)

    def sign(self, transmission_id: str, at: str, webhook_id: str, body: bytes) -> str:
        said = f"{transmission_id}|{at}|{webhook_id}|{zlib.crc32(body)}".encode()
        return base64.b64encode(self._key.sign(said, PKCS1v15(), SHA256())).decode()

    def knows(
        self, signature: str, transmission_id: str, at: str, webhook_id: str, body: bytes
    ) -> bool:
        """Whether this authority made the signature, over these very bytes."""
        said = f"{transmission_id}|{at}|{webhook_id}|{zlib.crc32(body)}".encode()
        try:
            sealed = base64.b64decode(signature, validate=True)
            self._key.public_key().verify(sealed, said, PKCS1v15(), SHA256())
        except (InvalidSignature, ValueError):
            return False
        return True

    def _make_root(self) -> x509.Certificate:
        name = _named("Stand-in root")
        key = self._root_key.public_key()
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 10 * YEAR)
            .not_valid_after(now + 10 * YEAR)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .sign(self._root_key, SHA256())
        )

    def _make_leaf(self, name: str, begins: datetime, ends: datetime) -> x509.Certificate:
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._root_key.public_key())
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        return (
            x509.CertificateBuilder()
            .subject_name(_named(name))
            .issuer_name(self.root.subject)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(ends)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(issuer, critical=False)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(usage, critical=False)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .sign(self._root_key, SHA256())
        )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
