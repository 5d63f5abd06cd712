"""The places that a booking takes: which follow from its fields, and what it may take them on."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from app.bookings.derive import clock_of
from app.bookings.status import GONE
from app.errors import Fault, InvalidPayload, SlotUnavailable
from app.venues import finding
from app.venues.capacity import Claim, Limits, exchange
from app.venues.finding import At, Place
from app.venues.plan import DAY_KEY, Held, Slot, SlotKey, State

PLACED = ("activity_id", "activity_date", "time_slot", "departure_id")
"""The fields from which follows where a booking takes its places."""
HELD = ("slot_key", "slot_keys")
"""The columns that say where it does: what was taken is given back, whatever was changed since."""

CLAIMING = ("activity_id", "activity_date", "guest_count", "status", *HELD)
"""All that `claim_of` reads."""


class Terms(enum.Enum):
    """What decides whether a place can be had."""

    SOURCE = "source"
    """The place was sold elsewhere already: it is counted, also where there is none."""
    DOOR = "door"
    """What is offered, in time, and has room."""
    DESK = "desk"
    """The same; but staff may take somebody at the last minute."""
    OVERBOOK = "overbook"
    """Deliberately, whatever is offered and left."""


def claim_of(values: Mapping[str, Any]) -> Claim | None:
    """The places that a booking with these values holds; None when it holds none."""
    if not values.get("activity_id") or not values.get("slot_key") or values["status"] in GONE:
        return None
    return Claim(
        *(values["activity_id"], values["activity_date"], values["slot_key"]),
        guests=values["guest_count"],
        sits=read_keys(values.get("slot_keys")),
    )


def held_by(values: Mapping[str, Any]) -> Held:
    """The same, for who looks for another place for it."""
    claim = claim_of(values)
    if claim is None:
        return Held()
    return Held(claim.guests, (claim.day, claim.slot), frozenset(claim.sits))


def written_keys(sits: Iterable[SlotKey]) -> list[str] | None:
    """Where a party sits, as a booking keeps it: `["2027-03-07 12:00", …]`."""
    return [f"{day} {slot}" for day, slot in sits] or None


def read_keys(kept: Iterable[str] | None) -> tuple[SlotKey, ...]:
    """The same, read back."""
    split = (text.split(" ", 1) for text in kept or ())
    return tuple((date.fromisoformat(day), slot) for day, slot in split)


def settle(
    session: Session,
    old: Mapping[str, Any] | None,
    new: Mapping[str, Any],
    terms: Terms,
    now: datetime,
) -> dict[str, Any]:
    """Exchange the places of the old values for those of the new, both or neither.

    Returns the columns that follow: HELD, `departure_id`, `overbooked`. Raises SlotUnavailable,
    and InvalidPayload for a party of a size that the activity does not take.
    """
    give = claim_of(old) if old else None
    if new.get("activity_id") is None:
        if give is not None:
            exchange(session, give, None)
        return {**dict.fromkeys(HELD), "departure_id": None, "overbooked": False}
    moved = old is None or any(old.get(name) != new.get(name) for name in PLACED)
    gone = new["status"] in GONE
    if not moved and not gone and give and give.guests >= new["guest_count"]:
        exchange(session, give, claim_of(new))
        return {}
    if gone:
        exchange(session, give, None)
        return {} if not moved else _columns(_anywhere(session, new), overbooked=False)
    place = _place(session, new, terms, now, moved=moved)
    take = claim_of({**new, "slot_key": place.key, "slot_keys": written_keys(place.sits)})
    force = terms in (Terms.SOURCE, Terms.OVERBOOK)
    overbooked = exchange(session, give, take, place.limits, force=force)
    return _columns(place, overbooked=overbooked)


def _columns(place: Place, *, overbooked: bool) -> dict[str, Any]:
    return {
        "slot_key": place.key,
        "slot_keys": written_keys(place.sits),
        "departure_id": place.departure_id,
        "overbooked": overbooked,
    }


def _place(
    session: Session, new: Mapping[str, Any], terms: Terms, now: datetime, *, moved: bool
) -> Place:
    """Where the new values take their places. Raises SlotUnavailable where nothing is offered."""
    if terms in (Terms.SOURCE, Terms.OVERBOOK) or not moved:
        return _anywhere(session, new)
    key = _anywhere(session, new).key
    found = finding.slot_on(session, new["activity_id"], new["activity_date"], now, key=key)
    slot, activity = found.slot, found.offer.activity
    _demand_open(slot, terms)
    if terms is Terms.DOOR:
        demand_party(activity.min_party, activity.max_party, new["guest_count"])
    return Place(slot.key, Limits(slot.capacity, slot.seats), slot.departure_id, slot.sits)


def _anywhere(session: Session, new: Mapping[str, Any]) -> Place:
    return finding.place_of(session, *time_of(new))


def time_of(values: Mapping[str, Any]) -> At:
    """When a booking with these values comes, and to what."""
    return At(values["activity_id"], values["activity_date"], clock_of(values["time_slot"]))


def _demand_open(slot: Slot, terms: Terms) -> None:
    if slot.state is State.CLOSED:
        why = f": {slot.reason}" if slot.reason else ""
        raise SlotUnavailable(f"This time is closed{why}.")
    if slot.state is State.PAST and terms is Terms.DOOR:
        raise SlotUnavailable("It is too late to book this time.")


def demand_party(least: int, most: int | None, guests: int, field: str = "guest_count") -> None:
    """Raises InvalidPayload for a party that is too small or too large for the activity.

    `field`: what the door calls the party.
    """
    if guests < least or (most is not None and guests > most):
        limits = f"at least {least}" if most is None else f"from {least} to {most}"
        fault = Fault(field, f"Must be {limits} for this activity.")
        raise InvalidPayload("The party does not fit this activity.", [fault])


def shown_time(slot: Slot) -> str:
    """What `time_slot` says of a slot."""
    return "Any time" if slot.key == DAY_KEY else slot.time
