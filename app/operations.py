"""What the operator's machines ask: is the process alive, can it work, what are the figures."""

from __future__ import annotations

import hmac
import ipaddress
import os
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import redis
from alembic.script import ScriptDirectory
from flask import Blueprint, Flask, Response, g, jsonify, make_response, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    multiprocess,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from app.alerts.metrics import count as count_call
from app.alerts.metrics import figures as figures_of
from app.api.describing import describes
from app.api.schemas.answers import AliveAnswer, ReadyAnswer
from app.deliveries.models import OPEN_STATES, Delivery
from app.deliveries.status import backlog
from app.errors import Forbidden
from app.events.models import Outbox
from app.extensions import db, redis_holder
from app.logs import get_logger
from app.staff.context import settings
from app.staff.guards import public
from app.wall import open_for

operations = Blueprint("operations", __name__)

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"
LATE = 120.0
"""Seconds a delivery may be due before it is called late."""

_requests = Counter("http_requests", "Requests answered.", ["method", "route", "status"])
_seconds = Histogram("http_request_seconds", "Time to answer a request.", ["route"])


def init_operations(app: Flask) -> None:
    """Count every request and its time, by route (never by address: those hold ids)."""

    @app.after_request
    def count(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else "(none)"
        method = request.method if request.url_rule else "(any)"
        _requests.labels(method, route, response.status_code).inc()
        if started := g.get("request_started"):
            seconds = time.perf_counter() - started
            _seconds.labels(route).observe(seconds)
            count_call(request.method, request.endpoint, response.status_code, seconds)
        return response


@operations.get("/healthz")
@public("says that the process answers, and nothing else")
@describes("Operations", answers={200: AliveAnswer})
def healthz() -> Response:
    """The process is alive."""
    return make_response(jsonify({"status": "alive"}))


@operations.get("/readyz")
@public("load balancers ask; it tells states, no data")
@describes("Operations", answers={200: ReadyAnswer, 503: ReadyAnswer})
def readyz() -> Response:
    """Whether this process can work. Without Redis it can: deliveries only leave a little later."""
    checks = {"redis": _redis(), **_database()}
    ready = checks["database"] == "up" and checks["migrations"] == "current"
    late = (checks["oldest_due_seconds"] or 0) > LATE
    degraded = checks["redis"] != "up" or late
    status = "unready" if not ready else "degraded" if degraded else "ready"
    response = make_response(jsonify({"status": status, "checks": checks}), 200 if ready else 503)
    response.headers["Cache-Control"] = "no-store"
    return response


@operations.get("/metrics")
@public("checks the metrics token, or that the caller is this machine")
def metrics() -> Response:
    """The figures, as Prometheus reads them."""
    if not _may_read():
        raise Forbidden("Metrics are for this machine, or for who has the token.")
    figures = CollectorRegistry()
    figures.register(Machine())
    response = make_response(_processes() + generate_latest(figures))
    response.headers["Content-Type"] = CONTENT_TYPE_LATEST
    return response


class Machine:
    """Figures that the database knows: what is still to be sent."""

    def collect(self) -> Iterator[Metric]:
        """Read now, at each scrape. Finished deliveries are not counted: there are millions."""
        session = db.session()
        open_for(session, None)
        counted = select(Delivery.state, func.count()).where(Delivery.state.in_(OPEN_STATES))
        rows = session.execute(counted.group_by(Delivery.state))
        found = dict(iter(rows))
        states = GaugeMetricFamily(
            "onebooking_deliveries", "Open deliveries by state.", labels=["state"]
        )
        for state in OPEN_STATES:
            states.add_metric([state.value], found.get(state.value, 0))
        yield states
        outbox = session.scalar(select(func.count()).select_from(Outbox)) or 0
        yield GaugeMetricFamily("onebooking_outbox_events", "Events to be dispatched.", outbox)
        behind = backlog(session)
        for name, seconds in (
            ("oldest_due", behind.oldest_due),
            ("oldest_undispatched", behind.oldest_undispatched),
        ):
            yield GaugeMetricFamily(
                f"onebooking_{name}_seconds", "Age of the oldest; 0 when none waits.", seconds or 0
            )
        yield from figures_of(session)


def _processes() -> bytes:
    """The counts of all web processes where they share a directory, else of this one."""
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def _may_read() -> bool:
    token = settings().metrics_token.get_secret_value()
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token and hmac.compare_digest(given.encode(), token.encode()):
        return True
    # A proxy that we do not know of would make everybody look like this machine.
    forwarded = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    if forwarded and not settings().trusted_proxies:
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def _redis() -> str:
    try:
        redis_holder.client.ping()
    except (redis.RedisError, OSError):
        return "down"
    return "up"


def _database() -> dict[str, Any]:
    answer: dict[str, Any] = {
        "database": "down",
        "migrations": "unknown",
        "oldest_due_seconds": None,
        "oldest_undispatched_seconds": None,
    }
    try:
        session = db.session()
        open_for(session, None)  # it counts, over everything
        session.execute(text("SELECT 1"))
        answer["database"] = "up"
        stored = session.execute(text("SELECT version_num FROM alembic_version")).scalars()
        answer["migrations"] = "current" if set(stored) == _heads() else "behind"
        behind = backlog(session)
    except SQLAlchemyError as error:
        db.session.rollback()
        get_logger().warning("not ready", exc_info=error)
        return answer
    answer["oldest_due_seconds"] = behind.oldest_due
    answer["oldest_undispatched_seconds"] = behind.oldest_undispatched
    return answer


@cache
def _heads() -> frozenset[str]:
    """The newest revisions that this code knows."""
    return frozenset(ScriptDirectory(str(MIGRATIONS)).get_heads())
