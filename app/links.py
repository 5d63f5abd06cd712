"""Links for people without an account: a signed id that says nothing about anybody."""

from __future__ import annotations

import base64
import binascii
import hashlib
from uuid import UUID

from itsdangerous import BadSignature, Signer
from itsdangerous.signer import HMACAlgorithm

from app.config import Settings

SHORT = 12
"""Bytes of a short signature: 96 bits, out of reach for guessing over the network."""


class _Short(HMACAlgorithm):
    """The first bytes of an HMAC-SHA-256."""

    def __init__(self) -> None:
        super().__init__(hashlib.sha256)

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        return super().get_signature(key, value)[:SHORT]


class SignedLinks:
    """Makes and reads the links of one purpose. One per process, configured by `create_app`.

    `purpose` is part of the key: what is signed for another one opens nothing here. `short`: for
    links that travel in most text messages.
    """

    def __init__(self, purpose: str, path: str, *, short: bool = False) -> None:
        self._purpose, self._path, self._short = purpose, path, short
        self._signer: Signer | None = None
        self._base = ""

    def configure(self, settings: Settings) -> None:
        secret = settings.secret_key.get_secret_value()
        algorithm = _Short() if self._short else None
        self._signer = Signer(secret, salt=self._purpose, algorithm=algorithm)
        self._base = settings.base_url.rstrip("/")

    @property
    def signer(self) -> Signer:
        if self._signer is None:
            raise RuntimeError("links are not configured: create_app does that")
        return self._signer

    def address(self, path: str) -> str:
        """A path of ours as others reach it."""
        return f"{self._base}{path}"

    def token_of(self, subject: UUID) -> str:
        """The signed id."""
        name = base64.urlsafe_b64encode(subject.bytes).rstrip(b"=")
        return self.signer.sign(name).decode()

    def read(self, token: str) -> UUID | None:
        """The id that a link names; None for what we did not sign."""
        try:
            name = self.signer.unsign(token.encode())
            return UUID(bytes=base64.urlsafe_b64decode(name + b"=="))
        except (BadSignature, binascii.Error, ValueError):
            return None

    def url(self, subject: UUID) -> str:
        """The whole link."""
        return self.address(self._path + self.token_of(subject))
