"""The certificates with which PayPal signs webhooks: fetched from PayPal alone, checked, kept.

The address comes in a header that anybody may send, so it is held against a narrow rule before
anything is fetched: https, a host of PayPal, the path of its certificates, nothing else.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

import certifi
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.oid import ExtensionOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from app.outbound import Answer, Outgoing
from app.paypal import http

DOMAIN = "paypal.com"
_PATH = re.compile(r"/v1/notifications/certs/[A-Za-z0-9_.-]+")
KEPT = 3600.0
"""Seconds."""
MOST = 20
"""Certificates that are kept: PayPal has one or two."""

Fetch = Callable[[str], bytes]
"""Gets what is at an address that was checked. Raises Unfetched."""


class BadAddress(Exception):
    """The address of the certificate is none of PayPal's."""


class Unfetched(Exception):
    """The certificate could not be had."""


class Untrusted(Exception):
    """The certificate does not lead to a root that is trusted, or not today."""


def fetch_certificate(url: str) -> bytes:
    """From PayPal, past the guard of all outbound calls; redirects are not followed."""
    answer = http.run(http.send(Outgoing(url, {}, b"", "GET")))
    if not isinstance(answer, Answer) or answer.status != 200:
        raise Unfetched(url)
    return answer.body


@lru_cache(maxsize=1)
def public_roots() -> Sequence[x509.Certificate]:
    """Those that browsers trust."""
    return x509.load_pem_x509_certificates(Path(certifi.where()).read_bytes())


@dataclass(frozen=True)
class _Kept:
    pem: bytes
    until: float


class Certificates:
    """Fetches and checks. `fetch` and `roots` can be replaced: tests have an authority of their
    own; what is PayPal's address cannot."""

    def __init__(
        self,
        fetch: Fetch = fetch_certificate,
        roots: Callable[[], Sequence[x509.Certificate]] = public_roots,
    ) -> None:
        self._fetch, self._roots = fetch, roots
        self._kept: dict[str, _Kept] = {}

    def key(self, url: str, now: datetime | None = None) -> RSAPublicKey:
        """The key of the certificate at this address.

        Raises BadAddress, Unfetched and Untrusted.
        """
        demand_paypal(url)
        try:
            chain = x509.load_pem_x509_certificates(self._pem(url))
        except ValueError as error:
            raise Untrusted("no certificate") from error
        leaf = self._check(chain, now or datetime.now(UTC))
        found = leaf.public_key()
        if not isinstance(found, RSAPublicKey):
            raise Untrusted("no RSA key")
        return found

    def _pem(self, url: str) -> bytes:
        """Kept for an hour: the chain and the dates are checked each time."""
        kept = self._kept.get(url)
        if kept is None or kept.until <= time.monotonic():
            if len(self._kept) >= MOST:
                self._kept.clear()
            kept = self._kept[url] = _Kept(self._fetch(url), time.monotonic() + KEPT)
        return kept.pem

    def _check(self, chain: Sequence[x509.Certificate], now: datetime) -> x509.Certificate:
        leaf, *others = chain
        name = _name_of(leaf)
        builder = PolicyBuilder().store(Store(list(self._roots()))).time(now)
        try:
            builder.build_server_verifier(x509.DNSName(name)).verify(leaf, others)
        except (VerificationError, ValueError) as error:
            raise Untrusted("no trusted chain") from error
        return leaf


def demand_paypal(url: str) -> None:
    """Raises BadAddress for whatever is not a certificate of PayPal's."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BadAddress(url) from error
    host = parts.hostname or ""
    is_host = parts.netloc.lower() == host and (host == DOMAIN or host.endswith(f".{DOMAIN}"))
    is_plain = port is None and not parts.query and not parts.fragment and len(url) <= 500
    is_path = _PATH.fullmatch(parts.path) is not None and ".." not in parts.path
    if parts.scheme != "https" or not (is_host and is_plain and is_path):
        raise BadAddress(url)


def _name_of(leaf: x509.Certificate) -> str:
    """The first name of PayPal's that the certificate was made for. Raises Untrusted."""
    try:
        names = leaf.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
    except (x509.ExtensionNotFound, ValueError) as error:
        raise Untrusted("no name") from error
    assert isinstance(names, x509.SubjectAlternativeName)
    for name in names.get_values_for_type(x509.DNSName):
        if name == DOMAIN or name.endswith(f".{DOMAIN}"):
            return name.replace("*", "www", 1)
    raise Untrusted("made for somebody else")


certificates = Certificates()
