"""The page Health, and putting its banner away."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, url_for
from sqlalchemy import select

from app.alerts import banner
from app.alerts.conditions import FAILING_FOR
from app.alerts.health import overview
from app.alerts.schedule_routes import my_jobs, my_websites
from app.deliveries.models import Destination
from app.deliveries.status import visible
from app.extensions import db
from app.schedule import looking
from app.staff.context import now, only_watching
from app.staff.guards import requires, while_viewing
from app.staff.permissions import Permission
from app.web import go, page, wants_fragment
from app.websites.context import zone_of

health = Blueprint("health", __name__)

MANAGE = Permission.WEBSITES_MANAGE


@health.get("/health")
@requires(MANAGE)
def index() -> Response:
    """Every condition with its measure; for htmx, which asks by itself, the figures alone."""
    if wants_fragment():
        only_watching()
    return page("alerts/health.html", "alerts/_health.html", **_context())


@health.post("/health/quiet")
@while_viewing
@requires(MANAGE)
def quiet() -> Response:
    """Put the banner away until something else happens, for this session."""
    banner.put_away()
    return Response("") if wants_fragment() else go(url_for("health.index"))


def _context() -> dict[str, Any]:
    session, instant, mine = db.session(), now(), my_websites()
    failing = session.scalars(
        select(Destination)
        .where(Destination.is_on, visible(Destination.website_id, mine))
        .where(Destination.failing_since < instant - FAILING_FOR)
        .order_by(Destination.failing_since)
    ).all()
    late = list(looking.late(session, my_jobs(session), instant))
    return {
        "overview": overview(session, mine, instant, len(failing), len(late)),
        "failing": failing,
        "late": late,
        "now": instant,
        "tz": zone_of(),
    }
