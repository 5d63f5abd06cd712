"""The link under which a guest pays: a signed id that says nothing about anybody."""

from __future__ import annotations

import base64
import binascii
from uuid import UUID

from itsdangerous import BadSignature, Signer

from app.config import Settings
from app.payments.models import Payment

PURPOSE = "pay a deposit"
"""Part of the key: what is signed for another purpose opens nothing here."""


class Links:
    """Makes and reads links. One per process, configured by `create_app`."""

    def __init__(self) -> None:
        self._signer: Signer | None = None
        self._base = ""

    def configure(self, settings: Settings) -> None:
        self._signer = Signer(settings.secret_key.get_secret_value(), salt=PURPOSE)
        self._base = settings.base_url.rstrip("/")

    @property
    def signer(self) -> Signer:
        if self._signer is None:
            raise RuntimeError("links are not configured: create_app does that")
        return self._signer

    def address(self, path: str) -> str:
        """A path of ours as others reach it."""
        return f"{self._base}{path}"


links = Links()


def token_of(payment_id: UUID) -> str:
    """The signed id: short, since it travels in text messages."""
    name = base64.urlsafe_b64encode(payment_id.bytes).rstrip(b"=")
    return links.signer.sign(name).decode()


def read(token: str) -> UUID | None:
    """The payment that a link names; None for what we did not sign."""
    try:
        name = links.signer.unsign(token.encode())
        return UUID(bytes=base64.urlsafe_b64decode(name + b"=="))
    except (BadSignature, binascii.Error, ValueError):
        return None


def pay_url(payment: Payment) -> str:
    """Where the guest pays it, in full."""
    return links.address(f"/pay/{token_of(payment.id)}")
