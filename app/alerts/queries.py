"""Reading alerts. `websites` is what the caller manages: ids, or None for all."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from app.alerts.conditions import TOLD_TO_ALL
from app.alerts.models import Alert

Websites = Collection[str] | None


def _told_to(websites: Websites) -> ColumnElement[bool]:
    """Those of their websites, and what concerns everybody. What is the installation's otherwise
    (a partner's endpoint, a job for all) is for who manages all."""
    if websites is None:
        return true()
    return or_(Alert.website_id.in_(sorted(websites)), Alert.condition.in_(sorted(TOLD_TO_ALL)))


def firing(websites: Websites) -> ColumnElement[Any]:
    """What is not as it should be just now, oldest first: `[{"id", "message"}]`, null for nothing.
    A part of every page's frame."""
    one = func.json_build_object("id", Alert.id, "message", Alert.message)
    query = select(func.json_agg(aggregate_order_by(one, Alert.fired_at, Alert.id)))
    return query.where(Alert.resolved_at.is_(None), _told_to(websites)).scalar_subquery()


def since(session: Session, websites: Websites, begin: datetime) -> Sequence[Alert]:
    """Everything that fired at or after `begin`, or still did then; the newest first."""
    open_then = Alert.resolved_at.is_(None) | (Alert.resolved_at >= begin)
    # What fired before is found by the small index of what is open, or among the last weeks.
    query = select(Alert).where(open_then, _told_to(websites))
    return session.scalars(query.order_by(Alert.fired_at.desc(), Alert.id).limit(200)).all()
