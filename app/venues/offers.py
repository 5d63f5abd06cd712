"""What happens to the activities of a venue and to their prices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Fault, InvalidPayload
from app.events.models import Actor
from app.staff.scope import Scope
from app.venues import offerrules, queries
from app.venues.models import Activity, ActivityPrice, Venue
from app.venues.telling import apply, made, plain, tell


def add(
    session: Session, actor: Actor, scope: Scope, venue_id: UUID, values: Mapping[str, Any]
) -> Activity:
    """Add an activity: the fields of `offerrules.ACTIVITY`, and `prices`, its categories.

    Raises NotFound, Forbidden and InvalidPayload.
    """
    venue = queries.lock(session, scope, venue_id)
    cleaned, categories = _clean(values, values.get("prices"))
    _demand_free_name(session, venue, cleaned["name"], None)
    activity = Activity(venue_id=venue.id, **cleaned)
    session.add(activity)
    session.flush()
    difference = made(cleaned) | _set_prices(session, activity, categories)
    _tell(session, actor, venue, "activity.added", activity, difference)
    return activity


def edit(
    session: Session,
    actor: Actor,
    scope: Scope,
    venue_id: UUID,
    activity_id: UUID,
    changes: Mapping[str, Any],
) -> Activity:
    """Change some fields; `prices`, where given, replaces the categories. No difference: nothing
    is written. Raises NotFound, Forbidden and InvalidPayload."""
    venue = queries.lock(session, scope, venue_id)
    activity = queries.part(session, venue, Activity, activity_id)
    stored = {name: getattr(activity, name) for name in offerrules.ACTIVITY}
    known = {name: value for name, value in changes.items() if name in offerrules.ACTIVITY}
    cleaned, categories = _clean({**stored, **known}, changes.get("prices"))
    _demand_free_name(session, venue, cleaned["name"], activity.id)
    difference = apply(activity, cleaned)
    if "prices" in changes:
        difference |= _set_prices(session, activity, categories)
    if difference:
        session.flush()
        _tell(session, actor, venue, "activity.updated", activity, difference)
    return activity


def _clean(values: Mapping[str, Any], given: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Both at once, so that every fault is named."""
    faults: list[Fault] = []
    cleaned: dict[str, Any] = {}
    categories: list[dict[str, Any]] = []
    try:
        cleaned = offerrules.clean_activity(values)
    except InvalidPayload as error:
        faults += error.details
    try:
        categories = offerrules.clean_prices(given)
    except InvalidPayload as error:
        faults += error.details
    if faults:
        raise InvalidPayload("The activity cannot be saved like this.", faults)
    return cleaned, categories


def _demand_free_name(session: Session, venue: Venue, name: str, own: UUID | None) -> None:
    """Sources name activities by their names: two of one venue must not share one."""
    query = select(Activity.id).where(Activity.venue_id == venue.id, Activity.name == name)
    if any(found != own for found in session.scalars(query)):
        fault = Fault("name", "Another activity of this venue has this name.")
        raise InvalidPayload("The activity cannot be saved like this.", [fault])


def _set_prices(
    session: Session, activity: Activity, wanted: Sequence[Mapping[str, Any]]
) -> dict[str, list[Any]]:
    """Change, add and remove categories; what stays keeps its id, by which partners know it."""
    stored = {str(price.id): price for price in queries.prices(session, activity.id)}
    before = [_said(price) for price in stored.values()]
    kept: set[str] = set()
    after = []
    for position, line in enumerate(wanted):
        fields = {name: line[name] for name in offerrules.PRICE} | {"position": position}
        price = stored.get(str(line.get("id")))
        if price is None or str(price.id) in kept:
            price = ActivityPrice(activity_id=activity.id, **fields)
            session.add(price)
            session.flush()
        else:
            apply(price, fields)
        kept.add(str(price.id))
        after.append(_said(price))
    for price_id, price in stored.items():
        if price_id not in kept:
            session.delete(price)
    session.flush()
    return {} if before == after else {"prices": [before or None, after or None]}


def _said(price: ActivityPrice) -> str:
    """`Adult 3490, ages 12–99`; more where it is not one guest."""
    text = f"{price.label} ({price.category}) {plain(price.price)}"
    text += f", ages {price.min_age}–{price.max_age}"
    text += f", {price.pax} guests" if price.pax > 1 else ""
    return text + (", only with an adult" if price.needs_adult else "")


def _tell(
    session: Session,
    actor: Actor,
    venue: Venue,
    name: str,
    activity: Activity,
    difference: Mapping[str, list[Any]],
) -> None:
    about = {"activity": activity.name, "activity_id": str(activity.id)}
    tell(session, actor, venue, name, difference, **about)
