"""Table of the API keys. A key itself is never stored, only its SHA-256."""

from __future__ import annotations

import enum
import hmac
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.crypto import hash_secret
from app.extensions import Base
from app.ids import new_id


class KeyScope(enum.StrEnum):
    """What a key may do. `manage:x` includes `read:x` and `write:x`."""

    READ_BOOKINGS = "read:bookings"
    WRITE_BOOKINGS = "write:bookings"
    MANAGE_BOOKINGS = "manage:bookings"
    READ_AVAILABILITY = "read:availability"
    READ_TABLES = "read:table_bookings"
    WRITE_TABLES = "write:table_bookings"
    MANAGE_TABLES = "manage:table_bookings"

    @property
    def label(self) -> str:
        """As people read it."""
        verb, _, subject = self.value.partition(":")
        return f"{verb.capitalize()} {subject.replace('_', ' ')}"


class ApiKey(Base):
    """A key with which a website or a partner calls the hub."""

    __tablename__ = "api_keys"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    website_id: Mapped[str | None] = mapped_column(ForeignKey("websites.id"), index=True)
    partner_id: Mapped[UUID | None] = mapped_column(ForeignKey("partners.id"), index=True)
    """A key is a website's or a partner's."""
    prefix: Mapped[str]
    """The visible beginning, so that people can tell keys apart."""
    key_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    secret_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Of the second half that partners may show beside the key."""
    scopes: Mapped[list[Any]] = mapped_column(JSONB)
    allowed_ips: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    expires_at: Mapped[datetime | None]
    """After a rotation: the end of the overlap."""
    replaced_at: Mapped[datetime | None]
    """When a rotation put another in its place."""
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    def works_at(self, now: datetime) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)

    def is_joined_by(self, secret: str) -> bool:
        """Whether this is the second half that was issued with the key."""
        if self.secret_hash is None:
            return False
        return hmac.compare_digest(self.secret_hash, hash_secret(secret))

    def allows(self, scope: KeyScope) -> bool:
        """Whether the key holds the scope, itself or by `manage:`."""
        subject = scope.value.split(":", 1)[1]
        return scope in self.scopes or f"manage:{subject}" in self.scopes
