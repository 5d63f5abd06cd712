"""The websites of whoever is asking: for routes and templates; never for actions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from flask_login import current_user
from sqlalchemy import ColumnElement

from app.errors import WebsiteNotFound
from app.frame import frame
from app.staff.context import current_scope
from app.websites import queries
from app.websites.queries import WebsiteName


def names_of_websites() -> ColumnElement[Any]:
    """The part of every page's frame that `visible_websites` reads."""
    return queries.names(current_scope())


def visible_websites() -> Sequence[WebsiteName]:
    """Names of the websites this person works for; read once in a request."""
    if not current_user.is_authenticated:
        return []
    return [WebsiteName(*row) for row in frame["websites"] or ()]


def zone_of(website_id: str = "") -> ZoneInfo:
    """The zone of a website; without one: the most common among those that are visible.

    Raises WebsiteNotFound when it is not visible.
    """
    zones = {website.id: website.timezone for website in visible_websites()}
    if website_id:
        if website_id not in zones:
            raise WebsiteNotFound("This website does not exist.")
        return ZoneInfo(zones[website_id])
    common = Counter(zones.values()).most_common(1)
    return ZoneInfo(common[0][0] if common else "UTC")
