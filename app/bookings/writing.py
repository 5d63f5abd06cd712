"""The one place where a booking is written: row and event together, or nothing.

Everything here runs in the caller's transaction, with the booking's row locked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.bookings import standing
from app.bookings.claims import HELD, Terms, claim_of, settle
from app.bookings.derive import derived, moves_entry, shown_refund, shown_status
from app.bookings.fields import FIELDS, PERSONAL, STATUS_COMPANIONS, difference, values_of
from app.bookings.models import Booking
from app.bookings.refunding import on_status
from app.bookings.stamps import NEVER, Stamps, dump
from app.bookings.status import GONE, Status
from app.crypto import DataKey
from app.customers.actions import Known
from app.events.actions import record
from app.events.models import Actor, NewEvent
from app.ids import new_id
from app.menus.models import BookingItem
from app.venues.capacity import exchange
from app.venues.finding import match
from app.venues.queries import zone_name
from app.websites.models import Website

REFUND = "refund"
"""Register of the refund: an amount, or FULL where the source named none."""
FULL = "full"
STATED = "stated_status"
SHOWN = {STATED: "status", REFUND: "refunded_amount"}
"""Registers that people know by another name."""
CHOICES = "menu_choices"
"""Rows of their own, and a field of the booking all the same."""

_TABLE = cast(Table, Booking.__table__)
_INSERT = insert(_TABLE).on_conflict_do_nothing().returning(_TABLE.c.id)


def registers_of(booking: Booking) -> dict[str, Any]:
    """The current value of every register that `stamps.merge` compares with."""
    refund = FULL if booking.refund_is_full else booking.refunded_amount
    return {**values_of(booking), STATED: booking.stated_status, REFUND: refund}


def columns_from(registers: Mapping[str, Any]) -> dict[str, Any]:
    """Columns from register values: the refund register becomes its two columns."""
    columns = {name: value for name, value in registers.items() if name != REFUND}
    if REFUND in registers:
        refund = registers[REFUND]
        columns["refund_is_full"] = refund == FULL
        columns["refunded_amount"] = None if refund == FULL else refund
    return columns


def with_shown(values: Mapping[str, Any], stamps: Stamps) -> dict[str, Any]:
    """`values` with status and refunded amount as they show."""
    newer = REFUND in stamps and stamps[REFUND] >= stamps.get(STATED, NEVER)
    amount = shown_refund(values)
    shown = {**values, "refunded_amount": amount}
    return {**shown, "status": shown_status(shown, refund_is_newer=newer)}


def insert_new(
    session: Session,
    actor: Actor,
    website: Website,
    values: Mapping[str, Any],
    stamps: Stamps,
    *,
    customer: Known,
    source: str,
    source_booking_id: UUID,
    digest: bytes | None = None,
    source_status: str | None = None,
    terms: Terms = Terms.SOURCE,
    more: Mapping[str, Any] | None = None,
) -> UUID | None:
    """Insert a booking and its `booking.created`, and take its places on these terms.

    `more`: columns that are no fields. None when the source id exists already; then nothing may
    be committed. Raises SlotUnavailable.
    """
    now = datetime.now(UTC)
    empty = {name: field.empty for name, field in FIELDS.items()}
    filled = {**empty, "currency": website.currency, "refund_is_full": False, **values}
    filled = with_shown(filled, stamps)
    if "activity_id" not in values:
        filled |= _linked(session, website.id, filled)
    beside: dict[str, Any] = dict.fromkeys(HELD)
    if filled["activity_id"]:
        filled |= settle(session, None, filled, terms, now)
    beside |= {name: filled.pop(name) for name in (*HELD, "kind") if name in filled}
    row = {
        **{name: value for name, value in filled.items() if name != CHOICES},
        **beside,
        **(more or {}),
        **derived(filled, _zone(session, website, filled), website.phone_region),
        "id": new_id(),
        "website_id": website.id,
        "source_booking_id": source_booking_id,
        "customer_id": customer.id,
        "source": source,
        "source_status": source_status,
        "created_digest": digest,
        "checked_in_at": now if filled["status"] == Status.CHECKED_IN else None,
        "confirmed_at": None if filled["status"] == Status.PENDING else now,
        "cancelled_at": now if filled["status"] in GONE else None,
        "field_times": dump(stamps),
    }
    made: UUID | None = session.execute(_INSERT, row).scalar_one_or_none()
    if made is None:
        exchange(session, claim_of(row), None)  # the places belong to the one that is there
        return None
    _choose(session, website.id, made, filled[CHOICES])
    changes = {name: pair for name, pair in difference({}, filled).items() if pair[1] is not None}
    event = NewEvent(
        name="booking.created",
        subject_type="booking",
        subject_id=str(made),
        website_id=website.id,
        booking_id=made,
        customer_id=customer.id,
        version=1,
        changes=changes,
        personal=PERSONAL,
        key=customer.key,
        dispatch=True,
    )
    record(session, actor, event)
    standing.follow(session, standing.of_values({"customer_id": customer.id, **row}))
    return made


def write(
    session: Session,
    actor: Actor,
    website: Website,
    booking: Booking,
    columns: Mapping[str, Any],
    stamps: Stamps,
    *,
    key: DataKey | None,
    now: datetime,
    meta: Mapping[str, Any] | None = None,
    terms: Terms = Terms.SOURCE,
) -> bool:
    """Bring a locked booking to new values. Returns whether anything that shows changed.

    No difference: no version, no event, nothing sent; at most the stamps move on. Its places are
    exchanged on these terms: raises SlotUnavailable.
    """
    old, before = values_of(booking), standing.of(booking)
    state = {**old, STATED: booking.stated_status, "refund_is_full": booking.refund_is_full}
    new = with_shown({**state, **columns}, stamps)
    if "activity_id" not in columns and any(old[n] != new[n] for n in ("package_name", "venue")):
        new |= _linked(session, website.id, new)
    if old["activity_id"] or new["activity_id"]:
        held = {name: getattr(booking, name) for name in HELD}
        new |= settle(session, {**old, **held}, {**new, **held}, terms, now)
    changes = difference(old, new)
    _keep_columns(booking, new, stamps)
    if not changes:
        session.flush()
        return False
    _follow_status(booking, str(old["status"]), str(new["status"]), now)
    zone = _zone(session, website, new)
    for name, value in derived(new, zone, website.phone_region).items():
        setattr(booking, name, value)
    booking.version += 1
    booking.calendar_sequence += moves_entry(old, new)
    booking.updated_at = now
    session.flush()
    event = NewEvent(
        name=_event_name(changes),
        subject_type="booking",
        subject_id=str(booking.id),
        website_id=booking.website_id,
        booking_id=booking.id,
        customer_id=booking.customer_id,
        version=booking.version,
        changes=changes,
        meta=dict(meta or {}),
        personal=PERSONAL,
        key=key,
        dispatch=True,
    )
    record(session, actor, event)
    standing.follow(session, before, standing.of(booking))
    if "status" in changes:
        on_status(session, actor, booking, str(old["status"]), now)
    return True


def _linked(session: Session, website_id: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The activity and venue that the words of a booking mean; null where that is not certain."""
    found = match(session, website_id, values["venue"], values["package_name"])
    return found._asdict() if found else dict.fromkeys(("activity_id", "venue_id", "booking_type"))


