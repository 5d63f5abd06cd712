"""What happens to a venue itself: added, changed, switched on and off; its hours; its dive sites.

Activities are in `offers`, departures in `departing`, closing and opening slots in `closing`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.errors import Fault, InvalidPayload
from app.events.models import Actor
from app.staff.scope import Scope
from app.venues import hours, queries, rules
from app.venues.models import DiveSite, OpeningHours, SpecialHours, Venue
from app.venues.telling import apply, made, tell
from app.websites.models import Website


def add(
    session: Session, actor: Actor, scope: Scope, website_id: str, values: Mapping[str, Any]
) -> Venue:
    """Add a venue to a website: the fields of `rules.VENUE`.

    Raises Forbidden without venues:manage there, NotFound when the website is not visible, and
    InvalidPayload.
    """
    if not website_id:
        raise InvalidPayload("Choose the website.", [Fault("website_id", "Choose the website.")])
    scope.demand(queries.MANAGE, website_id, seen_with=queries.VIEW)
    if session.get(Website, website_id) is None:
        raise InvalidPayload("Choose the website.", [Fault("website_id", "Choose the website.")])
    cleaned = rules.clean_venue(values)
    _demand_free_name(session, website_id, cleaned["name"], None)
    venue = Venue(website_id=website_id, **cleaned)
    session.add(venue)
    session.flush()
    tell(session, actor, venue, "venue.added", made(cleaned))
    return venue


def edit(
    session: Session, actor: Actor, scope: Scope, venue_id: UUID, changes: Mapping[str, Any]
) -> Venue:
    """Change some fields. No difference: nothing is written. Raises as `queries.lock`, and
    InvalidPayload."""
    venue = queries.lock(session, scope, venue_id)
    stored = {name: getattr(venue, name) for name in rules.VENUE}
    known = {name: value for name, value in changes.items() if name in rules.VENUE}
    cleaned = rules.clean_venue({**stored, **known})
    _demand_free_name(session, venue.website_id, cleaned["name"], venue.id)
    difference = apply(venue, cleaned)
    if difference:
        session.flush()
        tell(session, actor, venue, "venue.updated", difference)
    return venue


def _demand_free_name(session: Session, website_id: str, name: str, own: UUID | None) -> None:
    """Sources name venues by their names: two of one website must not share one."""
    query = select(Venue.id).where(Venue.website_id == website_id, Venue.name == name)
    if any(found != own for found in session.scalars(query)):
        fault = Fault("name", "Another venue of this website has this name.")
        raise InvalidPayload("The venue cannot be saved like this.", [fault])


def set_week(
    session: Session, actor: Actor, scope: Scope, venue_id: UUID, days: Iterable[hours.TypedDay]
) -> bool:
    """Replace the usual week. True when anything is different. Raises as `edit`."""
    venue = queries.lock(session, scope, venue_id)
    wanted = hours.clean_week(days)
    stored = queries.week(session, venue.id)
    before, after = _said_week(stored), _said_week(wanted)
    difference = {
        day: [before[day], after[day]] for day in rules.WEEKDAYS if before[day] != after[day]
    }
    if not difference:
        return False
    session.execute(delete(OpeningHours).where(OpeningHours.venue_id == venue.id))
    session.add_all(OpeningHours(venue_id=venue.id, **vars(each)) for each in wanted)
    session.flush()
    tell(session, actor, venue, "venue.hours_changed", difference)
    return True


def _said_week(stretches: Iterable[Any]) -> dict[str, str]:
    found = list(stretches)
    return {
        name: hours.said_day([each for each in found if each.weekday == number])
        for number, name in enumerate(rules.WEEKDAYS)
    }


def set_special_day(
    session: Session, actor: Actor, scope: Scope, venue_id: UUID, values: Mapping[str, Any]
) -> SpecialHours:
    """Say how one date differs; a date that was special already is replaced. Raises as `edit`."""
    venue = queries.lock(session, scope, venue_id)
    cleaned = hours.clean_special(values)
    query = select(SpecialHours).where(
        SpecialHours.venue_id == venue.id, SpecialHours.day == cleaned["day"]
    )
    special = session.scalars(query).one_or_none()
    if special is None:
        special = SpecialHours(venue_id=venue.id, **cleaned)
        session.add(special)
        difference = made(cleaned)
    else:
        difference = apply(special, cleaned)
    session.flush()
    if difference:
        tell(session, actor, venue, "venue.special_day_set", difference, day=special.day)
    return special


def remove_special_day(
    session: Session, actor: Actor, scope: Scope, venue_id: UUID, special_id: UUID
) -> SpecialHours:
    """The date is like its weekday again. Raises as `edit`."""
    venue = queries.lock(session, scope, venue_id)
    special = queries.part(session, venue, SpecialHours, special_id)
    was = {"hours": [hours.said_special(special), None], "note": [special.note, None]}
    session.delete(special)
    session.flush()
    tell(session, actor, venue, "venue.special_day_removed", was, day=special.day)
    return special


def save_site(
    session: Session,
    actor: Actor,
    scope: Scope,
    venue_id: UUID,
    values: Mapping[str, Any],
    site_id: UUID | None = None,
) -> DiveSite:
    """Add a dive site, or change one. Raises as `edit`."""
    venue = queries.lock(session, scope, venue_id)
    if site_id is None:
        cleaned = rules.clean_site(values)
        site = DiveSite(venue_id=venue.id, **cleaned)
        session.add(site)
        name, difference = "venue.dive_site_added", made(cleaned)
    else:
        site = queries.part(session, venue, DiveSite, site_id)
        stored = {name: getattr(site, name) for name in rules.SITE}
        difference = apply(site, rules.clean_site({**stored, **values}))
        name = "venue.dive_site_updated"
    session.flush()
    if difference:
        tell(session, actor, venue, name, difference, dive_site=site.name)
    return site
