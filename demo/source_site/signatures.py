"""Is this webhook really from the hub, and fresh? Pure: headers and raw bytes in, a fault out."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from werkzeug.datastructures import Headers

TOLERANCE = 300
"""Seconds that a timestamp may be away from our clock, either way."""
PREFIX = "whsec_"
SIGNATURES = ("X-Webhook-Signature", "X-Webhook-Signature-Other")


def fault(headers: Headers, raw: bytes, secret: str, now: float) -> str | None:
    """What is wrong with the signature; None when it is right.

    `X-Webhook-Signature` is required; during a rotation the other secret's stands beside it in
    `X-Webhook-Signature-Other`. The Standard Webhooks headers are checked where they are.
    """
    timestamp = headers.get("X-Webhook-Timestamp", "")
    if not _is_fresh(timestamp, now):
        return "The timestamp is missing or too far from now."
    expected = hmac.new(secret.encode(), f"{timestamp}.".encode() + raw, hashlib.sha256)
    offered = [headers.get(name, "") for name in SIGNATURES]
    if not _any_equal(offered, "sha256=" + expected.hexdigest()):
        return "The signature is missing or wrong."
    if "webhook-signature" in headers:
        return _standard_fault(headers, raw, secret, now)
    return None


def _standard_fault(headers: Headers, raw: bytes, secret: str, now: float) -> str | None:
    timestamp = headers.get("webhook-timestamp", "")
    if not _is_fresh(timestamp, now):
        return "webhook-timestamp is missing or too far from now."
    signed = f"{headers.get('webhook-id', '')}.{timestamp}.".encode() + raw
    digest = hmac.new(_key_bytes(secret), signed, hashlib.sha256).digest()
    offered = headers["webhook-signature"].split()
    if not _any_equal(offered, "v1," + base64.b64encode(digest).decode()):
        return "webhook-signature is wrong."
    return None


def _key_bytes(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        return secret.encode()


def _is_fresh(timestamp: str, now: float) -> bool:
    return timestamp.isascii() and timestamp.isdigit() and abs(now - int(timestamp)) <= TOLERANCE


def _any_equal(offered: list[str], expected: str) -> bool:
    return any(hmac.compare_digest(each.encode(), expected.encode()) for each in offered)
