"""Encryption at rest: encrypted columns, keyed hashes and the data keys of customers.

Three keys, three purposes:
- the installation's Fernet keys (`ENCRYPTION_KEYS`) encrypt columns and can be rotated;
- `HASH_KEY` makes exact look-ups possible over encrypted values;
- each customer's own data key seals personal values in the append-only log, so that destroying
  that one key erases them everywhere in it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Dialect, Text
from sqlalchemy.types import TypeDecorator

from app.config import Settings


class CannotDecrypt(Exception):
    """A stored value was not encrypted by any of the installation's keys."""


class Keyring:
    """The installation's keys. One per process, configured by `create_app`."""

    def __init__(self) -> None:
        self._fernet: MultiFernet | None = None
        self._primary: Fernet | None = None
        self._hash_key = b""

    def configure(self, settings: Settings) -> None:
        """Load the keys. Raises ValueError when one is not a Fernet key."""
        keys = [Fernet(key) for key in settings.encryption_key_list()]
        self._fernet, self._primary = MultiFernet(keys), keys[0]
        self._hash_key = settings.hash_key.get_secret_value().encode()

    @property
    def fernet(self) -> MultiFernet:
        if self._fernet is None:
            raise RuntimeError("the keyring is not configured: create_app does that")
        return self._fernet

    def encrypt(self, clear: str) -> str:
        """Encrypt text under the primary key."""
        return self.fernet.encrypt(clear.encode()).decode()

    def decrypt(self, token: str) -> str:
        """Decrypt text under any of the keys. Raises CannotDecrypt."""
        try:
            return self.fernet.decrypt(token).decode()
        except InvalidToken as error:
            raise CannotDecrypt("no key of this installation decrypts the value") from error

    def rotate(self, token: str) -> str:
        """The same value under the primary key. Raises CannotDecrypt."""
        try:
            return self.fernet.rotate(token).decode()
        except InvalidToken as error:
            raise CannotDecrypt("no key of this installation decrypts the value") from error

    def is_current(self, token: str) -> bool:
        """Whether the primary key encrypted it."""
        if self._primary is None:
            raise RuntimeError("the keyring is not configured: create_app does that")
        try:
            self._primary.decrypt(token)
        except InvalidToken:
            return False
        return True

    def hash(self, value: str) -> bytes:
        """32 bytes that only this installation can compute: for look-ups by exact value."""
        return hmac.new(self._hash_key, value.encode(), hashlib.sha256).digest()


keyring = Keyring()


class EncryptedText(TypeDecorator[str]):
    """A text column that is ciphertext in the database and clear in Python."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else keyring.encrypt(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else keyring.decrypt(value)


class EncryptedJSON(TypeDecorator[Any]):
    """A list or object that is encrypted at rest; an empty one is stored as null, and null is read
    as an empty list."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return keyring.encrypt(json.dumps(value, ensure_ascii=False)) if value else None

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return [] if value is None else json.loads(keyring.decrypt(value))


def hash_email(email: str) -> bytes:
    """Keyed hash of an e-mail address, the same for every way of writing it in upper case."""
    return keyring.hash("email:" + email.strip().casefold())


def hash_secret(secret: str) -> bytes:
    """SHA-256 of a long random secret (API key, session token): not for passwords."""
    return hashlib.sha256(secret.encode()).digest()


def new_token(size: int = 32) -> str:
    """A random URL-safe secret of `size` bytes."""
    return secrets.token_urlsafe(size)


def new_webhook_secret() -> str:
    """A secret in the Standard Webhooks form: `whsec_` and 32 random bytes in base64."""
    return "whsec_" + base64.b64encode(os.urandom(32)).decode()


class DataKey:
    """A customer's own key (AES-256-GCM). Destroy it and what it sealed is gone."""

    def __init__(self, raw: bytes) -> None:
        self._aead = AESGCM(raw)

    @classmethod
    def from_text(cls, text: str) -> DataKey:
        return cls(base64.b64decode(text))

    @staticmethod
    def new_text() -> str:
        """A new key in the form in which the (encrypted) column keeps it."""
        return base64.b64encode(AESGCM.generate_key(256)).decode()

    def seal(self, value: Any) -> str:
        """Encrypt a JSON value."""
        nonce = os.urandom(12)
        sealed = self._aead.encrypt(nonce, json.dumps(value, ensure_ascii=False).encode(), None)
        return base64.b64encode(nonce + sealed).decode()

    def unseal(self, token: str) -> Any:
        """Decrypt a JSON value. Raises CannotDecrypt for another customer's value."""
        data = base64.b64decode(token)
        try:
            return json.loads(self._aead.decrypt(data[:12], data[12:], None))
        except InvalidTag as error:
            raise CannotDecrypt("sealed under another key") from error
