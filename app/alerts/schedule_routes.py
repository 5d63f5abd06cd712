"""Pages of the scheduled work: when each job ran, when it runs again, and running it now."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, request, url_for
from sqlalchemy.orm import Session

from app.errors import Fault, Forbidden, InvalidPayload, NotFound
from app.extensions import db
from app.schedule import asked, looking
from app.schedule.jobs import Job, schedule
from app.schedule.models import ScheduledRun
from app.staff.context import current_actor, current_scope, now, only_watching
from app.staff.guards import requires
from app.staff.permissions import Permission
from app.web import go, page, say, wants_fragment
from app.websites.context import zone_of

work = Blueprint("work", __name__)

MANAGE = Permission.WEBSITES_MANAGE


def my_websites() -> frozenset[str] | None:
    """The websites that this person manages; None: all."""
    return current_scope().websites(MANAGE)


def my_jobs(session: Session) -> list[Job]:
    """The jobs of those websites; the installation's own for who manages all."""
    mine = my_websites()
    return [job for job in schedule.all(session) if mine is None or job.website_id in mine]


def may_run(job: Job) -> bool:
    """Whether this person may let it run out of turn."""
    scope = current_scope()
    if job.website_id is None:
        return scope.can(Permission.SETTINGS_MANAGE)
    return scope.can(MANAGE, job.website_id)


@work.get("/schedule")
@requires(MANAGE)
def index() -> Response:
    """Every job with its last and its next run; for htmx, which asks by itself, the list alone."""
    if wants_fragment():
        only_watching()
    session, instant = db.session(), now()
    jobs = my_jobs(session)
    runs = looking.latest(session, [job.name for job in jobs])
    late = {job.name for job, _ in looking.late(session, jobs, instant)}
    lines = [_line(job, runs.get(job.name), job.name in late, instant) for job in jobs]
    context: dict[str, Any] = {"lines": lines, "now": instant, "tz": zone_of()}
    return page("alerts/schedule.html", "alerts/_schedule.html", **context)


@work.post("/schedule/run")
@requires(MANAGE)
def run_now() -> Response:
    """Let a job run as soon as a worker looks. Asked for again while it waits: once is enough."""
    name = request.form.get("job", "")
    if not name:
        raise InvalidPayload("Say which job.", [Fault("job", "Choose one.")])
    session = db.session()
    job = {each.name: each for each in my_jobs(session)}.get(name)
    if job is None:
        raise NotFound("There is no such job.")
    if not may_run(job):
        raise Forbidden("You may not run this. Ask who manages the installation.")
    is_new = asked.ask(session, current_actor(), job, now())
    session.commit()
    label = job.label or job.name
    say(f"{label}: runs in a few seconds." if is_new else f"{label}: is about to run already.")
    return go(url_for("work.index"))


def _line(job: Job, run: ScheduledRun | None, is_late: bool, instant: datetime) -> dict[str, Any]:
    """One job as the list shows it."""
    begun = run is not None and run.finished_at is None
    runs = run is not None and begun and run.lease_until > instant and run.error is None
    took = (run.finished_at - run.started_at) if run and run.finished_at else None
    return {
        "job": job,
        "run": run,
        "ms": took.total_seconds() * 1000 if took is not None else None,
        "state": "late" if is_late else "running" if runs else "waiting" if begun else "done",
        "next": job.rhythm.next_due(instant),
        "may_run": may_run(job),
    }
