"""The JSON door of staff: the venues of one's websites, with what can be booked there in short."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from uuid import UUID

from flask import Blueprint, Response

from app.api.bodies import read_query
from app.api.describing import describes
from app.api.schemas.venues import VenueQuery, VenuesAnswer
from app.api.staff import json_answer
from app.extensions import db
from app.plain import plain
from app.staff.context import current_scope
from app.staff.guards import requires
from app.staff.permissions import Permission
from app.venues import queries
from app.venues.models import Activity
from app.venues.queries import Listed

staff_venues_api = Blueprint("api_staff_venues", __name__)

VENUES = "Staff: venues"


@staff_venues_api.get("/api/venues")
@requires(Permission.VENUES_VIEW)
@describes(VENUES, answers={200: VenuesAnswer}, query=VenueQuery)
def list_venues() -> Response:
    """The venues one may look at, by name, each with its activities."""
    session, query = db.session(), read_query(VenueQuery)
    found, following = queries.page(
        session, current_scope(), query.website_id or "", query.after or "", query.limit
    )
    by_venue: defaultdict[UUID, list[Activity]] = defaultdict(list)
    for activity in queries.activities(session, [each.venue.id for each in found]):
        by_venue[activity.venue_id].append(activity)
    rows = [_venue_json(each, by_venue[each.venue.id]) for each in found]
    return json_answer({"success": True, "venues": rows, "next": following})


def _venue_json(listed: Listed, activities: list[Activity]) -> dict[str, Any]:
    venue = listed.venue
    names = ("website_id", "name", "timezone", "address", "phone", "is_active")
    return {
        "id": str(venue.id),
        **{name: getattr(venue, name) for name in names},
        "activities": [_activity_json(each, listed.currency) for each in activities],
    }


def _activity_json(activity: Activity, currency: str) -> dict[str, Any]:
    names = (
        *("name", "kind", "slot_rule", "duration_minutes", "capacity", "is_active"),
        *("days", "min_age", "difficulty"),
    )
    return {
        "id": str(activity.id),
        **{name: getattr(activity, name) for name in names},
        "price": plain(activity.price),
        "currency": currency,
    }