def _choose(
    session: Session, website_id: str, booking_id: UUID, choices: Sequence[Mapping[str, Any]]
) -> None:
    """Keep the dishes that a new booking chose."""
    for place, choice in enumerate(choices or ()):
        item = BookingItem.of(website_id, place, choice)
        item.booking_id = booking_id
        session.add(item)


def _zone(session: Session, website: Website, values: Mapping[str, Any]) -> str:
    return zone_name(session, values["venue_id"], website)


def record_conflict(
    session: Session,
    actor: Actor,
    booking: Booking,
    refused: Mapping[str, Any],
    key: DataKey | None,
) -> None:
    """Note in the history that a source's values lost: {field: [kept, refused]}.

    Where people see no difference (a refund shows over either status) there is nothing to note.
    """
    pairs = conflict_pairs(booking, refused)
    if not pairs:
        return
    event = NewEvent(
        name="booking.conflict",
        subject_type="booking",
        subject_id=str(booking.id),
        website_id=booking.website_id,
        booking_id=booking.id,
        customer_id=booking.customer_id,
        changes=pairs,
        personal=PERSONAL,
        key=key,
    )
    record(session, actor, event)


def conflict_pairs(booking: Booking, refused: Mapping[str, Any]) -> dict[str, list[Any]]:
    """{field as people know it: [kept, refused]}."""
    values = {SHOWN.get(name, name): value for name, value in refused.items()}
    return difference(values_of(booking), values)


def _keep_columns(booking: Booking, new: Mapping[str, Any], stamps: Stamps) -> None:
    for name, value in new.items():
        if getattr(booking, name) != value:
            setattr(booking, name, value)
    stored = dump(stamps)
    if stored != booking.field_times:
        booking.field_times = stored


def _follow_status(booking: Booking, old: str, new: str, now: datetime) -> None:
    if new == old:
        return
    if old == Status.PENDING and new not in GONE:
        booking.confirmed_at = now
    if new not in GONE:
        booking.cancelled_at = None
    elif old not in GONE:
        booking.cancelled_at = now
    if new == Status.CHECKED_IN and old != Status.COMPLETED:
        booking.checked_in_at = now
    elif new not in (Status.CHECKED_IN, Status.COMPLETED):
        booking.checked_in_at = None


def _event_name(changes: Mapping[str, Any]) -> str:
    if "status" in changes and changes.keys() <= STATUS_COMPANIONS:
        return "booking.status_changed"
    return "booking.updated"
