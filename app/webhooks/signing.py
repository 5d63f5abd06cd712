"""Signatures of a webhook: the headers of the Central document, and Standard Webhooks beside them.

Both families sign the raw body. While a secret is rotated the new and the old one sign: in
`webhook-signature` as a list; `X-Webhook-Signature` stays one value, since that is how receivers
compare it: one secret's on the first try, the other's on the next (`in_turn`). The one that it does
not show stands in `X-Webhook-Signature-Other`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence

PREFIX = "whsec_"


def signature_headers(
    secrets: Sequence[str], message_id: str, timestamp: int, body: bytes
) -> dict[str, str]:
    """The signature headers of a body. `secrets`: at least one, the one to show first."""
    shown, *others = [f"sha256={central(secret, timestamp, body)}" for secret in secrets]
    headers = {
        "X-Webhook-Timestamp": str(timestamp),
        "X-Webhook-Signature": shown,
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(
            f"v1,{standard(secret, message_id, timestamp, body)}" for secret in secrets
        ),
    }
    if others:
        headers["X-Webhook-Signature-Other"] = others[0]
    return headers


def in_turn(secrets: Sequence[str], tries: int) -> list[str]:
    """The secrets as a try shows them: the current one first, on every second try the other."""
    return list(secrets) if tries % 2 else list(reversed(secrets))


def shows_one_of_two(headers: Mapping[str, str]) -> bool:
    """Whether these headers were signed while a secret is rotated."""
    return "X-Webhook-Signature-Other" in headers


def central(secret: str, timestamp: int, body: bytes) -> str:
    """Hex HMAC-SHA256 of `timestamp.body`, keyed with the secret exactly as it is written."""
    signed = str(timestamp).encode() + b"." + body
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def standard(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Base64 HMAC-SHA256 of `id.timestamp.body`, keyed with the decoded bytes of the secret."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return base64.b64encode(hmac.new(_key(secret), signed, hashlib.sha256).digest()).decode()


def _key(secret: str) -> bytes:
    text = secret.removeprefix(PREFIX)
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return text.encode()  # a secret that a website chose itself and that is no base64
