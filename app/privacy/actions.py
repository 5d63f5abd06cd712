"""Taking along what is held about a person, and erasing them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.bookings.erasing import forget
from app.bookings.models import Booking
from app.customers import actions as customers
from app.customers import merging, of_partners
from app.customers.models import Customer
from app.deliveries import forgetting
from app.errors import Conflict, Fault, Forbidden, InvalidPayload, NotFound
from app.events.actions import record
from app.events.models import Actor, NewEvent
from app.messaging import forgetting as messages
from app.privacy import queries
from app.privacy.queries import Person
from app.selfservice import forgetting as requests
from app.signin import people as signing_in
from app.staff.permissions import Permission
from app.staff.scope import Scope
from app.travelers import people as travelers
from app.waiting import people as waiting

ERASE = Permission.CUSTOMERS_ERASE
LATE = timedelta(hours=1)
"""A call that was under way while its guest was erased is written down within this time."""


def note_export(session: Session, actor: Actor, person: Person) -> None:
    """Write down, for each website concerned, that somebody takes a person's data along."""
    _tell(session, actor, "customer.exported", person.customer.id, _websites(person.bookings))


def missing(session: Session, scope: Scope, customer_id: UUID) -> list[str]:
    """The websites with bookings of this customer for which the asker may not erase."""
    found = queries.websites(session, customer_id)
    return sorted(website for website in found if not scope.can(ERASE, website))


def erase(
    session: Session, actor: Actor, scope: Scope, customer_id: UUID, typed: str, now: datetime
) -> Customer:
    """Forget a person: who they were goes, their bookings and figures stay.

    `typed` is their name, or the reference of one of their bookings. Raises NotFound, Forbidden
    (with the websites for which the permission is missing), InvalidPayload for another name, and
    Conflict when they are erased already.
    """
    person = queries.person(session, scope, customer_id)
    customer_id = person.customer.id
    if not _confirms(typed, person):
        fault = Fault("typed", "This is neither the name nor a reference of this customer.")
        raise InvalidPayload("Nothing was erased.", [fault])
    customer = _lock(session, customer_id)
    if lacking := missing(session, scope, customer_id):
        names = [Fault(website, "The permission is missing here.") for website in lacking]
        raise Forbidden(f"You may not erase customers of {', '.join(lacking)}.", names)
    if customer.erased_at is not None:
        raise Conflict("This customer is erased already.")
    records = [customer, *queries.merged_into(session, customer_id, lock=True)]
    marks = _marks(session, records)
    concerned = queries.websites(session, customer_id)
    booking_ids = forget(session, customer_id, now)
    forgetting.clear_of(session, booking_ids)
    messages.forget(session, customer_id, booking_ids)
    requests.forget(session, [each.id for each in records], booking_ids)
    waiting.forget(session, [each.id for each in records])
    travelers.forget(session, [each.id for each in records])
    phones = [each.phone for each in records if each.phone]
    signing_in.forget(session, [each.id for each in records], phones, now)
    forgetting.clear_where(session, concerned, lambda body: any(m in body for m in marks))
    merging.forget(session, [each.id for each in records])
    for each in records:
        of_partners.forget(session, each.id)
        customers.erase(session, each, now)
    _tell(session, actor, "customer.erased", customer_id, concerned)
    return customer


def clear_late_calls(session: Session) -> int:
    """Step: bodies of calls that were under way while their guest was being erased."""
    found = queries.erased_since(session, hours=72, limit=5_000)
    cleared = 0
    erased = {booking.customer_id for booking in found}
    query = select(Customer.id, Customer.erased_at).where(Customer.id.in_(erased))
    until = {row.id: row.erased_at + LATE for row in session.execute(query)}
    for customer_id, instant in until.items():
        ids = [booking.id for booking in found if booking.customer_id == customer_id]
        cleared += forgetting.clear_of(session, ids, until=instant)
    return cleared


def _lock(session: Session, customer_id: UUID) -> Customer:
    """Nobody books for this customer until the transaction ends.

    Whoever writes a booking locks it before its guest: so does this.
    """
    theirs = select(Booking.id).where(Booking.customer_id == customer_id).order_by(Booking.id)
    session.execute(theirs.with_for_update())
    query = select(Customer).where(Customer.id == customer_id).with_for_update()
    customer = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if customer is None:
        raise NotFound("This customer does not exist.")
    if customer.merged_into_id is not None:
        raise Conflict("This customer was merged with another record meanwhile.")
    return customer


def _confirms(typed: str, person: Person) -> bool:
    words = " ".join(typed.split()).casefold()
    names = {person.name, *(booking.booking_ref for booking in person.bookings)}
    return bool(words) and words in {" ".join(name.split()).casefold() for name in names}


def _marks(session: Session, records: Sequence[Customer]) -> set[str]:
    """What a refused call about this person holds: an address, a phone, the id of a booking."""
    query = select(Booking.source_booking_id, Booking.customer_email, Booking.customer_phone).where(
        Booking.customer_id.in_(each.id for each in records)
    )
    found = {said for each in records for said in (each.email, each.phone, each.phone_raw)}
    for row in session.execute(query):
        found |= {str(row.source_booking_id), row.customer_email, row.customer_phone}
    return {mark for mark in found if mark and len(mark) > 5}


def _websites(bookings: Iterable[Booking]) -> set[str]:
    return {booking.website_id for booking in bookings}


def _tell(session: Session, actor: Actor, name: str, customer_id: UUID, websites: set[str]) -> None:
    """One event for each website, so that each one's log tells of it."""
    concerned: list[str | None] = [*sorted(websites)]
    for website_id in concerned or [None]:
        event = NewEvent(
            name=name,
            subject_type="customer",
            subject_id=str(customer_id),
            website_id=website_id,
            customer_id=customer_id,
        )
        record(session, actor, event)
