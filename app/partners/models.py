"""Tables of the partners."""

from __future__ import annotations

import enum
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Numeric, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.crypto import EncryptedText
from app.extensions import Base
from app.ids import new_id


class Relation(enum.StrEnum):
    """How money goes between a partner and the venues."""

    COMMISSION = "commission"
    """The venue is paid by the guest, the partner invoices its commission."""
    NET = "net"
    """The partner is paid by the guest and owes the price less its commission."""
    REFERRAL = "referral"
    """The guest pays the venue; the partner gets its share for having sent them."""

    @property
    def label(self) -> str:
        """As people read it."""
        return _RELATIONS[self][0]

    @property
    def meaning(self) -> str:
        """Who pays whom, in a sentence."""
        return _RELATIONS[self][1]


_RELATIONS = {
    Relation.COMMISSION: (
        "Commission invoiced",
        "The guest pays you. The partner sends you an invoice for its commission.",
    ),
    Relation.NET: (
        "Net rate",
        "The guest pays the partner. The partner pays you the price less its commission.",
    ),
    Relation.REFERRAL: (
        "Referral",
        "The guest pays you. You pay the partner its share for having sent the guest.",
    ),
}


class Partner(Base):
    """An agency or platform that books through the hub for its own guests."""

    __tablename__ = "partners"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    """As in badges: `Reef Travel`."""
    company_name: Mapped[str]
    contact_email: Mapped[str] = mapped_column(unique=True)
    contact_phone: Mapped[str | None]
    commission_rate: Mapped[Decimal] = mapped_column(Numeric(5, 2), server_default=text("0"))
    """Percent. A booking keeps the rate of the day on which it was made."""
    payment_relation: Mapped[str] = mapped_column(server_default="commission")
    settings: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    allowed_ips: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))
    """For all its keys; each key can be narrowed further."""
    webhook_url: Mapped[str | None]
    webhook_secret: Mapped[str | None] = mapped_column(EncryptedText, deferred=True)
    old_webhook_secret: Mapped[str | None] = mapped_column(EncryptedText, deferred=True)
    """The secret before the last rotation; signs too until `old_secret_until`."""
    old_secret_until: Mapped[datetime | None]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())

    @property
    def may_change(self) -> bool:
        """Whether it may change its bookings, beside making and cancelling them."""
        return bool(self.settings.get("may_change", True))

    @property
    def shows_contact(self) -> bool:
        """Whether webhooks tell it when the guest's e-mail or phone changes at the desk."""
        return bool(self.settings.get("shows_contact", False))

    @property
    def relation(self) -> Relation:
        return Relation(self.payment_relation)

    @property
    def door(self) -> str:
        """How this partner's door is named in the log."""
        return f"partner:{self.id}"

    def signing_secrets(self, now: datetime | None = None) -> list[str]:
        """The secrets that sign a webhook now: the current one, and during overlap the old."""
        now = now or datetime.now(UTC)
        secrets = [self.webhook_secret]
        if self.old_secret_until is not None and self.old_secret_until > now:
            secrets.append(self.old_webhook_secret)
        return [secret for secret in secrets if secret]


class PartnerCustomer(Base):
    """A guest as one partner described them: all that this partner is shown of the person."""

    __tablename__ = "partner_customers"

    partner_id: Mapped[UUID] = mapped_column(
        ForeignKey("partners.id", ondelete="CASCADE"), primary_key=True
    )
    customer_id: Mapped[UUID] = mapped_column(
        ForeignKey("customers.id"), primary_key=True, index=True
    )
    first_name: Mapped[str]
    last_name: Mapped[str]
    phone: Mapped[str | None]
    """As the partner sent it."""
    email: Mapped[str | None] = mapped_column(EncryptedText)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class PartnerVenue(Base):
    """A venue at which a partner may book."""

    __tablename__ = "partner_venues"

    partner_id: Mapped[UUID] = mapped_column(
        ForeignKey("partners.id", ondelete="CASCADE"), primary_key=True
    )
    venue_id: Mapped[UUID] = mapped_column(
        ForeignKey("venues.id", ondelete="CASCADE"), primary_key=True, index=True
    )
