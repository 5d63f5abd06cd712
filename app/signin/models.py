"""Tables of signing in by phone: codes, devices, and the tokens that keep them signed in."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, func
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Base
from app.ids import new_id


class OtpChallenge(Base):
    """A code that was sent to a phone. The code itself is nowhere: see `codes`."""

    __tablename__ = "otp_challenges"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    phone: Mapped[str]
    """E.164."""
    nonce: Mapped[bytes] = mapped_column(LargeBinary)
    """16 random bytes: with the installation's pepper they make the code."""
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    """HMAC of challenge, phone and code under the pepper."""
    attempts_left: Mapped[int]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    """Spent: by the right code, or replaced by a newer one."""
    address: Mapped[str]
    """From where it was asked for."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        Index("ix_otp_challenges_phone", "phone", "created_at"),
        Index("ix_otp_challenges_created", "created_at"),
    )


class CustomerDevice(Base):
    """A phone on which a customer is signed in: one family of refresh tokens."""

    __tablename__ = "customer_devices"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"), index=True)
    label: Mapped[str]
    """What it calls itself."""
    address: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
    revoked_at: Mapped[datetime | None]
    revoked_because: Mapped[str | None]
    """`signed_out`, `reuse` (a spent token came back), `erased`, `merged` or `staff`."""


class RefreshToken(Base):
    """A token that is exchanged for the next one: used once; the second use ends the family."""

    __tablename__ = "refresh_tokens"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    device_id: Mapped[UUID] = mapped_column(
        ForeignKey("customer_devices.id", ondelete="CASCADE"), index=True
    )
    parent_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("refresh_tokens.id", ondelete="SET NULL"), index=True
    )
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    """SHA-256 of it."""
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index("ix_refresh_tokens_expires", "expires_at"),)
