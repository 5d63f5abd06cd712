"""What managers see on top of every page while something is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Flask, g, request, session
from flask_login import current_user
from werkzeug.local import LocalProxy

from app.alerts import queries
from app.alerts.models import Alert
from app.extensions import db
from app.staff.context import current_scope
from app.staff.permissions import Permission

SEEN = "alerts_seen"
MOST = 20
"""Alerts that a session remembers as put away."""


def init_banner(app: Flask) -> None:
    """Give every template `trouble`. Nothing is read until a page with a frame shows it."""

    @app.context_processor
    def trouble() -> dict[str, Any]:
        return {"trouble": LocalProxy(_once)}


def put_away() -> None:
    """Show none of what fires now any more in this session."""
    session[SEEN] = [_mark(alert) for alert in _firing()][-MOST:]


def _once() -> Sequence[Alert]:
    if "trouble" not in g:
        g.trouble = _to_show()
    found: Sequence[Alert] = g.trouble
    return found


def _to_show() -> Sequence[Alert]:
    if not current_user.is_authenticated or (request.endpoint or "").startswith("health."):
        return []
    seen = set(session.get(SEEN, ()))
    return [alert for alert in _firing() if _mark(alert) not in seen]


def _firing() -> Sequence[Alert]:
    if not current_scope().can_somewhere(Permission.WEBSITES_MANAGE):
        return []
    websites = current_scope().websites(Permission.WEBSITES_MANAGE)
    return queries.firing(db.session(), websites)


def _mark(alert: Alert) -> str:
    """Enough of its id to know it again."""
    return alert.id.hex[-12:]
