"""Reading for the portal: each query is by the partner's id and within its websites."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, tuple_
from sqlalchemy.orm import Session

from app.bookings.models import Booking
from app.deliveries import queries as deliveries
from app.deliveries.models import Delivery, Destination
from app.deliveries.queries import Detail, Filter
from app.errors import NotFound
from app.partners.models import PartnerCustomer
from app.portal.side import Side
from app.wall import lifted
from app.web import Slice, bad_cursor, decode_cursor, encode_cursor
from app.websites.models import Website

ROWS = 50


@dataclass(frozen=True)
class Wanted:
    """What the list of bookings is narrowed to."""

    q: str = ""
    """A reference, ours or theirs, or part of a guest's name."""
    status: str = ""
    since: date | None = None
    until: date | None = None


def bookings(session: Session, side: Side, wanted: Wanted, after: str = "") -> Slice[Booking]:
    """The partner's bookings, the latest visit first. Raises InvalidPayload for a bad cursor."""
    order = (Booking.activity_date, Booking.time_slot, Booking.id)
    query = select(Booking).where(_mine(side), *_conditions(wanted))
    if after:
        day, slot, booking_id = decode_cursor(after, 3)
        query = query.where(tuple_(*order) < tuple_(_day(day), slot, _uuid(booking_id)))
    query = query.order_by(*(column.desc() for column in order)).limit(ROWS + 1)
    rows = session.scalars(query).all()
    if len(rows) <= ROWS:
        return Slice(rows, None)
    last = rows[ROWS - 1]
    return Slice(rows[:ROWS], encode_cursor([last.activity_date, last.time_slot, last.id]))


def booking(session: Session, side: Side, booking_id: UUID) -> Booking:
    """One of them. Raises NotFound."""
    found = session.scalar(select(Booking).where(_mine(side), Booking.id == booking_id))
    if found is None:
        raise NotFound("This booking does not exist.")
    return found


def website_names(session: Session, side: Side) -> dict[str, tuple[str, str]]:
    """(name, time zone) of each website, by id."""
    query = select(Website.id, Website.name, Website.timezone)
    rows = session.execute(query.where(Website.id.in_(sorted(side.websites))))
    return {row[0]: (row[1], row[2]) for row in rows}


def customers(session: Session, side: Side, after: str = "") -> Slice[PartnerCustomer]:
    """The guests as the partner described them, the newest first.

    Also those without a booking yet, whom no website shows: by the partner's id, past the wall.
    """
    order = (PartnerCustomer.created_at, PartnerCustomer.customer_id)
    query = select(PartnerCustomer).where(PartnerCustomer.partner_id == side.partner.id)
    if after:
        at, customer_id = decode_cursor(after, 2)
        query = query.where(tuple_(*order) < tuple_(_instant(at), _uuid(customer_id)))
    query = query.order_by(*(column.desc() for column in order)).limit(ROWS + 1)
    with lifted(session):
        rows = session.scalars(query).all()
    if len(rows) <= ROWS:
        return Slice(rows, None)
    last = rows[ROWS - 1]
    return Slice(rows[:ROWS], encode_cursor([last.created_at.timestamp(), last.customer_id]))


def destination(session: Session, side: Side) -> Destination | None:
    """Where the partner's webhooks go; None before the first."""
    return session.scalar(select(Destination).where(Destination.key == side.partner.door))


def webhooks(session: Session, side: Side, after: str = "") -> Slice[Delivery]:
    """What was sent, or waits, to the partner: failed first, then the newest first."""
    there = destination(session, side)
    if there is None:
        return Slice([], None)
    wanted = Filter(destination_id=there.id)
    return deliveries.deliveries(session, side.websites, wanted, after or None, ROWS)


def webhook(session: Session, side: Side, delivery_id: int) -> Detail:
    """One of them with its attempts. Raises NotFound."""
    found, there = (
        deliveries.delivery(session, side.websites, delivery_id),
        destination(session, side),
    )
    if there is None or found.delivery.destination_id != there.id:
        raise NotFound("This delivery does not exist.")
    return found


def references(session: Session, side: Side, ids: Sequence[UUID]) -> dict[UUID, str]:
    """References of the partner's bookings among these."""
    query = select(Booking.id, Booking.booking_ref).where(_mine(side), Booking.id.in_(ids))
    return {row[0]: row[1] for row in session.execute(query)}


def _mine(side: Side) -> ColumnElement[bool]:
    return (Booking.partner_id == side.partner.id) & Booking.website_id.in_(sorted(side.websites))


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.status:
        found.append(Booking.status == wanted.status)
    if wanted.since:
        found.append(Booking.activity_date >= wanted.since)
    if wanted.until:
        found.append(Booking.activity_date <= wanted.until)
    if text := wanted.q.strip():
        name = func.lower(Booking.customer_name).contains(text.lower(), autoescape=True)
        same = (Booking.booking_ref == text.upper(), Booking.partner_reference == text)
        found.append(or_(*same, name))
    return found


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise bad_cursor() from error


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise bad_cursor() from error


def _instant(text: str) -> ColumnElement[object]:
    try:
        return func.to_timestamp(float(text))
    except ValueError as error:
        raise bad_cursor() from error
