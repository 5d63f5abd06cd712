"""What every page shows around its own content: menu, website switcher, theme."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, current_app, g, request, url_for
from flask_login import current_user
from sqlalchemy import ColumnElement
from werkzeug.local import LocalProxy

from app.deliveries import status as deliveries
from app.frame import frame
from app.manifest import queries as manifest
from app.platforms import queries as platforms
from app.selfservice.desk_routes import waiting as requests_waiting
from app.staff.context import current_scope, viewed_person
from app.staff.permissions import Permission
from app.tables import queries as tables
from app.web import asset
from app.websites.context import names_of_websites, visible_websites

T = TypeVar("T")
THEMES = ("light", "dark")


@dataclass(frozen=True)
class Place:
    """An entry of the menu. It shows for whoever holds the permission, once its page exists."""

    label: str
    endpoint: str
    icon: str
    key: str
    """Letter after `g`."""
    permission: Permission
    troubles: str | None = None
    """The part of the frame that counts what needs somebody there: shown beside the label."""
    is_wanted: str | None = None
    """The part that says whether there is anything to see there; always, where it is None."""


def any_tables() -> ColumnElement[bool] | None:
    """Whether a venue of this person's websites has tables."""
    scope = current_scope()
    may_see = scope.can_somewhere(Permission.BOOKINGS_VIEW)
    return tables.any_tables(scope) if may_see else None


def any_departures() -> ColumnElement[bool] | None:
    """Whether anything departs from one."""
    scope = current_scope()
    may_see = scope.can_somewhere(Permission.BOOKINGS_VIEW)
    return manifest.any_departures(scope) if may_see else None


def any_platforms() -> ColumnElement[bool] | None:
    """Whether a venue of theirs is connected to a booking platform, or could be."""
    scope = current_scope()
    return platforms.wanted(scope) if scope.can_somewhere(Permission.PLATFORMS_VIEW) else None


def failed_deliveries() -> ColumnElement[int] | None:
    """Deliveries that failed, of the websites whose sync this person sees."""
    scope = current_scope()
    may_see = scope.can_somewhere(Permission.SYNC_VIEW)
    return deliveries.failed(scope.websites(Permission.SYNC_VIEW)) if may_see else None


MENU = (
    Place("Today", "desk.today", "calendar-event", "t", Permission.BOOKINGS_VIEW),
    Place(
        *("Tables", "tables.index", "tools-kitchen-2", "l", Permission.BOOKINGS_VIEW),
        is_wanted="tables",
    ),
    Place(
        *("Departures", "manifest.index", "walk", "d", Permission.BOOKINGS_VIEW),
        is_wanted="departures",
    ),
    Place("Bookings", "bookings.index", "list-details", "b", Permission.BOOKINGS_VIEW),
    Place(
        *("Requests", "requests.index", "inbox", "q", Permission.BOOKINGS_VIEW),
        troubles="requests",
        is_wanted="requests",
    ),
    Place("Customers", "customers.index", "user", "c", Permission.CUSTOMERS_VIEW),
    Place("Venues", "venues.index", "map-pin", "v", Permission.VENUES_VIEW),
    Place(
        *("Platforms", "platforms.index", "plug", "o", Permission.PLATFORMS_VIEW),
        is_wanted="platforms",
    ),
    Place("Messages", "messages.index", "message", "m", Permission.MESSAGES_VIEW),
    Place("Partners", "statements.index", "building-store", "n", Permission.PARTNERS_VIEW),
    Place("Payments", "payments.index", "cash", "y", Permission.PAYMENTS_VIEW),
    Place("Reports", "reports.index", "chart-bar", "e", Permission.REPORTS_VIEW),
    Place("Websites", "websites.index", "world", "w", Permission.WEBSITES_VIEW),
    Place("Team", "team.index", "users", "p", Permission.TEAM_VIEW),
    Place("Roles", "roles.index", "shield-lock", "r", Permission.TEAM_VIEW),
    Place(
        *("Sync", "sync.index", "arrows-exchange", "s", Permission.SYNC_VIEW),
        troubles="failed",
    ),
    Place("Health", "health.index", "circle-check", "h", Permission.WEBSITES_MANAGE),
    Place("Audit", "audit.index", "history", "a", Permission.AUDIT_VIEW),
)


PORTAL = (
    ("Bookings", "portal.index", "list-details", "b"),
    ("Customers", "portal.customers", "users", "c"),
    ("Commission", "portal.commission", "cash", "m"),
    ("Keys", "portal.keys", "key", "k"),
    ("Webhooks", "portal.webhooks", "webhook", "w"),
)
"""What people of a partner have instead: label, endpoint, icon, key."""


def init_shell(app: Flask) -> None:
    """Give it to every template. Nothing is read from the database until a template uses it."""
    # Macros see globals only, not the context of the page that uses them.
    app.jinja_env.globals.update(asset=asset, may=may, Permission=Permission)
    frame.add("websites", names_of_websites)
    frame.add("tables", any_tables)
    frame.add("departures", any_departures)
    frame.add("platforms", any_platforms)
    frame.add("failed", failed_deliveries)
    frame.add("requests", requests_waiting)

    @app.context_processor
    def shell() -> dict[str, Any]:
        return {
            "theme": request.cookies.get("theme") if _theme_is_known() else "auto",
            "request_id": g.get("request_id", ""),
            "nav": LocalProxy(_once("nav", menu)),
            "websites": LocalProxy(_once("visible_websites", visible_websites)),
            "website": request.args.get("website", ""),
            "viewing": LocalProxy(viewed_person),
            "account_url": url_for("staff.profile"),
        }


def menu() -> list[dict[str, Any]]:
    """The entries this person may open."""
    if current_user.is_authenticated and current_user.partner_id is not None:
        return [_portal_entry(*place) for place in PORTAL]
    scope = current_scope()
    return [
        {
            "label": place.label,
            "href": url_for(place.endpoint),
            "icon": place.icon,
            "key": place.key,
            "active": _is_here(url_for(place.endpoint)),
            "badge": frame[place.troubles] if place.troubles else 0,
            "badge_tone": "red",
        }
        for place in MENU
        if place.endpoint in current_app.view_functions
        and scope.can_somewhere(place.permission)
        and (place.is_wanted is None or frame[place.is_wanted])
    ]


def _portal_entry(label: str, endpoint: str, icon: str, key: str) -> dict[str, Any]:
    href = url_for(endpoint)
    active = _is_here(href)
    if endpoint == "portal.index":  # the others lie below it
        active = request.endpoint in (endpoint, "portal.booking")
    return {"label": label, "href": href, "icon": icon, "key": key, "active": active}


def _is_here(href: str) -> bool:
    """Whether this page is the place itself, or below it."""
    return request.path == href or (href != "/" and request.path.startswith(f"{href}/"))


def may(permission: Permission, website_id: str | None = None) -> bool:
    """Whether the signed-in person holds it for the website; without one: for any."""
    scope = current_scope()
    if website_id is None:
        return scope.can_somewhere(permission)
    return scope.can(permission, website_id)


def _theme_is_known() -> bool:
    return request.cookies.get("theme") in THEMES


def _once(name: str, make: Callable[[], T]) -> Callable[[], T]:
    def get() -> T:
        if name not in g:
            setattr(g, name, make())
        value: T = g.get(name)
        return value

    return get
