"""Two records of one person become one, and two again: the records alone, without bookings.

The record that goes stays as a row: it keeps the phone and the e-mail that were not chosen, so
that whoever is known by them is led to the record that was kept.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from app.customers.models import Customer, CustomerMerge
from app.customers.snapshots import CHOICES, HEALTH, OPT_IN, Values, fill, from_json, to_json
from app.customers.snapshots import values_of as of
from app.errors import Conflict
from app.partners.models import PartnerCustomer

Pair = tuple[Values, Values]
"""What the record that is kept says, and the one that goes."""


def combined(kept: Values, gone: Values, take: Collection[str]) -> Pair:
    """What both records say after a merge. `take`: names of CHOICES that come from `gone`.

    Where only one of them has a value, that one is kept. Phone and e-mail bring what is known of
    their health.
    """
    one, other = dict(kept), dict(gone)
    for choice, names in CHOICES.items():
        wanted = choice in take and not _lacks(gone, kept, names)
        if wanted or _lacks(kept, gone, names):
            for name in (*names, *HEALTH.get(choice, ())):
                one[name], other[name] = gone[name], kept[name]
    return one | _consent(kept, gone, one), other


def _lacks(one: Values, other: Values, names: tuple[str, ...]) -> bool:
    """Whether only the other has a value: in the first column, else in any of them."""
    first = names[0]
    if one[first] or other[first]:
        return not one[first]
    return not any(one[name] for name in names) and any(other[name] for name in names)


def _consent(kept: Values, gone: Values, one: Values) -> Values:
    """The more careful answer: a no of either counts, a yes only with the number it was given for.

    A record that never was asked says nothing.
    """
    noes = [each for each in (kept, gone) if each["sms_opt_in_at"] and not each["sms_opt_in"]]
    if noes:
        newest = max(noes, key=lambda each: each["sms_opt_in_at"])
        return {name: newest[name] for name in OPT_IN}
    theirs = kept if one["phone"] == kept["phone"] else gone
    return {name: theirs[name] for name in OPT_IN}


def take_over(
    session: Session, kept: Customer, gone: Customer, take: Collection[str], merge: CustomerMerge
) -> None:
    """Make two locked records one, and write into `merge` what takes it back."""
    before = of(kept), of(gone)
    after = combined(*before, take)
    gone.merged_into_id = kept.id
    fill(gone, after[1])
    session.flush()  # its number is free before the other one takes it
    fill(kept, after[0])
    session.flush()
    merge.before = {
        "kept": to_json(before[0]),
        "gone": to_json(before[1]),
        "given": to_json(after[0]),
        "led": [str(each) for each in _lead(session, gone.id, kept.id)],
        "partners": [str(each) for each in _hand_over(session, gone.id, kept.id)],
    }


def give_back(
    session: Session, kept: Customer, gone: Customer, before: Mapping[str, Any]
) -> set[str]:
    """Make one locked record two again. Returns the CHOICES that were changed since, which stay.

    Raises Conflict when somebody else has the phone or the e-mail by now.
    """
    was, theirs = from_json(before["kept"]), from_json(before["gone"])
    given, now = from_json(before["given"]), of(kept)
    stay = {c for c, names in CHOICES.items() if any(now[n] != given[n] for n in names)}
    one, other = _as_well_as_now((was, theirs), given, now, HEALTH.keys() - stay)
    for choice in stay:
        for name in (*CHOICES[choice], *HEALTH.get(choice, ())):
            one[name] = now[name]
    if any(now[name] != given[name] for name in OPT_IN):  # answered since
        one |= {name: now[name] for name in OPT_IN}
        if not now["sms_opt_in"]:  # a no is of the person, whoever they turn out to be
            other |= {name: now[name] for name in OPT_IN}
    _demand_free(session, kept.id, gone.id, (one, other))
    fill(kept, one)
    session.flush()
    fill(gone, other)
    gone.merged_into_id = None
    session.flush()
    _lead(session, kept.id, gone.id, [UUID(each) for each in before["led"]])
    _hand_over(session, kept.id, gone.id, [UUID(each) for each in before["partners"]])
    return stay


def _as_well_as_now(pair: Pair, given: Values, now: Values, choices: Collection[str]) -> Pair:
    """The records as they were, but that a number or an address is as well as it is by now."""
    one, other = dict(pair[0]), dict(pair[1])
    for choice in choices:
        first = CHOICES[choice][0]
        holder = one if given[first] == one[first] else other
        holder |= {name: now[name] for name in HEALTH[choice]}
    return one, other


def _demand_free(session: Session, kept: UUID, gone: UUID, pair: Pair) -> None:
    """Raises Conflict when the two would share their key, or when another record has it."""
    keys = [(values["phone"], None if values["phone"] else values["email_hash"]) for values in pair]
    if keys[0] == keys[1] and any(keys[0]):
        raise Conflict(
            "The kept record has the other one's phone or e-mail by now. Change it first."
        )
    for phone, email_hash in keys:
        theirs = Customer.phone == phone
        if not phone:
            theirs = (Customer.email_hash == email_hash) & Customer.phone.is_(None)
        query = select(Customer.id).where(
            theirs, Customer.merged_into_id.is_(None), Customer.id.not_in([kept, gone])
        )
        if session.scalar(query.limit(1)) is not None:
            raise Conflict("Another customer has the phone or the e-mail by now. Change it first.")


def _lead(
    session: Session, old: UUID, new: UUID, only: Collection[UUID] | None = None
) -> Collection[UUID]:
    """Lead whoever is led to one record to another. Returns whom."""
    query = update(Customer).where(Customer.merged_into_id == old)
    if only is not None:
        query = query.where(Customer.id.in_(only))
    changed = query.values(merged_into_id=new).returning(Customer.id)
    return session.scalars(changed.execution_options(synchronize_session="fetch")).all()


def _hand_over(
    session: Session, old: UUID, new: UUID, only: Collection[UUID] | None = None
) -> Collection[UUID]:
    """Hand over what partners said of one record, unless they said something of the other too.

    Returns whose words went over.
    """
    said = select(PartnerCustomer.partner_id).where(PartnerCustomer.customer_id == new)
    query = update(PartnerCustomer).where(
        PartnerCustomer.customer_id == old, PartnerCustomer.partner_id.not_in(said)
    )
    if only is not None:
        query = query.where(PartnerCustomer.partner_id.in_(only))
    changed = query.values(customer_id=new).returning(PartnerCustomer.partner_id)
    return session.scalars(changed.execution_options(synchronize_session=False)).all()


def of_record(session: Session, customer_id: UUID) -> list[CustomerMerge]:
    """Every merge that a record took part in, the newest first."""
    here = or_(CustomerMerge.kept_id == customer_id, CustomerMerge.gone_id == customer_id)
    query = select(CustomerMerge).where(here)
    return list(session.scalars(query.order_by(CustomerMerge.created_at.desc(), CustomerMerge.id)))


def forget(session: Session, customer_ids: Collection[UUID]) -> None:
    """Clear what merges remember of these people: none of them is taken back any more."""
    here = or_(CustomerMerge.kept_id.in_(customer_ids), CustomerMerge.gone_id.in_(customer_ids))
    session.execute(
        update(CustomerMerge)
        .where(here)
        .values(before=None)
        .execution_options(synchronize_session="fetch")
    )
