"""Tables of the log: events (append-only, guarded by a trigger) and the outbox."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.crypto import CannotDecrypt, DataKey
from app.extensions import Base
from app.ids import new_id


@dataclass(frozen=True)
class Actor:
    """Who makes a change, and through which door.

    kind: `user`, `website`, `partner`, `customer`, `platform` or `system`; id: of that kind;
    label: how the history names it; door: `staff`, `website:<id>`, `partner:<id>`, …
    """

    kind: str
    id: str
    label: str
    door: str
    request_id: str = ""
    ip: str = ""

    def through(self, door: str) -> Actor:
        """The same actor at another door."""
        return replace(self, door=door)


SYSTEM = Actor(kind="system", id="system", label="OneBooking", door="system")
IMPORT = Actor(kind="system", id="import", label="Import", door="import")

SEALED = "sealed"


class Event(Base):
    """One change. Never updated, never deleted."""

    __tablename__ = "events"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    uid: Mapped[UUID] = mapped_column(default=new_id, unique=True)
    """The `event_id` on the wire: the same over retries."""
    name: Mapped[str]
    """`subject:verb` in the words of the wire: `booking.updated`, `website.key_rotated`."""
    subject_type: Mapped[str]
    subject_id: Mapped[str]
    website_id: Mapped[str | None]
    booking_id: Mapped[UUID | None]
    customer_id: Mapped[UUID | None]
    version: Mapped[int | None]
    """The booking's version that this change made; None when it made none."""
    actor_kind: Mapped[str]
    actor_id: Mapped[str]
    actor_label: Mapped[str]
    door: Mapped[str]
    request_id: Mapped[str]
    ip: Mapped[str]
    changes: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """{field: [old, new]}; a personal value is {"sealed": token} of that pair."""
    meta: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    occurred_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    transaction: Mapped[int] = mapped_column(
        BigInteger, server_default=text("(pg_current_xact_id()::text)::bigint")
    )
    """Id of the writing transaction: cursors wait for every older one (see `queries.changes`)."""

    __table_args__ = (
        Index("ix_events_booking", "booking_id", "id", postgresql_where="booking_id IS NOT NULL"),
        Index("ix_events_subject", "subject_type", "subject_id", "id"),
        Index("ix_events_website", "website_id", "id"),
        Index("ix_events_cursor", "transaction", "id"),
        Index("ix_events_name", "name", "id"),
        Index("ix_events_actor", "actor_id", "id"),
        Index("ix_events_door", "door", "id"),
    )

    def opened(self, key: DataKey | None) -> dict[str, list[Any]]:
        """`changes` in clear. A sealed pair stays `[None, None]` without its customer's key."""
        result: dict[str, list[Any]] = {}
        for name, pair in self.changes.items():
            result[name] = _unseal(pair, key) if isinstance(pair, dict) else pair
        return result

    def sealed_fields(self) -> set[str]:
        """Names of the fields whose values only the customer's key opens."""
        return {name for name, pair in self.changes.items() if isinstance(pair, dict)}


def _unseal(pair: dict[str, str | None], key: DataKey | None) -> list[Any]:
    token = pair.get(SEALED)
    if key is None or token is None:
        return [None, None]
    try:
        return list(key.unseal(token))
    except CannotDecrypt:
        return [None, None]


class Outbox(Base):
    """An event that is still to be dispatched: written with it, deleted with its deliveries."""

    __tablename__ = "outbox"

    event_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("events.id"), primary_key=True, autoincrement=False
    )
    booking_id: Mapped[UUID | None]
    version: Mapped[int | None]

    __table_args__ = (Index("ix_outbox_booking", "booking_id", "version"),)


@dataclass
class NewEvent:
    """What an action hands to `events.actions.record`."""

    name: str
    subject_type: str
    subject_id: str
    changes: dict[str, list[Any]] = field(default_factory=dict)
    meta: dict[str, Any] = field(default_factory=dict)
    website_id: str | None = None
    booking_id: UUID | None = None
    customer_id: UUID | None = None
    version: int | None = None
    personal: frozenset[str] = frozenset()
    """Fields of `changes` that are sealed under `key`."""
    key: DataKey | None = None
    """None for an erased customer: the values are then not kept at all."""
    dispatch: bool = False
    """Whether channels must hear of it (an outbox row is written)."""
