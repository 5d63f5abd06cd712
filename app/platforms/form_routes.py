"""The form of a connection: what was typed is tried at the platform before anything is saved.

A failed test keeps what was typed. Secrets never come back into the page: those that were typed
travel sealed until they are saved.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request, url_for

from app.errors import Conflict, HubError, InvalidPayload
from app.extensions import db
from app.platforms import actions, drafts, forms, pages, queries, registry, rules, serving
from app.platforms.base import Kind
from app.platforms.forms import AccountSheet
from app.platforms.queries import MANAGE, VIEW
from app.platforms.trying import Tested, tried, tried_for
from app.staff.context import current_actor, current_person, current_scope
from app.staff.guards import requires
from app.venues.models import Venue
from app.web import go, page, say

platform_forms = Blueprint("platform_forms", __name__, url_prefix="/platforms")


@platform_forms.get("/new")
@requires(MANAGE)
def choose() -> Response:
    """Choose venue and platform; once both are chosen, an empty form."""
    session = db.session()
    kind, venue = registry.KINDS.get(request.args.get("platform_type", "")), _venue()
    if kind is None or venue is None:
        return page("platforms/choose.html", **_choice())
    for there in queries.of_venue(session, venue.id):
        if there.platform_type == kind.type:
            say(f"{venue.name} is connected to {kind.label} already: here it is.", "info")
            return go(url_for("platforms.show", connection_id=there.id))
    return _new_page(kind, venue, forms.stored(kind, None))


@platform_forms.post("/new")
@requires(MANAGE)
def add() -> Response:
    """Try what was typed; connect the venue if it works, or switched off if that is wanted."""
    session, scope = db.session(), current_scope()
    kind, venue = registry.KINDS.get(request.form.get("platform_type", "")), _venue()
    if kind is None or venue is None:
        say("Choose the venue and the platform first.", "warning")
        return page("platforms/choose.html", None, 422, **_choice())
    values = forms.read(request.form, kind, current_person().id)
    asked, tested = _asked(), None
    try:
        tested = tried(session, drafts.draft(session, scope, values))
        if asked == "test":
            return _new_page(kind, venue, _typed(kind, values), tested)
        values["is_enabled"] = asked != "off"
        made = actions.connect(session, current_actor(), scope, values, tested).connection
    except (InvalidPayload, Conflict) as error:
        session.rollback()
        return _new_page(kind, venue, _typed(kind, values, error), tested, 422)
    there = url_for("platforms.show", connection_id=made.id)
    session.commit()
    _say_saved("Connected." if asked != "off" else "Saved, and switched off.", tested)
    return go(there)


@platform_forms.route("/<uuid:connection_id>/edit", methods=["GET", "POST"])
@requires(MANAGE)
def edit(connection_id: UUID) -> Response:
    """Change account, options and service; a changed account is tried first."""
    session, scope = db.session(), current_scope()
    found = queries.get(session, scope, connection_id, MANAGE)
    kind = rules.kind_of(found.platform_type)
    if request.method == "GET":
        return _edit_page(connection_id, forms.stored(kind, found))
    values = forms.read(request.form, kind, current_person().id)
    asked, tested = _asked(), None
    if asked == "off":
        values["is_enabled"] = False
    try:
        if asked == "test":
            tested = tried(session, drafts.draft_of(session, found, values))
            return _edit_page(connection_id, _typed(kind, values), tested)
        tested = tried_for(session, found, values)
        actions.edit(session, current_actor(), scope, connection_id, values, tested)
    except (InvalidPayload, Conflict) as error:
        session.rollback()
        return _edit_page(connection_id, _typed(kind, values, error), tested, 422)
    session.commit()
    _say_saved("Saved." if asked != "off" else "Saved, and switched off.", tested)
    return go(url_for("platforms.show", connection_id=connection_id))


def _asked() -> str:
    """The button: `test`, `off`, or empty for saving."""
    return request.form.get("do", "")


def _typed(kind: Kind, values: Mapping[str, Any], error: HubError | None = None) -> AccountSheet:
    sheet = forms.shown(kind, values, current_person().id)
    if error is not None and not isinstance(error, actions.NotWorking):
        sheet.take(error)
    return sheet


def _new_page(
    kind: Kind,
    venue: Venue,
    sheet: AccountSheet,
    tested: Tested | None = None,
    status: int = 200,
) -> Response:
    return page(
        *("platforms/new.html", None, status),
        venue=venue,
        has_secret=False,
        is_on=True,
        crumbs=pages.crumbs(),
        **_form(kind, venue.id, sheet, tested),
    )


def _edit_page(
    connection_id: UUID, sheet: AccountSheet, tested: Tested | None = None, status: int = 200
) -> Response:
    found = queries.get(db.session(), current_scope(), connection_id, MANAGE)
    kind = rules.kind_of(found.platform_type)
    return page(
        *("platforms/edit.html", None, status),
        venue=db.session.get_one(Venue, found.venue_id),
        has_secret=bool(found.configuration),
        is_on=found.is_enabled,
        c=found,
        crumbs=pages.crumbs(found),
        **_form(kind, found.venue_id, sheet, tested),
    )


def _form(kind: Kind, venue_id: UUID, sheet: AccountSheet, tested: Tested | None) -> dict[str, Any]:
    services = serving.services(db.session(), venue_id)
    return {"kind": kind, "sheet": sheet, "tested": tested, "services": services}


def _choice() -> dict[str, Any]:
    return {
        "venues": queries.venues(db.session(), current_scope()),
        "kinds": registry.KINDS.values(),
        "venue_chosen": pages.asked_venue(),
        "kind_chosen": request.values.get("platform_type", ""),
        "crumbs": pages.crumbs(),
    }


def _venue() -> Venue | None:
    """The venue of the address or the form, where connections may be made; else None.

    Raises Forbidden where they may only be seen, and NotFound.
    """
    asked = pages.asked_venue()
    venue = db.session.get(Venue, asked) if asked else None
    if venue is not None:
        current_scope().demand(MANAGE, venue.website_id, seen_with=VIEW)
    return venue


def _say_saved(text: str, tested: Tested | None) -> None:
    if tested is None:
        say(text)
    else:
        say(f"{text} {tested.message}", "success" if tested.works else "warning")
