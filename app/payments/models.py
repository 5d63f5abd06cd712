"""Tables of the payments: what is asked for, what came, what went back, what providers said."""

from __future__ import annotations

import enum
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Numeric, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.crypto import EncryptedJSON, EncryptedText
from app.extensions import Base
from app.ids import new_id

Money = Numeric(12, 2)


class PaymentKind(enum.StrEnum):
    """Which way the money goes."""

    DEPOSIT = "deposit"
    REFUND = "refund"


class PaymentState(enum.StrEnum):
    """Where a payment or a refund is."""

    REQUESTED = "requested"
    """A link exists (deposit), or it is to be sent to the provider (refund)."""
    CREATED = "created"
    """The provider knows it; the guest has not approved it."""
    PENDING = "pending"
    """The provider has it and has not decided."""
    COMPLETED = "completed"
    DECLINED = "declined"
    FAILED = "failed"
    EXPIRED = "expired"
    """Nobody paid in time."""
    REVERSED = "reversed"
    """The provider took a completed payment back."""


class PaymentSettings(Base):
    """How a website takes money. Without a row it takes none."""

    __tablename__ = "payment_settings"

    website_id: Mapped[str] = mapped_column(
        ForeignKey("websites.id", ondelete="CASCADE"), primary_key=True
    )
    is_on: Mapped[bool] = mapped_column(server_default=text("false"))
    client_id: Mapped[str] = mapped_column(server_default="")
    secret: Mapped[str | None] = mapped_column(EncryptedText)
    webhook_id: Mapped[str] = mapped_column(server_default="")
    """The provider's id of our webhook: part of what its signatures sign."""
    is_live: Mapped[bool] = mapped_column(server_default=text("false"))
    """Live or sandbox."""
    verify_online: Mapped[bool] = mapped_column(server_default=text("false"))
    """Ask the provider whether a webhook is genuine, instead of checking its certificate."""
    deposit_minutes: Mapped[int] = mapped_column(server_default=text("30"))
    """How long a guest has to pay a deposit."""
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())

    @property
    def is_ready(self) -> bool:
        """Whether guests can pay."""
        return self.is_on and bool(self.client_id and self.secret)


class Payment(Base):
    """A deposit, or a refund of one. No card data is ever known here."""

    __tablename__ = "payments"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    """Also what makes calls to the provider repeatable."""
    website_id: Mapped[str] = mapped_column(ForeignKey("websites.id"))
    booking_id: Mapped[UUID] = mapped_column(ForeignKey("bookings.id"), index=True)
    kind: Mapped[str]
    provider: Mapped[str] = mapped_column(server_default="paypal")
    of_id: Mapped[UUID | None] = mapped_column(ForeignKey("payments.id"), index=True)
    """The deposit that a refund gives back."""
    amount: Mapped[Decimal] = mapped_column(Money)
    currency: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="requested")
    order_id: Mapped[str | None]
    capture_id: Mapped[str | None]
    refund_id: Mapped[str | None]
    """The provider's ids."""
    approve_url: Mapped[str | None]
    """Where the provider lets the guest approve it."""
    problem: Mapped[str | None]
    """Why it failed, in the provider's code."""
    reason: Mapped[str | None]
    """Why it is given back, in words of staff."""
    requested_by: Mapped[str] = mapped_column(server_default="")
    request_key: Mapped[str | None]
    """Of the form or rule that asked for a refund: the same one asks once."""
    expires_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())

    __table_args__ = (
        UniqueConstraint("booking_id", "request_key"),
        Index("ix_payments_order", "order_id", unique=True),
        Index("ix_payments_capture", "capture_id", unique=True),
        Index("ix_payments_refund", "refund_id", unique=True),
        Index(
            "ix_payments_open",
            "expires_at",
            postgresql_where="state IN ('requested', 'created', 'pending')",
        ),
        Index("ix_payments_website", "website_id", "created_at"),
        Index(
            "ix_payments_trouble", "updated_at", postgresql_where="state IN ('failed', 'reversed')"
        ),
    )


class ProviderEvent(Base):
    """What a provider told us, once per event of theirs."""

    __tablename__ = "provider_events"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    provider: Mapped[str]
    """`paypal`, `twilio`."""
    event_id: Mapped[str]
    event_type: Mapped[str]
    website_id: Mapped[str | None] = mapped_column(ForeignKey("websites.id"))
    booking_id: Mapped[UUID | None]
    payload: Mapped[dict[str, object]] = mapped_column(EncryptedJSON, nullable=True)
    """Cleared by the retention of payloads."""
    outcome: Mapped[str | None]
    """What it changed, in words; null while it is not handled."""
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())
    handled_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("provider", "event_id"),
        Index("ix_provider_events_website", "website_id", "received_at"),
    )
