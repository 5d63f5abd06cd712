"""Availability and calendar: slots of the one calculator, in the standard's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from app.api.octo.calls import Desk
from app.api.octo.catalogue import Product, Unit, demand_option, product
from app.api.octo.faults import OctoError, bad_request
from app.api.octo.pricing import price_json
from app.api.octo.restrictions import fault_of
from app.api.schemas.octo import AvailabilityBody, UnitCount
from app.bookings.making import priced
from app.venues.availability import calendar, opening_spans, slots
from app.venues.loading import load
from app.venues.plan import Slot, State

LONGEST = timedelta(days=366)
_FEW = Decimal("0.5")
"""Below this share of the capacity what is left is LIMITED."""


@dataclass(frozen=True)
class Party:
    """So many of each unit, as somebody asks for."""

    units: Sequence[Unit]

    @property
    def pax(self) -> int:
        return sum(unit.pax for unit in self.units)


def slot_id(slot: Slot) -> str:
    """The id of an availability: its local start, with the offset."""
    return slot.starts_at.isoformat()


def find(session: Session, product: Product, availability_id: object, now: datetime) -> Slot:
    """The slot that an availabilityId means. Raises OctoError."""
    day = day_of(availability_id)
    here = _over(session, product, day, day) if day else product
    return slot_of(here, availability_id, now)


def slot_of(product: Product, availability_id: object, now: datetime) -> Slot:
    """The same, of a product that is planned over that day."""
    day = day_of(availability_id)
    for slot in slots(product.plan, product.offer, day, now) if day else ():
        if slot_id(slot) == availability_id:
            return slot
    raise OctoError("INVALID_AVAILABILITY_ID", sent=availability_id)


def party_of(product: Product, counts: Sequence[UnitCount] | None) -> Party | None:
    """Who is asked for. Raises OctoError for a unit that is none."""
    if counts is None:
        return None
    found = [(product.unit(each.id), each.quantity) for each in counts]
    return Party([unit for unit, quantity in found for _ in range(quantity)])


def availability(session: Session, desk: Desk, body: AvailabilityBody, now: datetime) -> Any:
    """`POST /availability`: one entry per start time, or per day."""
    ids = body.availability_ids
    asked = _range(body) if ids is None else _range_of(body, ids)
    here = product(session, desk, body.product_id, asked or (now.date(), now.date()))
    demand_option(body.option_id)
    party = party_of(here, body.units)
    shown = calendar(here.plan, here.offer, *asked, now) if asked else ()
    return [
        slot_json(desk, here, slot, party) for slot in shown if ids is None or slot_id(slot) in ids
    ]


def days(session: Session, desk: Desk, body: AvailabilityBody, now: datetime) -> Any:
    """`POST /availability/calendar`: one entry per day."""
    first, last = _range(body)
    here = product(session, desk, body.product_id, (first, last))
    demand_option(body.option_id)
    party = party_of(here, body.units)
    by_day: dict[date, list[Slot]] = {
        first + timedelta(days=n): [] for n in range((last - first).days + 1)
    }
    for slot in calendar(here.plan, here.offer, first, last, now):
        by_day[slot.day].append(slot)
    return [_day_json(desk, here, day, those, party) for day, those in by_day.items()]


def slot_json(desk: Desk, product: Product, slot: Slot, party: Party | None = None) -> Any:
    """An Availability object."""
    fits = _fits(product, slot, party)
    return {
        "id": slot_id(slot),
        "localDateTimeStart": slot.starts_at.isoformat(),
        "localDateTimeEnd": slot.ends_at.isoformat(),
        "allDay": slot.is_day,
        "available": fits,
        "status": _status(slot, fits),
        "vacancies": _vacancies(slot),
        "capacity": slot.most,
        "maxUnits": _most(product, slot),
        "utcCutoffAt": utc(slot.last_call),
        "openingHours": _hours(product, slot.day),
        **(_prices(desk, product, party) if desk.pricing else {}),
    }


def utc(at: datetime | None) -> str | None:
    """ISO 8601 ending in Z."""
    if at is None:
        return None
    return at.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def _range(body: AvailabilityBody) -> tuple[date, date]:
    """The days that are asked for. Raises OctoError."""
    first, last = body.local_date_start, body.local_date_end
    if body.local_date is not None:
        if first is not None or last is not None:
            raise bad_request("Send localDate, or localDateStart with localDateEnd, not both.")
        return body.local_date, body.local_date
    if first is None or last is None:
        raise bad_request("Say for which days: localDateStart and localDateEnd go together.")
    if last < first:
        raise bad_request("localDateEnd lies before localDateStart.")
    return _no_longer_than_a_year(first, last)


def _range_of(body: AvailabilityBody, ids: Sequence[str]) -> tuple[date, date] | None:
    """The days on which these availabilities lie; None where they lie nowhere.

    Raises OctoError where days are asked for besides.
    """
    if body.local_date or body.local_date_start or body.local_date_end:
        raise bad_request("Ask for availabilityIds or for days, not for both.")
    found = [day for each in ids if (day := day_of(each)) is not None]
    return _no_longer_than_a_year(min(found), max(found)) if found else None


def day_of(availability_id: object) -> date | None:
    """The day of an availability; None for what is not the id of one."""
    try:
        day = datetime.fromisoformat(str(availability_id)).date()
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2100 else None


def _no_longer_than_a_year(first: date, last: date) -> tuple[date, date]:
    if last - first > LONGEST:
        raise bad_request("At most one year can be asked for at once.")
    return first, last


def _over(session: Session, product: Product, first: date, last: date) -> Product:
    """The product as it is planned over these days."""
    (plan,) = load(session, [product.plan.venue.id], first, last, [product.offer.activity.id])
    (offer,) = plan.offers
    return replace(product, plan=plan, offer=offer)


def _day_json(
    desk: Desk, product: Product, day: date, those: Sequence[Slot], party: Party | None
) -> Any:
    open_ones = [slot for slot in those if _fits(product, slot, party)]
    best = max(open_ones or those, key=_room, default=None)
    prices = _prices(desk, product, party, hint=True) if desk.pricing else {}
    return {
        "localDate": day.isoformat(),
        "available": bool(open_ones),
        "status": _status(best, bool(open_ones)) if best else "CLOSED",
        "vacancies": _vacancies(best) if best else 0,
        "capacity": best.most if best else 0,
        "openingHours": _hours(product, day),
        **prices,
    }


def _room(slot: Slot) -> int:
    return 10**9 if slot.remaining is None else slot.remaining


def _vacancies(slot: Slot) -> int | None:
    return slot.remaining if slot.state in (State.OPEN, State.FULL) else 0


def _fits(product: Product, slot: Slot, party: Party | None) -> bool:
    if slot.state is not State.OPEN:
        return False
    if party is None or not party.units:
        return True
    return slot.fits(party.pax) and fault_of(product, party.units) is None


def _status(slot: Slot, fits: bool) -> str:
    if slot.state in (State.CLOSED, State.PAST):
        return "CLOSED"
    if not fits:
        return "SOLD_OUT"
    if slot.most is None or slot.remaining is None:
        return "FREESALE"
    return "LIMITED" if slot.remaining < slot.most * _FEW else "AVAILABLE"


def _most(product: Product, slot: Slot) -> int | None:
    most, left = product.offer.activity.max_party, slot.remaining
    known = [each for each in (most, left) if each is not None]
    return min(known) if known else None


def _hours(product: Product, day: date) -> list[Mapping[str, str]]:
    """None for what has start times; what has opening hours always has some, also when closed."""
    if not product.is_day:
        return []
    spans = opening_spans(product.plan, day) or [("00:00", "00:00")]
    return [{"from": begin, "to": end} for begin, end in spans]


def _prices(
    desk: Desk, product: Product, party: Party | None, *, hint: bool = False
) -> dict[str, Any]:
    """Per unit, and the total of the party that is asked for."""
    name = "unitPricingFrom" if hint else "unitPricing"
    each = [
        {"unitId": unit.id, **price_json(desk, product.plan, unit.price)} for unit in product.units
    ]
    found: dict[str, Any] = {name: each}
    if party is not None and party.units:
        cost = priced(product.offer, party.pax, product.counts(party.units))
        total = price_json(desk, product.plan, cost.total, cost.total + cost.discount)
        found["pricingFrom" if hint else "pricing"] = total
    return found
