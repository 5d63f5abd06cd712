"""Table of the waiting lists of departures."""

from __future__ import annotations

import enum
from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Base
from app.ids import new_id


class WaitingState(enum.StrEnum):
    """Where somebody who waits stands."""

    WAITING = "waiting"
    OFFERED = "offered"
    """Places are held for them: `booking_id`."""
    TAKEN = "taken"
    LAPSED = "lapsed"
    """They did not answer in time, or the departure began."""
    LEFT = "left"
    """They, or staff for them, gave up."""


class WaitingEntry(Base):
    """A party that waits for places on a departure; first come, first offered."""

    __tablename__ = "waiting_entries"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    website_id: Mapped[str] = mapped_column(ForeignKey("websites.id"))
    departure_id: Mapped[UUID] = mapped_column(ForeignKey("departures.id"))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"), index=True)
    guests: Mapped[int]
    state: Mapped[str] = mapped_column(server_default=WaitingState.WAITING)
    booking_id: Mapped[UUID | None] = mapped_column(ForeignKey("bookings.id"))
    """The held booking that was offered to them last."""
    offered_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())

    __table_args__ = (
        Index("ix_waiting_entries_queue", "departure_id", "created_at", "id"),
        Index(
            "ix_waiting_entries_open",
            *("departure_id", "customer_id"),
            unique=True,
            postgresql_where="state IN ('waiting', 'offered')",
        ),
        Index("ix_waiting_entries_booking", "booking_id"),
    )
