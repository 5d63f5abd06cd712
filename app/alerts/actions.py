"""Firing and resolving: each alert is told once when it begins and once when it is over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, delete, func, literal_column, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.alerts.conditions import TITLES, Condition, Finding, find
from app.alerts.models import Alert, CallMinute
from app.events.actions import record
from app.events.models import SYSTEM, NewEvent
from app.schedule.jobs import Job, Task, schedule
from app.schedule.rhythm import Every

KEEP_CALLS, KEEP_ALERTS = timedelta(days=30), timedelta(days=400)
BATCH = 1_000


def job() -> Job:
    """The look at every condition, by one worker each minute."""
    return Job(
        name="alerts",
        rhythm=Every(timedelta(minutes=1)),
        label="Look for trouble",
        made=lambda due_at: [Task("conditions", partial(check, now=due_at))],
        keep=timedelta(days=2),
    )


def check(session: Session, now: datetime) -> int:
    """Compare what is with what should be. Returns how many alerts began or ended.

    An alert ends when its condition was found not to hold twice in a row, at different times: what
    comes and goes is one alert and not many.
    """
    found = find(session, schedule, now)
    fired = sum(_fire(session, finding, now) for finding in found)
    return fired + _calm(session, {(each.condition, each.key) for each in found}, now)


def _fire(session: Session, finding: Finding, now: datetime) -> bool:
    """Begin an alert, or note that it goes on. Returns whether it began."""
    latest = {
        "website_id": finding.website_id,
        "message": finding.message,
        "value": finding.value,
        "seen_at": now,
    }
    row = {"condition": finding.condition.value, "key": finding.key, "fired_at": now, **latest}
    statement = insert(Alert).values(**row)
    statement = statement.on_conflict_do_update(
        index_elements=["condition", "key"],
        index_where=Alert.resolved_at.is_(None),
        set_={**latest, "calm_since": None},
    )
    began: ColumnElement[bool] = literal_column("(xmax = 0)")  # inserted, not updated
    alert_id, is_new = session.execute(statement.returning(Alert.id, began)).one()
    if is_new:
        _tell(session, "alert.fired", alert_id, finding.website_id, _said(finding))
    return bool(is_new)


def _calm(session: Session, holding: set[tuple[Condition, str]], now: datetime) -> int:
    """Note what does not hold any more, and end what did not hold the last time either."""
    query = select(Alert).where(Alert.resolved_at.is_(None)).order_by(Alert.id)
    rows: Sequence[Alert] = session.scalars(query.with_for_update()).all()
    over = [row for row in rows if (Condition(row.condition), row.key) not in holding]
    ended = [row for row in over if row.calm_since is not None and row.calm_since < now]
    for row in over:
        row.calm_since = row.calm_since or now
    for row in ended:
        _end(session, row, now)
    session.flush()
    return len(ended)


def _end(session: Session, alert: Alert, now: datetime) -> None:
    alert.resolved_at = now
    minutes = round((now - alert.fired_at) / timedelta(minutes=1))
    title = TITLES[Condition(alert.condition)]
    said = {"condition": title, "message": alert.message, "minutes": minutes}
    _tell(session, "alert.resolved", alert.id, alert.website_id, said)


def _said(finding: Finding) -> dict[str, Any]:
    return {"condition": TITLES[finding.condition], "message": finding.message}


def _tell(
    session: Session, name: str, alert_id: Any, website_id: str | None, said: dict[str, Any]
) -> None:
    event = NewEvent(
        name=name,
        subject_type="alert",
        subject_id=str(alert_id),
        website_id=website_id,
        meta=said,
        dispatch=True,
    )
    record(session, SYSTEM, event)


def prune(session: Session) -> int:
    """Step: forget minutes and alerts of long ago."""
    minutes = select(CallMinute.minute).where(CallMinute.minute < func.now() - KEEP_CALLS)
    some = minutes.order_by(CallMinute.minute).limit(BATCH)
    gone = session.execute(delete(CallMinute).where(CallMinute.minute.in_(some)))
    ended = delete(Alert).where(Alert.resolved_at < func.now() - KEEP_ALERTS)
    return int(gone.rowcount) + int(session.execute(ended).rowcount)  # type: ignore[attr-defined]
