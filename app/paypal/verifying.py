"""Whether a webhook is PayPal's own: its signature over the raw bytes, by its certificate; or its
own answer to the question."""

from __future__ import annotations

import base64
import binascii
import enum
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from app.outbound import Answer
from app.paypal import http
from app.paypal.certificates import BadAddress, Certificates, Unfetched, Untrusted
from app.paypal.client import Account, PayPal, data_of

ALGORITHM = "SHA256withRSA"
_LIMITS = {
    "paypal-transmission-id": 50,
    "paypal-transmission-time": 100,
    "paypal-transmission-sig": 500,
    "paypal-cert-url": 500,
    "paypal-auth-algo": 100,
}
"""The headers of a signature, and how long each may be."""


class Genuine(enum.Enum):
    """What came of looking at a signature."""

    YES = "yes"
    NO = "no"
    UNSURE = "unsure"
    """It could not be told here: PayPal can say."""


class CannotAsk(Exception):
    """PayPal did not answer the question: it may send the webhook again later."""


@dataclass(frozen=True)
class Signature:
    """The headers of a webhook that sign it."""

    transmission_id: str
    time: str
    signature: str
    cert_url: str
    algorithm: str

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Signature | None:
        """None where one is missing or longer than it may be."""
        found = [headers.get(name, "") for name in _LIMITS]
        lengths = zip(found, _LIMITS.values(), strict=True)
        if not all(value and len(value) <= most and value.isprintable() for value, most in lengths):
            return None
        return cls(*found)


def offline(
    signature: Signature, body: bytes, webhook_id: str, certificates: Certificates
) -> Genuine:
    """By the certificate. Where it cannot be had or traced to a root: unsure."""
    if signature.algorithm != ALGORITHM or not webhook_id:
        return Genuine.NO
    try:
        key = certificates.key(signature.cert_url)
        sealed = base64.b64decode(signature.signature, validate=True)
        key.verify(sealed, signed_text(signature, body, webhook_id), PKCS1v15(), SHA256())
    except (BadAddress, InvalidSignature, binascii.Error, ValueError):
        return Genuine.NO
    except (Unfetched, Untrusted):
        return Genuine.UNSURE
    return Genuine.YES


def signed_text(signature: Signature, body: bytes, webhook_id: str) -> bytes:
    """What PayPal signs: the body stands in it by its checksum."""
    parts = (signature.transmission_id, signature.time, webhook_id, str(zlib.crc32(body)))
    return "|".join(parts).encode()


def online(signature: Signature, body: bytes, account: Account) -> bool:
    """By asking PayPal. `body` is a JSON object; it is passed on byte for byte.

    Raises CannotAsk.
    """
    fields = {
        "auth_algo": signature.algorithm,
        "cert_url": signature.cert_url,
        "transmission_id": signature.transmission_id,
        "transmission_sig": signature.signature,
        "transmission_time": signature.time,
        "webhook_id": account.webhook_id,
    }
    question = json.dumps(fields).encode()[:-1] + b', "webhook_event": ' + body + b"}"
    answer = http.run(PayPal(account, http.send).verify(question))
    if not isinstance(answer, Answer) or answer.status != 200:
        raise CannotAsk
    return data_of(answer).get("verification_status") == "SUCCESS"
