"""The one place where a booking is written: row and event together, or nothing.

Everything here runs in the caller's transaction, with the booking's row locked.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.bookings import standing, telling
from app.bookings.arrivals import TRAVELERS, here, in_step
from app.bookings.claims import HELD, Terms, claim_of, settle
from app.bookings.derive import derived, moves_entry, shown_refund, shown_status
from app.bookings.fields import FIELDS, difference, values_of
from app.bookings.models import Booking
from app.bookings.refunding import on_status
from app.bookings.stamps import NEVER, Stamps, dump
from app.bookings.standing import Standing
from app.bookings.status import GONE, Status
from app.crypto import DataKey
from app.customers.actions import Known
from app.events.models import Actor
from app.ids import new_id
from app.menus.models import BookingItem
from app.travelers import rows as travelers
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
"""Rows of their own, and a field of the booking all the same; `travelers` are, too."""

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
    is_news: bool = True,
) -> UUID | None:
    """Insert a booking and its `booking.created`, and take its places on these terms.

    `more`: columns that are no fields. `is_news`: whether anybody hears of it. None when the source
    id exists already; then nothing may be committed. Raises SlotUnavailable.
    """
    now = datetime.now(UTC)
    fields, places = _settled(session, website, values, stamps, terms, now)
    row = {**fields, **places, **(more or {}), **beside(session, website, fields, stamps, now)}
    row |= {"source": source, "source_booking_id": source_booking_id, "created_digest": digest}
    row |= {"source_status": source_status, "customer_id": customer.id}
    return _enter(session, actor, row, fields, customer.key, is_news=is_news)


def _settled(
    session: Session,
    website: Website,
    values: Mapping[str, Any],
    stamps: Stamps,
    terms: Terms,
    now: datetime,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """All fields of a new booking, and the columns of the places that it has now taken."""
    filled = with_empty(website, values, stamps)
    if "activity_id" not in values:
        filled |= _linked(session, website.id, filled)
    places: dict[str, Any] = dict.fromkeys(HELD)
    if filled["activity_id"]:
        filled |= settle(session, None, filled, terms, now)
    places |= {name: filled.pop(name) for name in (*HELD, "kind") if name in filled}
    return filled, places


def with_empty(website: Website, values: Mapping[str, Any], stamps: Stamps) -> dict[str, Any]:
    """All fields of a new booking that was told these values: what was not said is empty."""
    empty = {name: field.empty for name, field in FIELDS.items()}
    filled = {**empty, "currency": website.currency, "refund_is_full": False, **values}
    return with_shown(filled, stamps)


def beside(
    session: Session, website: Website, fields: Mapping[str, Any], stamps: Stamps, now: datetime
) -> dict[str, Any]:
    """The columns of a new booking that follow from its fields."""
    status = fields["status"]
    return {
        **derived(fields, _zone(session, website, fields), website.phone_region),
        "id": new_id(),
        "website_id": website.id,
        "field_times": dump(stamps),
        "checked_in_at": now if status == Status.CHECKED_IN else None,
        "confirmed_at": None if status == Status.PENDING else now,
        "cancelled_at": now if status in GONE else None,
    }


def _enter(
    session: Session,
    actor: Actor,
    row: Mapping[str, Any],
    fields: Mapping[str, Any],
    key: DataKey | None,
    *,
    is_news: bool,
) -> UUID | None:
    """Row, event and guest's record of a new booking: its id, if it is new."""
    if not _insert(session, row):
        return None
    telling.created(session, actor, row, fields, key, is_news=is_news)
    standing.follow(session, standing.of_values(row))
    made: UUID = row["id"]
    return made


def _insert(session: Session, row: Mapping[str, Any]) -> bool:
    """Insert a booking with its dishes and travelers. False when its source id exists already."""
    columns = {name: value for name, value in row.items() if name not in (CHOICES, TRAVELERS)}
    columns["traveler_count"] = len(row[TRAVELERS] or ())
    if session.execute(_INSERT, columns).scalar_one_or_none() is None:
        exchange(session, claim_of(row), None)  # the places belong to the one that is there
        return False
    for place, choice in enumerate(row[CHOICES] or ()):
        item = BookingItem.of(row["website_id"], place, choice)
        item.booking_id = row["id"]
        session.add(item)
    travelers.enter(session, row["website_id"], row["id"], row[TRAVELERS] or ())
    return True


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
    new = _resettled(session, website, booking, columns, stamps, terms, now)
    changes = difference(old, new)
    _keep_columns(booking, new, stamps)
    if changes:
        _move_on(session, website, booking, old, new, now)
    session.flush()
    if changes:
        telling.changed(session, actor, booking, changes, key, meta)
        _settle_up(session, actor, booking, before, str(old["status"]), now)
    return bool(changes)


def _resettled(
    session: Session,
    website: Website,
    booking: Booking,
    columns: Mapping[str, Any],
    stamps: Stamps,
    terms: Terms,
    now: datetime,
) -> dict[str, Any]:
    """The values that a booking comes to, its places exchanged already."""
    old = values_of(booking)
    state = {**old, STATED: booking.stated_status, "refund_is_full": booking.refund_is_full}
    columns = in_step(state, columns, now)
    new = with_shown({**state, **columns}, stamps)
    new["arrived_count"] = here(new[TRAVELERS] or ())
    if "activity_id" not in columns and any(old[n] != new[n] for n in ("package_name", "venue")):
        new |= _linked(session, website.id, new)
    if old["activity_id"] or new["activity_id"]:
        held = {name: getattr(booking, name) for name in HELD}
        new |= settle(session, {**old, **held}, {**new, **held}, terms, now)
    return new


def _move_on(
    session: Session,
    website: Website,
    booking: Booking,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    now: datetime,
) -> None:
    """The columns that follow from a difference: the next version of a booking."""
    _follow_status(booking, str(old["status"]), str(new["status"]), now)
    zone = _zone(session, website, new)
    for name, value in derived(new, zone, website.phone_region).items():
        setattr(booking, name, value)
    booking.version += 1
    booking.calendar_sequence += moves_entry(old, new)
    booking.updated_at = now


def _settle_up(
    session: Session, actor: Actor, booking: Booking, before: Standing, old: str, now: datetime
) -> None:
    """What follows from a change of a booking for its guest's record and for the money."""
    standing.follow(session, before, standing.of(booking))
    if booking.status != old:
        on_status(session, actor, booking, old, now)


def _linked(session: Session, website_id: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The activity and venue that the words of a booking mean; null where that is not certain."""
    found = match(session, website_id, values["venue"], values["package_name"])
    return found._asdict() if found else dict.fromkeys(("activity_id", "venue_id", "booking_type"))


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
    telling.conflict(session, actor, booking, pairs, key)


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
