"""One reservation of a platform, taken in by the one way in for sources.

What is new becomes a booking; what is known is merged. What we made there is known by its id, or by
our reference, and never becomes a second booking.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.bookings.derive import clock_of
from app.bookings.models import Booking
from app.bookings.receiving import Kind, Message, receive
from app.bookings.status import GONE
from app.platforms import telling, translating
from app.platforms.base import Reservation
from app.platforms.composing import is_off, is_table_at
from app.platforms.merging import Outcome, Party, Pulled, is_busy, keep, merge
from app.platforms.models import PlatformConnection, PlatformReservation, ReservationState
from app.platforms.serving import plan_of, service_at

STRAY = "one of the two must be called off there."


def take(session: Session, pulled: Pulled, said: Reservation) -> Outcome:
    """Bring one in, in the caller's transaction. Raises Unreadable, and what `receive` raises."""
    told = translating.told_by(pulled.account, said)
    known = _known(session, pulled, said.external_id)
    if known:
        outcomes = [merge(session, pulled, row, booking, said, told) for row, booking in known]
        order = (Outcome.CHANGED, Outcome.WAITING, Outcome.SAME)
        return next(each for each in order if each in outcomes)
    if ours := _ours(session, pulled, said, told):
        return ours
    return _bring(session, pulled, said, told)


def _known(
    session: Session, pulled: Pulled, external_id: str
) -> Sequence[tuple[PlatformReservation, Booking]]:
    """The bookings that stand on it, locked: the bookings first, as everybody does."""
    mine = (
        PlatformReservation.connection_id == pulled.connection.id,
        PlatformReservation.external_id == external_id,
    )
    ids = session.scalars(select(PlatformReservation.booking_id).where(*mine)).all()
    if not ids:
        return []
    bookings = select(Booking).where(Booking.id.in_(ids)).order_by(Booking.id)
    anew = {"populate_existing": True}
    found = session.scalars(bookings.with_for_update().execution_options(**anew)).all()
    by_id = {booking.id: booking for booking in found}
    rows = select(PlatformReservation).where(*mine).order_by(PlatformReservation.id)
    locked = session.scalars(rows.with_for_update().execution_options(**anew)).all()
    return [(row, by_id[row.booking_id]) for row in locked if row.booking_id in by_id]


def _ours(
    session: Session, pulled: Pulled, said: Reservation, told: dict[str, Any]
) -> Outcome | None:
    """What we made there and do not know by its id yet; None: it is not ours, or known by now."""
    booking = _referred(session, pulled, said.reference) if said.reference else None
    if booking is None:
        party = told["activity_date"], told["guest_count"], clock_of(told["time_slot"])
        return Outcome.WAITING if party in pulled.making else None
    rows = select(PlatformReservation).where(PlatformReservation.booking_id == booking.id)
    there = session.scalars(rows).all()
    if not there and not _is_meant(pulled, booking, said, told):
        return None
    if any(row.state in (ReservationState.MAKING, ReservationState.UNKNOWN) for row in there):
        return Outcome.WAITING
    if pulled.account.is_off(said.raw_status):
        return Outcome.SAME
    if there and said.reference == booking.booking_ref:
        return Outcome.SAME  # people may have written it there
    if there:
        return _stray(session, pulled, booking, said, there)
    if booking.status in GONE:
        return Outcome.SAME
    return _adopt(session, pulled, booking, said, told, is_ours=True)


def _stray(
    session: Session,
    pulled: Pulled,
    booking: Booking,
    said: Reservation,
    there: Sequence[PlatformReservation],
) -> Outcome:
    """One of ours that came to stand there long after its call: the booking has another by now, or
    none. It is called off where nobody comes; else people are told of it."""
    here = [row for row in there if row.connection_id == pulled.connection.id]
    is_late = any(row.updated_at > pulled.began for row in here)
    if is_late or is_busy(session, pulled.connection, booking.id):
        return Outcome.WAITING
    standing = next((row for row in here if row.state == ReservationState.LIVE), None)
    if standing is None and here and is_off(booking, pulled.connection.venue_id):
        row = _row(session, pulled, booking.id, said, is_ours=True)
        row.version = booking.version
        session.flush()
        telling.tell(session, pulled.connection, row, telling.WANTED)
        return Outcome.CHANGED
    if standing is not None and standing.problem is None:
        standing.problem = f"{pulled.label} holds {said.external_id} for it as well: {STRAY}"
    return Outcome.SAME


