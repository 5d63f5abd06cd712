"""What happens to partners: add, edit, switch on and off, allow venues, rotate the secret."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.apikeys.owner import Owner
from app.crypto import new_webhook_secret
from app.deliveries.actions import address_changed
from app.errors import Fault, Forbidden, InvalidPayload
from app.events.actions import record
from app.events.models import Actor, NewEvent
from app.partners import queries, rules
from app.partners.models import Partner, PartnerVenue
from app.partners.queries import MANAGE
from app.staff.scope import Scope
from app.venues.models import Venue


def add(
    session: Session,
    actor: Actor,
    scope: Scope,
    values: Mapping[str, Any],
    venues: Collection[UUID],
    *,
    https_only: bool,
) -> Partner:
    """Add a partner with the venues at which it may book; it has no key yet.

    Raises InvalidPayload (also for no venue, unless somebody manages partners everywhere), and
    Forbidden for a venue where they do not.
    """
    asked = {name: values.get(name) for name in rules.REQUIRED}
    given = {name: values[name] for name in rules.EDITABLE if values.get(name) is not None}
    cleaned = rules.clean({**asked, **given}, https_only=https_only)
    if not venues and not scope.can(MANAGE):
        fault = Fault("venues", "Choose at least one venue at which it may book.")
        raise InvalidPayload("A partner needs a venue.", [fault])
    partner = Partner(**_columns({}, cleaned), webhook_secret=new_webhook_secret())
    session.add(partner)
    _flush(session)
    added = _allow(session, scope, partner, venues)
    changes = {n: [None, rules.for_log(n, v)] for n, v in cleaned.items() if v not in (None, [])}
    _record(session, actor, "partner.added", partner, changes, venues=added)
    return partner


def edit(
    session: Session,
    actor: Actor,
    scope: Scope,
    partner_id: UUID,
    changes: Mapping[str, Any],
    *,
    https_only: bool,
) -> Partner:
    """Change some fields; the history keeps old and new of each. No difference: nothing is written.

    Raises NotFound, Forbidden and InvalidPayload.
    """
    partner = queries.lock(session, scope, partner_id, MANAGE)
    known = {name: value for name, value in changes.items() if name in rules.EDITABLE}
    cleaned = rules.clean(known, https_only=https_only)
    difference = {
        n: [getattr(partner, n), v] for n, v in cleaned.items() if getattr(partner, n) != v
    }
    new = {name: pair[1] for name, pair in difference.items()}
    for name, value in _columns(partner.settings, new).items():
        setattr(partner, name, value)
    if difference:
        _flush(session)
        said = {n: [rules.for_log(n, v) for v in pair] for n, pair in difference.items()}
        _record(session, actor, "partner.updated", partner, said)
    if "webhook_url" in difference:
        address_changed(session, actor, partner.door)
    return partner


def switch(session: Session, actor: Actor, scope: Scope, partner_id: UUID, on: bool) -> Partner:
    """Switch a partner on or off. While off its keys are refused and its webhooks wait."""
    return edit(session, actor, scope, partner_id, {"is_active": on}, https_only=False)


def allow_venues(
    session: Session, actor: Actor, scope: Scope, partner_id: UUID, venues: Collection[UUID]
) -> Partner:
    """Of the websites where somebody manages partners, allow these venues and no others.

    Venues of other websites stay as they are. Raises NotFound, Forbidden and InvalidPayload.
    """
    partner = queries.lock(session, scope, partner_id, queries.VIEW)
    mine = {place.venue_id for place in queries.places_of(session, [partner.id])[partner.id]
            if scope.can(MANAGE, place.website_id)}  # fmt: skip
    added = _allow(session, scope, partner, set(venues) - mine)
    gone = mine - set(venues)
    removed = _names(session, gone)
    theirs = PartnerVenue.partner_id == partner.id
    session.execute(delete(PartnerVenue).where(theirs, PartnerVenue.venue_id.in_(gone)))
    _demand_a_venue(session, scope, partner)
    if added or removed:
        pair = [removed or None, added or None]
        _record(session, actor, "partner.venues_changed", partner, {"venues": pair})
    return partner


def rotate_webhook_secret(
    session: Session,
    actor: Actor,
    scope: Scope,
    partner_id: UUID,
    overlap: timedelta,
    now: datetime,
) -> str:
    """A new secret, in clear for the last time. For `overlap` the old one signs as well."""
    partner = queries.lock(session, scope, partner_id, MANAGE)
    secret = new_webhook_secret()
    partner.old_webhook_secret = partner.webhook_secret
    partner.old_secret_until = now + overlap
    partner.webhook_secret = secret
    session.flush()
    until = partner.old_secret_until.isoformat()
    _record(session, actor, "partner.webhook_secret_rotated", partner, {}, until=until)
    address_changed(session, actor, partner.door)
    return secret


def key_owner(session: Session, partner: Partner) -> Owner:
    """The partner as the owner of its keys, which begin with its name."""
    slug = "-".join(re.findall(r"[a-z0-9]+", partner.name.lower()))[:30].strip("-")
    return Owner(partner_id=partner.id, slug=slug or "partner", at=home_of(session, partner))


def home_of(session: Session, partner: Partner) -> str | None:
    """The website in whose part of the log a partner stands: where it books, if at one alone."""
    websites = queries.websites_of(session, partner.id)
    return next(iter(websites)) if len(websites) == 1 else None


def _columns(settings: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values by column: settings are kept together."""
    chosen = {name: values[name] for name in rules.SETTINGS if name in values}
    plain = {name: value for name, value in values.items() if name not in rules.SETTINGS}
    return plain | ({"settings": {**settings, **chosen}} if chosen else {})


def _allow(session: Session, scope: Scope, partner: Partner, venues: Collection[UUID]) -> list[str]:
    """Allow venues; their names. Raises InvalidPayload and Forbidden."""
    if not venues:
        return []
    found = session.scalars(select(Venue).where(Venue.id.in_(venues)).order_by(Venue.name)).all()
    if len(found) < len(set(venues)):
        raise InvalidPayload("A venue is unknown.", [Fault("venues", "Choose from the list.")])
    if not all(scope.can(MANAGE, venue.website_id) for venue in found):
        raise Forbidden("You may allow venues only where you manage partners.")
    rows = [{"partner_id": partner.id, "venue_id": venue.id} for venue in found]
    session.execute(insert(PartnerVenue), rows)
    return [venue.name for venue in found]


def _names(session: Session, venues: Collection[UUID]) -> list[str]:
    if not venues:
        return []
    query = select(Venue.name).where(Venue.id.in_(venues))
    return list(session.scalars(query.order_by(Venue.name)))


def _demand_a_venue(session: Session, scope: Scope, partner: Partner) -> None:
    """Without a venue nobody but who manages everywhere would ever see it again."""
    if scope.can(MANAGE) or queries.websites_of(session, partner.id):
        return
    fault = Fault("venues", "Leave it at least one. To stop it from booking, switch it off.")
    raise InvalidPayload("A partner needs a venue.", [fault])


def _flush(session: Session) -> None:
    """Write. Raises InvalidPayload for an e-mail address that is taken: then roll back."""
    try:
        session.flush()
    except IntegrityError as error:
        fault = Fault("contact_email", "Another partner has this e-mail address.")
        raise InvalidPayload("This partner exists.", [fault]) from error


def _record(
    session: Session,
    actor: Actor,
    name: str,
    partner: Partner,
    changes: dict[str, list[Any]],
    **meta: Any,
) -> None:
    home = home_of(session, partner)
    event = NewEvent(name, "partner", str(partner.id), changes, meta, website_id=home)
    record(session, actor, event)
