"""Pages of the menu of a venue: its sections, its dishes, and who has chosen them.

They are here and not with the menus because these know nothing of bookings.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request, url_for

from app.errors import Conflict, InvalidPayload
from app.extensions import db
from app.menus import actions, queries
from app.menus.models import MenuItem, MenuSection
from app.menus.rules import ITEM, SECTION, SERVED_WITH
from app.staff.context import current_actor, current_scope
from app.staff.guards import requires
from app.staff.permissions import Permission
from app.tables.queries import choosers
from app.venues.forms import Sheet, typed
from app.venues.models import Venue
from app.venues.pages import MANAGE, VIEW, today_at, venue_page, visible
from app.web import go, say

menus = Blueprint("menus", __name__, url_prefix="/venues/<uuid:venue_id>/menu")

SECTION_TEXTS = ("name", "booking_type")
ITEM_TEXTS = ("name", "description", "price", "allergens", "from_day", "until_day", "section_id")


@menus.get("")
@requires(VIEW)
def index(venue_id: UUID) -> Response:
    """The menu, with forms for one more dish and one more section."""
    return _page(visible(venue_id))


@menus.post("/sections")
@requires(MANAGE)
def add_section(venue_id: UUID) -> Response:
    """Add a section."""
    return _save_section(venue_id, None)


@menus.get("/sections/<uuid:section_id>")
@requires(VIEW)
def section(venue_id: UUID, section_id: UUID) -> Response:
    """The menu with the form of one section."""
    venue = visible(venue_id)
    found = queries.section(db.session(), venue, section_id)
    return _page(venue, section=found, sheet=Sheet({n: getattr(found, n) for n in SECTION}))


@menus.post("/sections/<uuid:section_id>")
@requires(MANAGE)
def edit_section(venue_id: UUID, section_id: UUID) -> Response:
    """Change a section."""
    return _save_section(venue_id, section_id)


@menus.post("/sections/<uuid:section_id>/switch")
@requires(MANAGE)
def switch_section(venue_id: UUID, section_id: UUID) -> Response:
    """Switch a section with all its dishes on or off."""
    changes = {"is_active": request.form.get("on") == "1"}
    saved = actions.save_section(
        db.session(), current_actor(), current_scope(), venue_id, changes, section_id
    )
    db.session.commit()
    say(f"{saved.name} is switched {'on' if saved.is_active else 'off'}.")
    return _back(venue_id)


@menus.post("/sections/<uuid:section_id>/move")
@requires(MANAGE)
def move_section(venue_id: UUID, section_id: UUID) -> Response:
    """One place up or down."""
    up = request.form.get("up") == "1"
    actions.move_section(
        db.session(), current_actor(), current_scope(), venue_id, section_id, up=up
    )
    db.session.commit()
    return _back(venue_id, f"section-{section_id}")


@menus.post("/sections/<uuid:section_id>/delete")
@requires(MANAGE)
def delete_section(venue_id: UUID, section_id: UUID) -> Response:
    """Take an empty section away."""
    who = (db.session(), current_actor(), current_scope())
    try:
        name = actions.delete_section(*who, venue_id, section_id)
    except Conflict as error:
        db.session.rollback()
        say(error.message, "warning")
        return _back(venue_id)
    db.session.commit()
    say(f"{name} is deleted.")
    return _back(venue_id)


@menus.post("/dishes")
@requires(MANAGE)
def add_item(venue_id: UUID) -> Response:
    """Add a dish to a section."""
    return _save_item(venue_id, None)


@menus.get("/dishes/<uuid:item_id>")
@requires(VIEW)
def item(venue_id: UUID, item_id: UUID) -> Response:
    """The menu with the form of one dish, and the coming bookings that have it."""
    venue = visible(venue_id)
    found, there = queries.item(db.session(), venue, item_id)
    stored = {name: getattr(found, name) for name in ITEM} | {"section_id": there.id}
    return _page(venue, item=found, sheet=Sheet(stored))


@menus.post("/dishes/<uuid:item_id>")
@requires(MANAGE)
def edit_item(venue_id: UUID, item_id: UUID) -> Response:
    """Change a dish."""
    return _save_item(venue_id, item_id)


@menus.post("/dishes/<uuid:item_id>/switch")
@requires(MANAGE)
def switch_item(venue_id: UUID, item_id: UUID) -> Response:
    """Make a dish available or not; who has it already in a coming booking is shown then."""
    changes = {"is_available": request.form.get("on") == "1"}
    who = (db.session(), current_actor(), current_scope())
    saved = actions.save_item(*who, venue_id, changes, item_id=item_id)
    db.session.commit()
    if saved.is_available:
        say(f"{saved.name} is available again.")
        return _back(venue_id, f"dish-{item_id}")
    chosen = len(choosers(db.session(), current_scope(), item_id, today_at(visible(venue_id))))
    if not chosen:
        say(f"{saved.name} is not available any more.")
        return _back(venue_id, f"dish-{item_id}")
    have = "1 coming booking has it" if chosen == 1 else f"{chosen} coming bookings have it"
    say(f"{saved.name} is not available any more. But {have}: they are listed here.", "warning")
    return go(url_for("menus.item", venue_id=venue_id, item_id=item_id))


@menus.post("/dishes/<uuid:item_id>/move")
@requires(MANAGE)
def move_item(venue_id: UUID, item_id: UUID) -> Response:
    """One place up or down in its section."""
    up = request.form.get("up") == "1"
    actions.move_item(db.session(), current_actor(), current_scope(), venue_id, item_id, up=up)
    db.session.commit()
    return _back(venue_id, f"dish-{item_id}")


@menus.post("/dishes/<uuid:item_id>/delete")
@requires(MANAGE)
def delete_item(venue_id: UUID, item_id: UUID) -> Response:
    """Take a dish away that nobody ever chose."""
    try:
        name = actions.delete_item(
            db.session(), current_actor(), current_scope(), venue_id, item_id
        )
    except Conflict as error:
        db.session.rollback()
        say(error.message, "warning")
        return _back(venue_id, f"dish-{item_id}")
    db.session.commit()
    say(f"{name} is deleted.")
    return _back(venue_id)


def _save_section(venue_id: UUID, section_id: UUID | None) -> Response:
    venue = visible(venue_id, MANAGE)
    found = queries.section(db.session(), venue, section_id) if section_id else None
    sheet = Sheet(typed(request.form, SECTION_TEXTS, ("is_main",)))
    who = (db.session(), current_actor(), current_scope())
    try:
        saved = actions.save_section(*who, venue_id, sheet.values, section_id)
    except InvalidPayload as error:
        db.session.rollback()
        shown = sheet.take(error)
        return _page(visible(venue_id), section=found, sheet=shown, form="section", status=422)
    db.session.commit()
    say(f"{saved.name} is saved.")
    return _back(venue_id, f"section-{saved.id}")


def _save_item(venue_id: UUID, item_id: UUID | None) -> Response:
    venue = visible(venue_id, MANAGE)
    session = db.session()
    found = queries.item(session, venue, item_id)[0] if item_id else None
    sheet = Sheet(typed(request.form, ITEM_TEXTS))
    section_id = _section_id(venue, str(sheet["section_id"]))
    if section_id is None:
        sheet.faults["section_id"] = "Choose a section of this menu."
        return _page(venue, item=found, sheet=sheet, form="dish", status=422)
    who = (session, current_actor(), current_scope())
    try:
        saved = actions.save_item(
            *who, venue_id, sheet.values, item_id=item_id, section_id=section_id
        )
    except InvalidPayload as error:
        session.rollback()
        shown = sheet.take(error)
        return _page(visible(venue_id), item=found, sheet=shown, form="dish", status=422)
    session.commit()
    say(f"{saved.name} is saved.")
    return _back(venue_id, f"dish-{saved.id}")


def _section_id(venue: Venue, text: str) -> UUID | None:
    found = queries.sections(db.session(), venue.id)
    return next((each.id for each in found if str(each.id) == text), None)


def _back(venue_id: UUID, anchor: str | None = None) -> Response:
    return go(url_for("menus.index", venue_id=venue_id, _anchor=anchor))


def _page(
    venue: Venue,
    *,
    section: MenuSection | None = None,
    item: MenuItem | None = None,
    sheet: Sheet | None = None,
    form: str = "",
    status: int = 200,
) -> Response:
    session, scope = db.session(), current_scope()
    found = queries.menu(session, venue.id)
    about: dict[str, Any] = {"chosen": (), "may_delete": False}
    if item is not None:
        about["chosen"] = choosers(session, scope, item.id, today_at(venue))
        about["may_delete"] = not queries.was_chosen(session, item.id)
    return venue_page(
        "menus/index.html",
        venue,
        "Menu",
        status=status,
        found=found,
        section=section,
        item=item,
        sheet=sheet or Sheet({"is_main": True}),
        form=form or ("section" if section else "dish" if item else ""),
        sees_bookings=scope.can(Permission.BOOKINGS_VIEW, venue.website_id),
        served_with=list(SERVED_WITH.items()),
        **about,
    )
