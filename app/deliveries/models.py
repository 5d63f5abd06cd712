"""Tables of the delivery machine: destinations, deliveries, and the sync log of attempts."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.crypto import EncryptedText
from app.events.models import Event
from app.extensions import Base
from app.ids import new_id


class State(enum.StrEnum):
    """Where a delivery is. At most one delivery of a lane is its head at a time."""

    WAITING = "waiting"
    """Behind the head of its lane."""
    READY = "ready"
    """Head of its lane, due at `due_at` (also between two tries)."""
    SENDING = "sending"
    """Claimed by a worker until `lease_until`."""
    PARKED = "parked"
    """Head of its lane, while its destination is off or its breaker is open."""
    DELIVERED = "delivered"
    FAILED = "failed"
    """Dead: refused for good or out of tries. Blocks its lane until revived or passed by."""
    SKIPPED = "skipped"
    """Passed by, by a person or after a second refusal; the lane went on."""


HEAD_STATES = (State.READY, State.SENDING, State.PARKED, State.FAILED)
OPEN_STATES = (State.WAITING, *HEAD_STATES)


class Breaker(enum.StrEnum):
    """Whether a destination is being called."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Destination(Base):
    """Health of one endpoint: the breaker, and whether it is switched off."""

    __tablename__ = "destinations"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    channel: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    """`website:hanuman-world`, `partner:…`: what the channel resolves to an address."""
    label: Mapped[str]
    website_id: Mapped[str | None]
    is_on: Mapped[bool] = mapped_column(server_default=text("true"))
    """Switched off by a person or by the endpoint's own 410."""
    off_reason: Mapped[str | None]
    paused_reason: Mapped[str | None]
    """Set while the channel has nowhere to send: its website is switched off, has no URL, …"""
    breaker: Mapped[str] = mapped_column(server_default="closed")
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    """Consecutive failures."""
    failing_since: Mapped[datetime | None]
    probe_at: Mapped[datetime | None]
    last_success_at: Mapped[datetime | None]
    most_at_once: Mapped[int | None]
    """Calls under way at a time, over all workers; null is without limit."""
    per_minute: Mapped[int | None]
    """Calls begun in a minute, over all workers; null is without limit."""
    paced_until: Mapped[datetime | None]
    """Until when its calls are spoken for: the next one begins no earlier."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    @property
    def flows(self) -> bool:
        """Whether its deliveries leave; otherwise the heads of its lanes are parked."""
        return self.is_on and self.paused_reason is None and self.breaker == Breaker.CLOSED

    @property
    def waits_because(self) -> str | None:
        """For people: why nothing leaves just now; None while it flows."""
        if not self.is_on:
            return self.off_reason or "Switched off."
        if self.paused_reason:
            return self.paused_reason
        if self.breaker != Breaker.CLOSED:
            return f"{self.failures} failures in a row: it is tried from time to time."
        return None


class Delivery(Base):
    """One thing to be sent to one destination because of one event."""

    __tablename__ = "deliveries"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    event_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("events.id"))
    destination_id: Mapped[UUID] = mapped_column(ForeignKey("destinations.id"))
    channel: Mapped[str]
    lane: Mapped[str]
    """What must stay in order at one destination: a booking's id, to guests and staff apart."""
    position: Mapped[int]
    """Order within the lane: the booking's version."""
    website_id: Mapped[str | None]
    booking_id: Mapped[UUID | None]
    state: Mapped[str]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    """Ever: numbers the rows of the sync log."""
    tries: Mapped[int] = mapped_column(server_default=text("0"))
    """Since it was made or last revived: decides when the next one is due."""
    refusals: Mapped[int] = mapped_column(server_default=text("0"))
    can_wait: Mapped[bool] = mapped_column(server_default=text("false"))
    """What is sent to many at a time: whatever else is due at its destination goes before."""
    fallback: Mapped[str | None]
    """Set while a finished delivery is sent once more on demand: its state if that fails."""
    due_at: Mapped[datetime] = mapped_column(server_default=func.now())
    lease_until: Mapped[datetime | None]
    claim: Mapped[UUID | None]
    """Token of the claim: a finish that comes after the lease was taken over does nothing."""
    give_up_at: Mapped[datetime | None]
    """When tries end; counted from the first try, not from the change."""
    last_status: Mapped[int | None]
    last_error: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]

    event: Mapped[Event] = relationship(lazy="raise")
    destination: Mapped[Destination] = relationship(lazy="raise")

    __table_args__ = (
        UniqueConstraint("event_id", "destination_id", "lane"),
        Index(
            "ix_deliveries_due",
            *("destination_id", "can_wait", "due_at"),
            postgresql_where="state = 'ready'",
        ),
        Index(
            "ix_deliveries_parked", "destination_id", "due_at", postgresql_where="state = 'parked'"
        ),
        Index("ix_deliveries_failed", "website_id", "id", postgresql_where="state = 'failed'"),
        Index("ix_deliveries_skipped", "website_id", "id", postgresql_where="state = 'skipped'"),
        Index("ix_deliveries_leases", "lease_until", postgresql_where="state = 'sending'"),
        Index(
            "ix_deliveries_head",
            "destination_id",
            "lane",
            unique=True,
            postgresql_where="state IN ('ready', 'sending', 'parked', 'failed')",
        ),
        Index(
            "ix_deliveries_lane",
            "destination_id",
            "lane",
            "position",
            postgresql_where="state IN ('waiting', 'ready', 'sending', 'parked', 'failed')",
        ),
        Index(
            "ix_deliveries_open_of_booking",
            "booking_id",
            postgresql_where="state IN ('waiting', 'ready', 'sending', 'parked', 'failed')",
        ),
        Index("ix_deliveries_website", "website_id", "id"),
    )


