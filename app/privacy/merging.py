"""One person who has two records: merging them, with everything that hangs on them, and undoing it.

Everything happens in the caller's transaction, under locks in one order: bookings, then records.
The history of a booking stays sealed under the key of the record it was written for; that record
stays, so it stays readable.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.bookings import standing
from app.bookings.models import Booking
from app.customers import merging
from app.customers.models import Customer, CustomerMerge
from app.customers.snapshots import CHOICES
from app.errors import Conflict, Forbidden, InvalidPayload, NotFound
from app.events.actions import record
from app.events.models import Actor, NewEvent
from app.messaging.models import Message
from app.privacy import queries
from app.selfservice import forgetting as requests
from app.signin import devices
from app.staff.permissions import Permission
from app.staff.scope import Scope
from app.travelers import people as travelers
from app.waiting import people as waiting
from app.wall import lifted

EDIT = Permission.CUSTOMERS_EDIT
UNDO_FOR = timedelta(days=30)
BATCH = 500


@dataclass(frozen=True)
class Undone:
    """How far a merge could be taken back."""

    back: int
    """Bookings that went back."""
    elsewhere: int
    """Bookings that had gone on to somebody else meanwhile, and stay there."""
    stay: Collection[str]
    """What was changed on the kept record since, and stays: names of CHOICES."""


def merge(
    session: Session,
    actor: Actor,
    scope: Scope,
    kept_id: UUID,
    gone_id: UUID,
    take: Collection[str] = (),
) -> CustomerMerge:
    """Make two records one: bookings, messages and partners' words go to the one that is kept.

    `take`: what comes from the other one (names of CHOICES). Raises NotFound when one of them is
    not visible, InvalidPayload for the same record twice, Forbidden (naming the websites) without
    `customers:edit` at all websites of both, Conflict when one is merged or erased already or
    stands for guests without a name.
    """
    if kept_id == gone_id or not set(take) <= CHOICES.keys():
        raise InvalidPayload("Choose another record than this one.")
    for each in (kept_id, gone_id):
        queries.demand_visible(session, scope, each)
    kept, gone = _lock(session, kept_id, gone_id)
    for customer in (kept, gone):
        _demand_mergeable(customer)
    concerned = _demand_all(session, scope, (kept_id, gone_id))
    done = CustomerMerge(kept_id=kept_id, gone_id=gone_id, merged_by=_user(actor))
    done.created_at = func.clock_timestamp()
    with lifted(session):  # a record without bookings is hidden, and one of them is in between
        merging.take_over(session, kept, gone, take, done)
        done.moved = [str(each) for each in _move(session, gone_id, kept_id)]
        waits = [str(each) for each in waiting.hand_over(session, gone_id, kept_id)]
        guests = [str(each) for each in travelers.hand_over(session, gone_id, kept_id)]
        done.before = {**done.before, "waiting": waits, "travelers": guests}
        devices.end_all(session, gone_id, "merged", datetime.now(UTC))
        session.add(done)
        session.flush()
        standing.recount(session, kept_id)
        standing.recount(session, gone_id)
    _tell(session, actor, "customer.merged", kept, concerned, done)
    return done


def undo(
    session: Session, actor: Actor, scope: Scope, kept_id: UUID, merge_id: UUID, now: datetime
) -> Undone:
    """Take a merge back: what moved and still is where it went returns, later bookings stay.

    Raises NotFound, Forbidden as `merge`, and Conflict when it cannot be undone (any more).
    """
    queries.demand_visible(session, scope, kept_id)
    done = session.get(CustomerMerge, merge_id)
    if done is None or done.kept_id != kept_id:
        raise NotFound("There is no such merge.")
    kept, gone = _lock(session, kept_id, done.gone_id)
    session.refresh(done, with_for_update=True)
    _demand_undoable(session, done, kept, gone, now)
    concerned = _demand_all(session, scope, (kept_id,))
    with lifted(session):
        stay = merging.give_back(session, kept, gone, done.before)
        moved = [UUID(each) for each in done.moved]
        back = _move(session, kept_id, gone.id, moved)
        waiting.give_back(session, kept_id, gone.id, done.before.get("waiting", []))
        travelers.hand_over(session, kept_id, gone.id, done.before.get("travelers", []))
        done.undone_at, done.before = now, {}
        session.flush()
        standing.recount(session, kept_id)
        standing.recount(session, gone.id)
    _tell(session, actor, "customer.merge_undone", kept, concerned, done)
    return Undone(len(back), len(moved) - len(back), stay)


def can_be_undone(done: CustomerMerge, now: datetime) -> bool:
    """Whether it is recent enough, and nothing has cleared what it takes."""
    return done.undone_at is None and bool(done.before) and now - done.created_at < UNDO_FOR


def moving(session: Session, customer_id: UUID) -> Counter[str]:
    """How many bookings would go over, by website."""
    query = select(Booking.website_id, func.count()).where(Booking.customer_id == customer_id)
    return Counter({row[0]: row[1] for row in session.execute(query.group_by(Booking.website_id))})


def lacking(session: Session, scope: Scope, *customer_ids: UUID) -> list[str]:
    """The websites with bookings of these records whose customers the asker may not edit."""
    found = set[str]().union(*(queries.websites(session, each) for each in customer_ids))
    return sorted(website for website in found if not scope.can(EDIT, website))


def clear_old(session: Session) -> int:
    """Step: merges that can no longer be undone forget what both records said before."""
    old = select(CustomerMerge.id).where(
        CustomerMerge.before.is_not(None), CustomerMerge.created_at < func.now() - UNDO_FOR
    )
    cleared = update(CustomerMerge).where(CustomerMerge.id.in_(old.limit(BATCH)))
    done = session.execute(cleared.values(before=None).returning(CustomerMerge.id)).all()
    return len(done)


def _lock(session: Session, *customer_ids: UUID) -> Sequence[Customer]:
    """Both records, in the order asked for. Whoever writes a booking locks it before its guest."""
    theirs = select(Booking.id).where(Booking.customer_id.in_(customer_ids)).order_by(Booking.id)
    session.execute(theirs.with_for_update())
    query = select(Customer).where(Customer.id.in_(customer_ids)).order_by(Customer.id)
    query = query.with_for_update().execution_options(populate_existing=True)
    found = {customer.id: customer for customer in session.scalars(query)}
    if len(found) < len(customer_ids):
        raise NotFound("This customer does not exist.")
    return [found[each] for each in customer_ids]


def _demand_mergeable(customer: Customer) -> None:
    if customer.merged_into_id is not None:
        raise Conflict("These records were merged already.")
    if customer.erased_at is not None:
        raise Conflict("An erased customer cannot be merged.")
    if customer.partner_id and customer.id == uuid5(customer.partner_id, "guests"):
        raise Conflict("This record stands for guests whom a partner has not named yet.")


def _demand_undoable(
    session: Session, done: CustomerMerge, kept: Customer, gone: Customer, now: datetime
) -> None:
    if done.undone_at is not None:
        raise Conflict("This merge was undone already.")
    if not can_be_undone(done, now):
        raise Conflict("It is too late: a merge can be undone for 30 days.")
    later = [
        each
        for each in merging.of_record(session, kept.id)
        if each.id != done.id and each.undone_at is None and each.created_at >= done.created_at
    ]
    if kept.merged_into_id is not None or gone.merged_into_id != kept.id or later:
        raise Conflict("Undo the later merge of this customer first.")


def _demand_all(session: Session, scope: Scope, customer_ids: Collection[UUID]) -> set[str]:
    """The websites concerned. Raises Forbidden, naming those where the permission is missing."""
    if missing := lacking(session, scope, *customer_ids):
        seen = [each for each in missing if scope.can(queries.VIEW, each)]
        words = ", ".join([*seen, *(["another website"] if len(seen) < len(missing) else [])])
        raise Forbidden(f"You may not edit customers of {words}.")
    return set[str]().union(*(queries.websites(session, each) for each in customer_ids))


def _move(
    session: Session, old: UUID, new: UUID, only: Collection[UUID] | None = None
) -> Sequence[UUID]:
    """Bookings go from one record to another, and the messages about them. Returns their ids."""
    mine = Booking.customer_id == old
    if only is not None:
        mine &= Booking.id.in_(only)
    changed = update(Booking).where(mine).values(customer_id=new).returning(Booking.id)
    ids = session.scalars(changed.execution_options(synchronize_session="fetch")).all()
    session.execute(
        update(Message)
        .where(Message.customer_id == old, Message.booking_id.in_(ids))
        .values(customer_id=new, updated_at=Message.updated_at)
        .execution_options(synchronize_session="fetch")
    )
    requests.follow(session, ids)
    return ids


def _user(actor: Actor) -> UUID | None:
    try:
        return UUID(actor.id) if actor.kind == "user" else None
    except ValueError:
        return None


def _tell(
    session: Session,
    actor: Actor,
    name: str,
    kept: Customer,
    websites: set[str],
    done: CustomerMerge,
) -> None:
    concerned: list[str | None] = [*sorted(websites)]
    for website_id in concerned or [None]:
        event = NewEvent(
            name=name,
            subject_type="customer",
            subject_id=str(kept.id),
            website_id=website_id,
            customer_id=kept.id,
            meta={"other_record": str(done.gone_id)},
        )
        record(session, actor, event)
