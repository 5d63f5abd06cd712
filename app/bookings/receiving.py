"""What a source tells about its own booking, in whatever order and however often.

The rules are the table of `docs/inbound.md`. This is the way in for the sync API and for every
later source that repeats itself (platform pulls, imports).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.bookings import queries
from app.bookings.fields import FIELDS, GUEST, REQUIRED
from app.bookings.models import Booking
from app.bookings.queries import Locked
from app.bookings.stamps import Merged, Stamp, load, merge
from app.bookings.status import Status
from app.bookings.writing import (
    REFUND,
    SHOWN,
    STATED,
    columns_from,
    conflict_pairs,
    insert_new,
    record_conflict,
    registers_of,
    write,
)
from app.customers.actions import Contact, find_or_create, withdraw
from app.errors import DuplicateBooking, Fault, NotFound
from app.events.models import Actor
from app.plain import plain
from app.websites.models import Website

SYNCED = "Booking synced successfully"
STALE = "Stale: a newer update of these fields is already here, so nothing was written"


class Kind(enum.StrEnum):
    """What the source says happened."""

    CREATED = "booking.created"
    UPDATED = "booking.updated"
    CANCELLED = "booking.cancelled"
    REFUNDED = "booking.refunded"


@dataclass(frozen=True)
class Message:
    """A source's message, translated. `registers` holds only what it said."""

    kind: Kind
    source_booking_id: UUID
    registers: dict[str, Any]
    at: datetime
    """`updated_at` of the source, else the time of arrival."""
    is_timed: bool
    digest: bytes
    """Of the content, whatever its order and spelling."""
    source_status: str | None = None
    source: str = "website"
    is_news: bool = True
    """False: a booking that is new here stood there before we looked. Nobody is told of it."""

    @property
    def missing(self) -> list[str]:
        """Required fields that it does not have, so that it cannot make a booking."""
        return [name for name in REQUIRED if name not in self.registers]


@dataclass(frozen=True)
class Received:
    """What became of a message. `notes` are remarks for the sync log (names, no values)."""

    booking_id: UUID
    created: bool = False
    message: str = SYNCED
    notes: list[str] = field(default_factory=list)


def receive(session: Session, actor: Actor, website: Website, message: Message) -> Received:
    """Apply a message. Raises NotFound (unknown and not in full) and DuplicateBooking."""
    there = None
    if message.kind is not Kind.CREATED:  # a new booking is usually new: insert without looking
        there = queries.lock_by_source(session, website.id, message.source_booking_id)
    if there is None:
        made = _make(session, actor, website, message)
        if made is not None:
            return made
        there = queries.lock_by_source(session, website.id, message.source_booking_id)
        if there is None:
            raise RuntimeError("a booking with this source id exists but cannot be seen")
    if message.kind is Kind.CREATED:
        again = _created_again(there.booking, message)
        if again is not None:
            return again
    return _merge(session, actor, website, there, message)


def _make(session: Session, actor: Actor, website: Website, message: Message) -> Received | None:
    """A booking from a full message; None when another call made it meanwhile."""
    if message.missing:
        details = [Fault(name, "Is missing.") for name in message.missing]
        raise NotFound("This booking is not known here yet: send the full booking.", details)
    values = {STATED: Status.CONFIRMED.value, **message.registers}
    contact = Contact(
        name=values["customer_name"],
        email=values["customer_email"] or None,
        phone=values.get("customer_phone"),
        country_code=values.get("customer_country_code"),
        region=website.phone_region,
        source=message.source,
    )
    customer = find_or_create(session, contact)
    made = insert_new(
        session,
        actor,
        website,
        columns_from(values),
        dict.fromkeys(message.registers, Stamp(message.at)),
        customer=customer,
        source=message.source,
        source_booking_id=message.source_booking_id,
        digest=message.digest if message.kind is Kind.CREATED else None,
        source_status=message.source_status,
        is_news=message.is_news,
    )
    if made is None:
        withdraw(session, customer)
        return None
    return Received(made, created=True)