class SyncLog(Base):
    """One inbound call or one outbound attempt: what was said, what was answered, how long."""

    __tablename__ = "sync_logs"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    direction: Mapped[str]
    """`inbound` or `outbound`."""
    website_id: Mapped[str | None]
    booking_id: Mapped[UUID | None]
    event_id: Mapped[int | None]
    delivery_id: Mapped[int | None]
    source_event_id: Mapped[str | None]
    event_type: Mapped[str]
    door: Mapped[str]
    status: Mapped[str]
    """`success` or `failed`."""
    http_status: Mapped[int | None]
    code: Mapped[str | None]
    """Error code of our wire, or kind of transport failure."""
    error_message: Mapped[str | None]
    notes: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    """Remarks for people: ignored fields, stale fields, conflicts (names only)."""
    request_headers: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    """Without credentials and signatures' secrets."""
    request_body: Mapped[str | None] = mapped_column(EncryptedText)
    response_headers: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    """Those that explain an answer: type, place, when to come again."""
    response_body: Mapped[str | None] = mapped_column(EncryptedText)
    url: Mapped[str | None]
    attempt: Mapped[int | None]
    duration_ms: Mapped[int | None]
    request_id: Mapped[str] = mapped_column(server_default="")
    ip: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())

    __table_args__ = (
        Index("ix_sync_logs_website", "website_id", "id"),
        Index("ix_sync_logs_failed", "website_id", "id", postgresql_where="status = 'failed'"),
        Index("ix_sync_logs_booking", "booking_id", "id"),
        Index("ix_sync_logs_delivery", "delivery_id"),
        Index(
            "ix_sync_logs_platforms",
            *("door", "id"),
            postgresql_where="\"left\"(door, 9) = 'platform:'",
        ),
        Index(
            "ix_sync_logs_bodies",
            "website_id",
            "created_at",
            postgresql_where="request_body IS NOT NULL OR response_body IS NOT NULL",
        ),
        Index(
            "ix_sync_logs_nobodys",
            "website_id",
            "id",
            postgresql_where="booking_id IS NULL AND request_body IS NOT NULL",
        ),
    )
