"""Tables of the travelers: profiles that a customer keeps, and who goes with each booking."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Numeric, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.crypto import EncryptedText
from app.extensions import Base
from app.ids import new_id
from app.plain import plain

Money = Numeric(12, 2)
KEPT = (
    *("id", "traveler_id", "is_primary", "name", "birth_date", "age", "gender", "phone"),
    *("emergency_contact_name", "emergency_contact_phone"),
    *("special_requirements", "medical_notes", "price", "checked_in_at"),
)
"""What a booking says of each of its travelers."""


class Traveler(Base):
    """Somebody for whom a customer books, kept for the next time."""

    __tablename__ = "travelers"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    name: Mapped[str]
    birth_date: Mapped[date | None]
    age: Mapped[int | None]
    """In years on `age_on`, where no birth date is known."""
    age_on: Mapped[date | None]
    gender: Mapped[str | None]
    """`female`, `male` or `other`; null where they do not say."""
    phone: Mapped[str | None]
    """E.164, or as given where it does not parse."""
    emergency_contact_name: Mapped[str | None]
    emergency_contact_phone: Mapped[str | None]
    special_requirements: Mapped[str | None] = mapped_column(EncryptedText)
    medical_notes: Mapped[str | None] = mapped_column(EncryptedText)
    deleted_at: Mapped[datetime | None]
    """Not offered any more; what it was booked for keeps its own copy."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())

    __table_args__ = (Index("ix_travelers_customer", "customer_id", "id"),)


class BookingTraveler(Base):
    """Somebody who goes with a booking, as they were described when it was made or changed."""

    __tablename__ = "booking_travelers"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    website_id: Mapped[str] = mapped_column(ForeignKey("websites.id"))
    booking_id: Mapped[UUID] = mapped_column(
        ForeignKey("bookings.id", ondelete="CASCADE"), index=True
    )
    traveler_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("travelers.id", ondelete="SET NULL"), index=True
    )
    """The profile it was taken from, where there is one."""
    position: Mapped[int] = mapped_column(server_default=text("0"))
    is_primary: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whom the guides call: exactly one of a booking that has travelers."""
    name: Mapped[str]
    birth_date: Mapped[date | None]
    age: Mapped[int | None]
    """In years on the day of the activity."""
    gender: Mapped[str | None]
    phone: Mapped[str | None]
    emergency_contact_name: Mapped[str | None]
    emergency_contact_phone: Mapped[str | None]
    special_requirements: Mapped[str | None] = mapped_column(EncryptedText)
    medical_notes: Mapped[str | None] = mapped_column(EncryptedText)
    price: Mapped[Decimal | None] = mapped_column(Money)
    """What this one pays, before a discount for groups."""
    checked_in_at: Mapped[datetime | None]

    def as_json(self) -> dict[str, Any]:
        """As the history of its booking keeps it."""
        return {name: plain(getattr(self, name)) for name in KEPT}

    __table_args__ = (
        UniqueConstraint("booking_id", "traveler_id"),
        Index(
            "ix_booking_travelers_primary",
            "booking_id",
            unique=True,
            postgresql_where="is_primary",
        ),
    )
