"""The list of partners, and what one of them brings and is owed."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from flask import Blueprint, Response, request

from app.extensions import db
from app.partners import queries as partners
from app.partners.overview import Overview, overview
from app.staff.context import current_scope, now
from app.staff.guards import requires
from app.staff.permissions import Permission
from app.staff.scope import Scope
from app.statements.bringing import made_lately
from app.web import page

statements = Blueprint("statements", __name__, url_prefix="/partners")

VIEW = Permission.PARTNERS_VIEW


@statements.get("")
@requires(VIEW)
def index() -> Response:
    """Every partner this person may look at."""
    session, scope = db.session(), current_scope()
    website = request.args.get("website", "")
    found = partners.page(session, scope, website, request.args.get("after", ""))
    rows = overview(session, found.rows, now())
    return page(
        "partners/index.html",
        rows=rows,
        lately=made_lately(session, scope, [partner.id for partner in found.rows], now()),
        following=found.next,
        seen=_seen_venues(rows, scope),
        can_add=scope.can_somewhere(Permission.PARTNERS_MANAGE),
    )


def _seen_venues(rows: Sequence[Overview], scope: Scope) -> dict[UUID, list[str]]:
    """Names of the venues of each partner that stand under websites in sight."""
    return {
        row.partner.id: [p.venue for p in row.places if scope.can(VIEW, p.website_id)]
        for row in rows
    }
