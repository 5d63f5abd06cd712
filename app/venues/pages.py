"""What all pages of one venue share: its head, its tabs, its clock."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, request, url_for

from app.extensions import db
from app.staff.context import current_scope, now
from app.staff.permissions import Permission
from app.venues import hours, queries
from app.venues.models import Venue
from app.web import page
from app.websites.models import Website

VIEW = Permission.VENUES_VIEW
MANAGE = Permission.VENUES_MANAGE
TABS = (
    ("Overview", "venues.show"),
    ("Hours", "venue_hours.week"),
    ("Activities", "activities.index"),
    ("Menu", "menus.index"),
    ("Departures", "departures.index"),
    ("Dive sites", "dive_sites.index"),
    ("Preview", "venue_days.preview"),
)


def visible(venue_id: UUID, permission: Permission = VIEW) -> Venue:
    """The venue of this page. Raises NotFound and Forbidden."""
    return queries.get(db.session(), current_scope(), venue_id, permission)


def today_at(venue: Venue) -> date:
    """The date at the venue now."""
    return now().astimezone(ZoneInfo(venue.timezone)).date()


def asked_day(name: str, default: date) -> date:
    """A date from the address; the default where it is none of this century."""
    try:
        day = date.fromisoformat(request.values.get(name, ""))
    except ValueError:
        return default
    return day if 2000 <= day.year < 2100 else default


def monday_of(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def venue_page(
    template: str,
    venue: Venue,
    tab: str,
    fragment: str | None = None,
    status: int = 200,
    **context: Any,
) -> Response:
    """A page of a venue, under its tabs."""
    website = db.session.get_one(Website, venue.website_id)
    return page(
        template,
        fragment,
        status,
        v=venue,
        tab=tab,
        tabs_shown=_tabs(venue, tab),
        can_manage=current_scope().can(MANAGE, venue.website_id),
        website=venue.website_id,
        website_action=url_for("venues.index"),
        website_name=website.name,
        currency=website.currency,
        tz=ZoneInfo(venue.timezone),
        today=today_at(venue),
        said=hours.said,
        **context,
    )


def _tabs(venue: Venue, tab: str) -> list[dict[str, Any]]:
    there = queries.sites_and_tables(db.session(), venue.id)
    hidden = {label for label, has in zip(("Dive sites", "Menu"), there, strict=True) if not has}
    return [
        {"label": label, "href": url_for(place, venue_id=venue.id), "active": label == tab}
        for label, place in TABS
        if label not in hidden or label == tab
    ]
