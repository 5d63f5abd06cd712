"""What managers see on top of every page while something is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Flask, request, session
from flask_login import current_user
from sqlalchemy import ColumnElement
from werkzeug.local import LocalProxy

from app.alerts import queries
from app.frame import frame
from app.staff.context import current_scope
from app.staff.permissions import Permission

SEEN = "alerts_seen"
MOST = 20
"""Alerts that a session remembers as put away."""


def init_banner(app: Flask) -> None:
    """Give every template `trouble`. Nothing is read until a page with a frame shows it."""
    frame.add("alerts", _firing)

    @app.context_processor
    def trouble() -> dict[str, Any]:
        return {"trouble": LocalProxy(_to_show)}


def put_away() -> None:
    """Show none of what fires now any more in this session."""
    session[SEEN] = [_mark(alert) for alert in frame["alerts"] or ()][-MOST:]


def _to_show() -> Sequence[Mapping[str, str]]:
    if not current_user.is_authenticated or (request.endpoint or "").startswith("health."):
        return []
    seen = set(session.get(SEEN, ()))
    return [alert for alert in frame["alerts"] or () if _mark(alert) not in seen]


def _firing() -> ColumnElement[Any] | None:
    scope = current_scope()
    if not scope.can_somewhere(Permission.WEBSITES_MANAGE):
        return None
    return queries.firing(scope.websites(Permission.WEBSITES_MANAGE))


def _mark(alert: Mapping[str, str]) -> str:
    """Enough of its id to know it again."""
    return alert["id"].replace("-", "")[-12:]
