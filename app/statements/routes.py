"""The list of partners, and what one of them brings and is owed."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from datetime import date
from uuid import UUID

from flask import Blueprint, Response, request

from app.extensions import db
from app.partners import queries as partners
from app.partners.overview import Overview, overview
from app.partners.routes import crumbs
from app.staff.context import current_scope, now
from app.staff.guards import requires
from app.staff.permissions import Permission
from app.staff.scope import Scope
from app.statements.bringing import made_lately
from app.statements.papers import paper, sheet
from app.statements.statement import BASES, Statement
from app.statements.statement import statement as owed
from app.statements.statistics import SPANS, USUAL
from app.statements.statistics import statistics as brought
from app.web import page
from app.websites.context import zone_of

statements = Blueprint("statements", __name__, url_prefix="/partners")

VIEW = Permission.PARTNERS_VIEW
MOST_ROWS = 1_000
"""Bookings that the page shows; the files hold all."""
FILES: dict[str, tuple[Callable[[Statement], bytes], str]] = {
    "csv": (sheet, "text/csv"),
    "pdf": (paper, "application/pdf"),
}


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


@statements.get("/<uuid:partner_id>/statistics")
@requires(VIEW)
def statistics(partner_id: UUID) -> Response:
    """What a partner brought, by month."""
    session, scope = db.session(), current_scope()
    partner = partners.get(session, scope, partner_id)
    basis = _known("by", BASES, "booked")
    span = int(_known("months", [str(each) for each in SPANS], str(USUAL)))
    today = now().astimezone(zone_of()).date()
    return page(
        "partners/statistics.html",
        p=partner,
        crumbs=crumbs(partner),
        s=brought(session, scope, partner.id, basis, span, today),
        by=basis,
        span=span,
        bases=list(BASES.items()),
        spans=list(SPANS.items()),
    )


@statements.get("/<uuid:partner_id>/statement")
@requires(VIEW, Permission.PAYMENTS_VIEW)
def statement(partner_id: UUID) -> Response:
    """What is owed because of a partner's bookings of one month: as page, CSV or PDF."""
    session, scope = db.session(), current_scope()
    partner = partners.get(session, scope, partner_id)
    today = now().astimezone(zone_of()).date()
    month = _month(request.args.get("month", "")) or today.replace(day=1)
    made = owed(session, scope, partner, month, _known("by", BASES, "booked"))
    if request.args.get("as") in FILES:
        return _file(made, request.args["as"])
    return page(
        "partners/statement.html",
        p=partner,
        crumbs=crumbs(partner),
        s=made,
        months=_months(today, month),
        bases=list(BASES.items()),
        most=MOST_ROWS,
    )


def _file(made: Statement, kind: str) -> Response:
    write, mime = FILES[kind]
    slug = "-".join(re.findall(r"[a-z0-9]+", made.partner.name.lower())) or "partner"
    answer = Response(write(made), mimetype=mime)
    name = f"statement-{slug}-{made.month:%Y-%m}.{kind}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _known(name: str, known: Collection[str], usual: str) -> str:
    value = request.args.get(name, "")
    return value if value in known else usual


def _month(text: str) -> date | None:
    """The first day of `2026-11`; None for what is no month."""
    if not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", text):
        return None
    return date.fromisoformat(f"{text}-01")


def _months(today: date, chosen: date) -> list[tuple[str, str]]:
    """Months to choose from, the latest first: two ahead, two years back, and the chosen one."""
    number = today.year * 12 + today.month - 1
    found = {date(n // 12, n % 12 + 1, 1) for n in range(number - 24, number + 3)} | {chosen}
    return [(f"{month:%Y-%m}", f"{month:%B %Y}") for month in sorted(found, reverse=True)]


def _seen_venues(rows: Sequence[Overview], scope: Scope) -> dict[UUID, list[str]]:
    """Names of the venues of each partner that stand under websites in sight."""
    return {
        row.partner.id: [p.venue for p in row.places if scope.can(VIEW, p.website_id)]
        for row in rows
    }
