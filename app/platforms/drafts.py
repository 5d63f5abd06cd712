"""A connection as it would be: what was said about it, checked, before anything is saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.errors import Fault, InvalidPayload
from app.ids import new_id
from app.platforms import rules, serving
from app.platforms.models import PlatformConnection
from app.platforms.queries import MANAGE, VIEW
from app.staff.scope import Scope
from app.venues.models import Venue


def draft(session: Session, scope: Scope, values: Mapping[str, Any]) -> PlatformConnection:
    """A connection as it would be with these values; it is not saved.

    Raises InvalidPayload with every fault, NotFound for a venue out of sight, and Forbidden.
    """
    kind = rules.kind_of(values.get("platform_type"))
    venue = _venue(session, scope, values.get("venue_id"))
    made = PlatformConnection(
        id=new_id(),
        website_id=venue.website_id,
        venue_id=venue.id,
        platform_type=kind.type,
        configuration={},
        options={},
        statuses={},
        activity_id=None,
    )
    _fill(session, made, values)
    return made


def draft_of(
    session: Session, stored: PlatformConnection, values: Mapping[str, Any]
) -> PlatformConnection:
    """A saved one as it would be with these changes; it is not saved. Raises InvalidPayload."""
    names = ("id", "website_id", "venue_id", "platform_type", "options", "statuses", "activity_id")
    made = PlatformConnection(**{name: getattr(stored, name) for name in names})
    made.configuration = dict(stored.configuration or {})
    _fill(session, made, values)
    return made


def is_other_account(stored: PlatformConnection, wanted: PlatformConnection) -> bool:
    """Whether the platform would be called otherwise."""
    there = (stored.configuration or {}, stored.options)
    return there != (wanted.configuration, wanted.options)


def needs_test(stored: PlatformConnection, wanted: PlatformConnection) -> bool:
    """Whether it will be on with an account that has not been tried as it is."""
    return wanted.is_enabled and (not stored.is_enabled or is_other_account(stored, wanted))


def _fill(session: Session, made: PlatformConnection, values: Mapping[str, Any]) -> None:
    """Every fault of all groups together."""
    kind, faults = rules.kind_of(made.platform_type), []
    parts: dict[str, Callable[[], Any]] = {
        "configuration": lambda: rules.clean_account(
            kind, values.get("account"), made.configuration
        ),
        "options": lambda: rules.clean_options(kind, values.get("options"), made.options),
    }
    if "statuses" in values:
        parts["statuses"] = lambda: rules.clean_statuses(kind, values["statuses"])
    for name, part in parts.items():
        try:
            setattr(made, name, part())
        except InvalidPayload as error:
            faults += error.details
    if "activity_id" in values:
        made.activity_id = values["activity_id"] or None
        mine = {service.id for service in serving.services(session, made.venue_id)}
        if made.activity_id is not None and made.activity_id not in mine:
            faults.append(Fault("activity_id", "Choose a table service of this venue."))
    if faults:
        raise InvalidPayload(rules.WRONG, faults)


def _venue(session: Session, scope: Scope, venue_id: Any) -> Venue:
    if not isinstance(venue_id, UUID):
        raise InvalidPayload(rules.WRONG, [Fault("venue_id", "Choose the venue.")])
    venue = session.get(Venue, venue_id)
    if venue is None:
        raise InvalidPayload(rules.WRONG, [Fault("venue_id", "Choose the venue.")])
    scope.demand(MANAGE, venue.website_id, seen_with=VIEW)
    return venue