def _created_again(booking: Booking, message: Message) -> Received | None:
    """Answer a second `booking.created`, or None when it may be merged.

    A retry after a lost answer is no fault, also when staff edited meanwhile. A late first
    `created`, behind an update that healed its loss, is merged by its time: also where it says
    what is there, since its time counts against what comes later.
    """
    if message.digest == booking.created_digest:
        return Received(booking.id)
    if booking.created_digest is None and message.is_timed:
        return None
    if _says_what_is_there(booking, message):
        return Received(booking.id)
    raise DuplicateBooking(
        "This booking exists with other content. Send booking.updated to change it.",
        booking_id=booking.id,
    )


def _says_what_is_there(booking: Booking, message: Message) -> bool:
    there = registers_of(booking)
    return all(plain(there[name]) == plain(value) for name, value in message.registers.items())


def _merge(
    session: Session, actor: Actor, website: Website, there: Locked, message: Message
) -> Received:
    booking, key = there.booking, there.key
    held = _held(session, actor, website, booking)
    current = registers_of(booking)
    message, dropped = (message, []) if key else _without_guest(message)
    if booking.paid_amount and REFUND in message.registers:
        message, dropped = _without_refund(message, dropped)
    merged = merge(current, load(booking.field_times), message.registers, message.at, held)
    notes = _notes(merged) + dropped
    if merged.refused and not _refused_before(session, booking, merged, key):
        record_conflict(session, actor, booking, merged.refused, key)
    booking.source_status = _word(booking, message, merged)
    if message.kind is Kind.CREATED:
        booking.created_digest = message.digest
    if merged.applied or merged.refused:
        write(
            session,
            actor,
            website,
            booking,
            columns_from(merged.applied),
            merged.stamps,
            key=key,
            now=datetime.now(UTC),
        )
    elif merged.stale:
        return Received(booking.id, message=STALE, notes=notes)
    return Received(booking.id, notes=notes)


def _held(session: Session, actor: Actor, website: Website, booking: Booking) -> set[str]:
    """What the source has not acknowledged yet. A website without a webhook can acknowledge
    nothing: then only time decides."""
    if actor.kind == "platform":
        return queries.held_fields(session, booking.id, actor.door)
    return queries.held_fields(session, booking.id, website.door) if website.webhook_url else set()


def _without_guest(message: Message) -> tuple[Message, list[str]]:
    """A message about a booking whose guest was erased here: it does not bring them back."""
    kept = {name: value for name, value in message.registers.items() if name not in GUEST}
    dropped = len(message.registers) > len(kept)
    notes = ["Not kept, the guest was erased here: name, contact, requests"] if dropped else []
    return replace(message, registers=kept), notes


def _without_refund(message: Message, dropped: list[str]) -> tuple[Message, list[str]]:
    """What was paid here is given back here: the source does not know of it."""
    kept = {name: value for name, value in message.registers.items() if name != REFUND}
    return replace(message, registers=kept), [*dropped, "Not kept, it was paid here: the refund"]


def _word(booking: Booking, message: Message, merged: Merged) -> str | None:
    """The source's own word for the stated status: of two for one at one instant the greater."""
    if STATED in merged.applied:
        return message.source_status
    stated = message.registers.get(STATED)
    if stated != booking.stated_status or merged.stamps[STATED] != Stamp(message.at):
        return booking.source_status
    return max(booking.source_status or "", message.source_status or "") or None


def _refused_before(session: Session, booking: Booking, merged: Merged, key: Any) -> bool:
    """Whether the history ends with this very conflict: a retry does not tell it twice."""
    last = queries.last_event(session, booking.id)
    if last is None or last.name != "booking.conflict":
        return False
    return last.opened(key) == conflict_pairs(booking, merged.refused)


def _notes(merged: Merged) -> list[str]:
    def labels(names: Any) -> str:
        return ", ".join(FIELDS[SHOWN.get(name, name)].label for name in names)

    notes = []
    if merged.stale:
        notes.append(f"Stale, newer here: {labels(merged.stale)}")
    if merged.refused:
        notes.append(f"Kept what staff changed: {labels(merged.refused)}")
    return notes
