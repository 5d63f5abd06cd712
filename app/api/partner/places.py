"""`/api/partner`: signing in, and what there is to book: locations, dive sites, availability."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response
from sqlalchemy import select

from app.api.bodies import read_body, read_query
from app.api.describing import describes
from app.api.limits import spend_stranger
from app.api.offering import availability_json, offers_of
from app.api.partner import caller as callers
from app.api.partner.calls import GROUP, OPEN, SECURITY, answer, reading
from app.api.partner.tokens import LIFETIME, write_token
from app.api.schemas.answers import TokenAnswer
from app.api.schemas.partner import AvailabilityQuery, TokenBody, kind_of
from app.api.schemas.partner_answers import AvailabilityAnswer, DiveSitesAnswer, LocationsAnswer
from app.apikeys.models import KeyScope
from app.errors import AuthFailed, Forbidden, NotFound
from app.extensions import csrf, db
from app.partners.callers import PartnerCaller
from app.plain import plain
from app.staff.context import now, settings
from app.staff.guards import public
from app.venues.loading import load
from app.venues.models import Activity, DiveSite, Venue

places = Blueprint("api_partner", __name__, url_prefix="/api/partner")
csrf.exempt(places)

READ = KeyScope.READ_AVAILABILITY


@places.post("/auth/token")
@public(OPEN)
@describes(GROUP, answers={200: TokenAnswer}, body=TokenBody, errors=(AuthFailed, Forbidden))
def token() -> Response:
    """Exchange key and secret for a token that works for an hour."""
    body = read_body(TokenBody)
    try:
        found = callers.by_key(body.api_key.strip())
        callers.demand_secret(found.key, body.api_secret.strip())
    except AuthFailed:
        spend_stranger()
        raise
    callers.admit(found, None)
    text = write_token(settings(), found.key, now())
    lifetime = int(LIFETIME.total_seconds())
    return answer(200, {"access_token": text, "token_type": "Bearer", "expires_in": lifetime})


@places.get("/locations")
@public(OPEN)
@describes(GROUP, answers={200: LocationsAnswer}, errors=(AuthFailed, Forbidden), security=SECURITY)
def list_locations() -> Response:
    """The locations where you may book, with what they offer."""
    return reading(READ, lambda found: {"success": True, "locations": _locations(found)})


def _locations(found: PartnerCaller) -> list[dict[str, Any]]:
    session, ids = db.session(), list(found.venues)
    query = select(Venue).where(Venue.id.in_(ids), Venue.is_active)
    activities = select(Activity).where(Activity.venue_id.in_(ids), Activity.is_active)
    offered: dict[UUID, list[dict[str, Any]]] = {venue_id: [] for venue_id in ids}
    for activity in session.scalars(activities.order_by(Activity.position, Activity.name)):
        offered[activity.venue_id].append(_activity(activity))
    return [
        {
            "id": str(venue.id),
            "name": venue.name,
            "address": venue.address,
            "phone": venue.phone,
            "timezone": venue.timezone,
            "cancellation_hours": venue.cancellation_hours,
            "activities": offered[venue.id],
        }
        for venue in session.scalars(query.order_by(Venue.name, Venue.id))
    ]


def _activity(activity: Activity) -> dict[str, Any]:
    return {
        "id": str(activity.id),
        "name": activity.name,
        "description": activity.description,
        "kind": activity.kind,
        "price": plain(activity.price),
        "duration_minutes": activity.duration_minutes,
        "min_party": activity.min_party,
        "max_party": activity.max_party,
    }


@places.get("/dive-sites")
@public(OPEN)
@describes(GROUP, answers={200: DiveSitesAnswer}, errors=(AuthFailed, Forbidden), security=SECURITY)
def list_dive_sites() -> Response:
    """Where the dive centres of your locations go."""
    return reading(READ, lambda found: {"success": True, "dive_sites": _dive_sites(found)})


def _dive_sites(found: PartnerCaller) -> list[dict[str, Any]]:
    query = (
        select(DiveSite)
        .join(Venue, Venue.id == DiveSite.venue_id)
        .where(DiveSite.venue_id.in_(list(found.venues)), DiveSite.is_active, Venue.is_active)
        .order_by(DiveSite.name, DiveSite.id)
    )
    return [
        {
            "id": str(site.id),
            "location_id": str(site.venue_id),
            "name": site.name,
            "description": site.description,
            "max_depth": site.max_depth,
            "level": site.level,
        }
        for site in db.session.scalars(query)
    ]


@places.get("/availability")
@public(OPEN)
@describes(
    GROUP,
    answers={200: AvailabilityAnswer},
    query=AvailabilityQuery,
    errors=(AuthFailed, Forbidden, NotFound),
    security=SECURITY,
)
def show_availability() -> Response:
    """What can be booked at a location on a day, and how many places are left."""
    return reading(READ, _availability)


def _availability(found: PartnerCaller) -> dict[str, Any]:
    query = read_query(AvailabilityQuery)
    if query.location_id not in found.venues:
        raise NotFound("There is no such location.")
    (plan,) = load(db.session(), [query.location_id], query.date, query.date)
    kind = kind_of(query.activity_type) if query.activity_type else None
    offers = offers_of(plan, query.activity_id, kind)
    if query.activity_id and not offers:
        raise NotFound("There is no such activity at this location.")
    return availability_json(plan, query.date, now(), offers, query.party_size)
