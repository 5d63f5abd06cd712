"""Table of the sums behind the reports."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, Integer, Numeric, text
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Base

Count = Integer
"""Added up as a bigint: sums of a wider type would be numeric, and slow."""
Sum = Numeric(16, 2)


class BookingDay(Base):
    """What the bookings of one day, source and currency are worth, in as many rows as it takes.

    Only sums over rows mean something. Every statement that changes bookings adds rows with the
    difference, in its own transaction (the trigger of migration 0007); a worker merges them. It
    holds no guests' data. There are no foreign keys: nothing but the trigger writes here.
    """

    __tablename__ = "booking_days"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    basis: Mapped[str]
    """`booked` or `visit`: which day of a booking `day` is. Each booking counts under both."""
    day: Mapped[date]
    website_id: Mapped[str]
    source: Mapped[str]
    partner_id: Mapped[UUID | None]
    currency: Mapped[str]

    bookings: Mapped[int] = mapped_column(Count)
    """Confirmed, arrived, completed or not shown up; the following four are of these alone."""
    guests: Mapped[int] = mapped_column(Count)
    lead_days: Mapped[int] = mapped_column(Count)
    """Days from the booking to the visit, added up."""
    revenue: Mapped[Decimal] = mapped_column(Sum)
    """Totals less refunds."""
    commission: Mapped[Decimal] = mapped_column(Sum)
    waiting: Mapped[int] = mapped_column(Count)
    cancelled: Mapped[int] = mapped_column(Count)
    cancelled_total: Mapped[Decimal] = mapped_column(Sum)
    expired: Mapped[int] = mapped_column(Count)
    refunded: Mapped[Decimal] = mapped_column(Sum)
    """Of any booking."""
    enquiries: Mapped[int] = mapped_column(Count)
    """Began as pending, without a hold."""
    enquiries_won: Mapped[int] = mapped_column(Count)
    holds: Mapped[int] = mapped_column(Count)
    holds_won: Mapped[int] = mapped_column(Count)
    is_new: Mapped[bool] = mapped_column(server_default=text("true"))
    """Not merged yet."""

    __table_args__ = (
        Index("ix_booking_days_day", "basis", "day", "website_id"),
        Index("ix_booking_days_new", "id", postgresql_where="is_new"),
        Index(
            "ix_booking_days_merged",
            *("basis", "day", "website_id", "source", "currency", "partner_id"),
            postgresql_where="NOT is_new",
        ),
    )


KEY = ("basis", "day", "website_id", "source", "partner_id", "currency")
AMOUNTS = ("revenue", "commission", "cancelled_total", "refunded")
MEASURES = tuple(
    column.name for column in BookingDay.__table__.columns
    if column.name not in {"id", "is_new", *KEY}
)  # fmt: skip
