"""Tables of the platforms: a venue's accounts there, and which reservation is which booking."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.crypto import EncryptedJSON, EncryptedText
from app.extensions import Base
from app.ids import new_id

DOOR = "platform:"
"""How the key of every connection begins, and the door of all that comes from one."""


class PlatformConnection(Base):
    """A venue's account at a platform."""

    __tablename__ = "platform_connections"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    website_id: Mapped[str] = mapped_column(ForeignKey("websites.id"), index=True)
    venue_id: Mapped[UUID] = mapped_column(ForeignKey("venues.id", ondelete="CASCADE"))
    platform_type: Mapped[str]
    is_enabled: Mapped[bool] = mapped_column(server_default=text("true"))
    priority: Mapped[int] = mapped_column(server_default=text("1"))
    """The lowest is asked first, and holds the reservations that are made here."""
    configuration: Mapped[dict[str, Any]] = mapped_column(EncryptedJSON, nullable=True)
    """The account: see `base.Kind.fields`."""
    options: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    """What differs from the recommended: see `base.Kind.options`."""
    statuses: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    """Its words for a status to ours, where they differ from the usual."""
    activity_id: Mapped[UUID | None] = mapped_column(ForeignKey("activities.id"))
    """What its reservations are bookings of; null: whichever seats guests at that time."""
    webhook_secret: Mapped[str | None] = mapped_column(EncryptedText)
    """What a webhook of this connection must bring."""

    checked_at: Mapped[datetime | None]
    check_error: Mapped[str | None]
    """Null: the credentials worked."""
    last_synced_at: Mapped[datetime | None]
    sync_error: Mapped[str | None]
    sync_wanted_at: Mapped[datetime | None]
    """Somebody, or a webhook, asks for a pull."""
    sync_state: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    """Where a pull stands, to go on with: see docs/platforms.md."""
    sync_due_at: Mapped[datetime | None]
    """When the next pull begins by itself; null: at once."""
    sync_lease_until: Mapped[datetime | None]
    """Until then a worker has it."""
    sync_failing_since: Mapped[datetime | None]
    """Since when no pull has worked."""
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    """Of questions about availability, in a row."""
    quiet_until: Mapped[datetime | None]
    """It is not asked before: it failed too often."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())

    __table_args__ = (
        UniqueConstraint("venue_id", "platform_type"),
        Index(
            "ix_platform_connections_wanted",
            "sync_wanted_at",
            postgresql_where="sync_wanted_at IS NOT NULL",
        ),
    )

    @property
    def key(self) -> str:
        """Of its destination in the delivery machine."""
        return f"{DOOR}{self.id}"


class ReservationState(enum.StrEnum):
    """What is known of a reservation there."""

    MAKING = "making"
    """A call that makes it was begun."""
    UNKNOWN = "unknown"
    """The answer is lost and nothing can be looked up: staff must look."""
    LIVE = "live"
    CANCELLED = "cancelled"
    REFUSED = "refused"


class PlatformReservation(Base):
    """A booking's reservation at a platform: made there for it, or come from there.

    Several bookings may stand on one reservation: a platform may answer a create with one that it
    had already. It is called off with the last of them.
    """

    __tablename__ = "platform_reservations"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    website_id: Mapped[str] = mapped_column(ForeignKey("websites.id"))
    connection_id: Mapped[UUID] = mapped_column(
        ForeignKey("platform_connections.id", ondelete="CASCADE")
    )
    booking_id: Mapped[UUID] = mapped_column(
        ForeignKey("bookings.id", ondelete="CASCADE"), index=True
    )
    external_id: Mapped[str | None]
    """Null until the platform has told it."""
    is_ours: Mapped[bool]
    """Made there from here."""
    state: Mapped[str]
    raw_status: Mapped[str] = mapped_column(server_default="")
    """In the platform's own words."""
    version: Mapped[int | None]
    """The booking's, that the platform holds."""
    told: Mapped[dict[str, Any] | None]
    """What it told last, as keyed digests by field, and the `version` it held then: the same again
    is nothing new. Null: it has told nothing yet."""
    problem: Mapped[str | None]
    making_since: Mapped[datetime | None]
    """When the call began whose answer is not known."""
    seen_at: Mapped[datetime | None]
    """Last in a pull."""
    missing_since: Mapped[datetime | None]
    """A complete pull did not tell it: the next one decides."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())

    __table_args__ = (
        Index("ix_platform_reservations_external", "connection_id", "external_id"),
        Index(
            "ix_platform_reservations_theirs",
            *("connection_id", "external_id"),
            unique=True,
            postgresql_where="NOT is_ours",
        ),
        Index(
            "ix_platform_reservations_live",
            *("connection_id", "booking_id"),
            unique=True,
            postgresql_where="state IN ('making', 'unknown', 'live')",
        ),
    )
