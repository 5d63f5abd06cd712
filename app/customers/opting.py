"""Whether somebody wants text messages: the answer, when and through which door it was given."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.customers.models import Customer
from app.errors import NotFound
from app.events.actions import record
from app.events.models import Actor, NewEvent

CHANGED = "customer.opt_in_changed"
STOPPED = "stopped"


def set_sms_opt_in(
    session: Session,
    actor: Actor,
    customer_id: UUID,
    wanted: bool,
    source: str | None = None,
    *,
    website_id: str | None = None,
) -> bool:
    """Keep the answer of a person, with its time and source, and write it into the log.

    `source`: in words of ours (`website:ours`, `desk`, `sms`), the actor's door by default.
    `website_id`: where it was given, so that this website's log tells of it although they have
    not booked there yet. Returns whether anything changed: the same answer again changes nothing,
    but a first no is an answer too. Raises NotFound.
    """
    customer = locked_survivor(session, customer_id)
    if customer.sms_opt_in == wanted and customer.sms_opt_in_at is not None:
        return False
    before, customer.sms_opt_in = customer.sms_opt_in, wanted
    customer.sms_opt_in_at = session.scalar(select(func.clock_timestamp()))
    customer.sms_opt_in_source = source or actor.door
    if wanted and customer.sms_health == STOPPED:
        customer.sms_health = "good"  # who agrees anew has taken their STOP back
    session.flush()
    concerned = set(session.scalars(select(func.customer_websites(customer.id))))
    concerned |= {website_id} if website_id else set()
    for website in [*sorted(concerned)] or [None]:
        event = NewEvent(
            name=CHANGED,
            subject_type="customer",
            subject_id=str(customer.id),
            website_id=website,
            customer_id=customer.id,
            changes={"sms_opt_in": [before, wanted]},
            meta={"source": customer.sms_opt_in_source},
        )
        record(session, actor, event)
    return True


def locked_survivor(session: Session, customer_id: UUID) -> Customer:
    """A customer's row, locked against other changes; who was merged is the record that was kept.

    Bookings can still come in for them. Raises NotFound.
    """
    wanted = customer_id
    while True:
        query = select(Customer).where(Customer.id == wanted).with_for_update(key_share=True)
        found = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
        if found is None:
            raise NotFound("This customer does not exist.")
        if found.merged_into_id is None:
            return found
        wanted = found.merged_into_id