def _referred(session: Session, pulled: Pulled, reference: str) -> Booking | None:
    try:
        which = Booking.id == UUID(reference)
    except ValueError:
        which = Booking.booking_ref == reference
    query = select(Booking).where(Booking.website_id == pulled.website.id, which)
    return session.scalars(query.limit(1)).first()


def _is_meant(pulled: Pulled, booking: Booking, said: Reservation, told: dict[str, Any]) -> bool:
    """Whether it can be a booking that we know at no platform: a table here. A reference that
    guests see on their papers is no proof: then it must be at the same time for as many."""
    same = not any(translating.differs(booking, name, told[name]) for name in translating.HARD)
    return is_table_at(booking, pulled.venue.id) and (same or said.reference != booking.booking_ref)


def being_made(session: Session, connection: PlatformConnection) -> frozenset[Party]:
    """When, and for how many, are those whose making has begun and whose ids are not known."""
    query = (
        select(Booking.activity_date, Booking.guest_count, Booking.time_slot)
        .join(PlatformReservation, PlatformReservation.booking_id == Booking.id)
        .where(
            PlatformReservation.connection_id == connection.id,
            PlatformReservation.state.in_((ReservationState.MAKING, ReservationState.UNKNOWN)),
        )
    )
    return frozenset((day, guests, clock_of(slot)) for day, guests, slot in session.execute(query))


def _bring(session: Session, pulled: Pulled, said: Reservation, told: dict[str, Any]) -> Outcome:
    """A booking of its own. One that was called off before we ever saw it is none."""
    account = pulled.account
    which = translating.source_id(account, said.external_id)
    query = select(Booking).where(
        Booking.website_id == pulled.website.id, Booking.source_booking_id == which
    )
    there = session.scalars(query.with_for_update()).one_or_none()
    if there is not None:
        return _adopt(session, pulled, there, said, told, is_ours=False)
    if account.is_off(said.raw_status):
        return Outcome.SAME
    day, slot = told["activity_date"], told["time_slot"]
    plan = pulled.plan or plan_of(session, pulled.services, [day])
    service = service_at(plan, pulled.services, day, slot)
    registers = translating.of_new(account, pulled.label, said, told, service)
    venue = session.merge(pulled.venue, load=False)  # so it is not read again for its clock
    message = Message(
        kind=Kind.CREATED,
        source_booking_id=which,
        registers={**registers, **translating.at(venue)},
        at=pulled.began,
        is_timed=False,
        digest=b"",
        source_status=said.raw_status or None,
        source="platform",
        is_news=pulled.is_news,
    )
    received = receive(session, pulled.actor, pulled.website, message)
    row = _row(session, pulled, received.booking_id, said, is_ours=False)
    keep(pulled, row, told, said.raw_status)
    session.flush()
    return Outcome.CREATED


def _adopt(
    session: Session,
    pulled: Pulled,
    booking: Booking,
    said: Reservation,
    told: dict[str, Any],
    *,
    is_ours: bool,
) -> Outcome:
    """A booking that stood on it before the connection was made anew."""
    row = _row(session, pulled, booking.id, said, is_ours=is_ours)
    row.version = booking.version
    if booking.status in GONE:
        row.state = ReservationState.CANCELLED
    row.updated_at = pulled.began
    session.flush()
    return merge(session, pulled, row, booking, said, told)


def _row(
    session: Session, pulled: Pulled, booking_id: UUID, said: Reservation, *, is_ours: bool
) -> PlatformReservation:
    """Of a booking that has just been made, unless somebody says otherwise."""
    row = PlatformReservation(
        website_id=pulled.website.id,
        connection_id=pulled.connection.id,
        booking_id=booking_id,
        external_id=said.external_id,
        is_ours=is_ours,
        state=ReservationState.LIVE,
        version=1,
    )
    session.add(row)
    return row
