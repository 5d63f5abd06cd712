"""Figures for the operator's machines: few labels, nobody's data."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from prometheus_client import Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.alerts import rates
from app.alerts.calls import BOOKINGS, recorder
from app.alerts.conditions import FAILING_FOR, Condition
from app.alerts.models import Alert
from app.deliveries.models import Destination
from app.logs import get_logger
from app.messaging.models import Message
from app.payments.models import Payment
from app.schedule import looking
from app.schedule.jobs import schedule

DAY = timedelta(hours=24)
OCTO = frozenset({"octo", "octo_of"})
REFERENCE = "api_reference"
"""Pages about the doors, and no door."""
BOOKING_VIEWS = {
    "receive_booking": "sync",
    "add_booking": "partner",
    "reserve_booking": "octo",
    "book_table": "tables",
    "bookings.new.book": "desk",
}
"""Views, or whole endpoints, that take a wish to book, and their doors."""

log = get_logger()

_seconds = Histogram("onebooking_api_seconds", "Time to answer an API call.", ["door"])
_errors = Counter(
    "onebooking_api_errors", "API calls for whose failure we were at fault.", ["door"]
)
_bookings = Counter("onebooking_bookings", "Wishes to book.", ["door", "outcome"])


def door_of(blueprint: str) -> str | None:
    """The JSON door that a blueprint belongs to: `api_partner_bookings` is of `partner`."""
    if blueprint in OCTO:
        return "octo"
    if not blueprint.startswith("api_") or blueprint == REFERENCE:
        return None
    return blueprint.split("_")[1]


def count(method: str, endpoint: str | None, status: int, seconds: float) -> None:
    """Count one answer, in this process and for the alerts. It never fails the call."""
    try:
        _count(method, endpoint or "", status, seconds)
    except Exception as error:
        log.error("call not counted", exc_info=error)


def _count(method: str, endpoint: str, status: int, seconds: float) -> None:
    blueprint, _, view = endpoint.rpartition(".")
    if door := door_of(blueprint):
        recorder.call(door, status, 1000 * seconds)
        _seconds.labels(door).observe(seconds)
        if status >= 500:
            _errors.labels(door).inc()
    booked_at = BOOKING_VIEWS.get(view) or BOOKING_VIEWS.get(endpoint)
    if booked_at and method == "POST":
        recorder.call(BOOKINGS, status, 1000 * seconds)
        outcome = "failed" if status >= 500 else "refused" if status >= 400 else "accepted"
        _bookings.labels(booked_at, outcome).inc()


def figures(session: Session) -> Iterator[Metric]:
    """What the database knows, over all websites; read at each scrape."""
    now = datetime.now(UTC)
    yield _payments(session, now)
    yield _messages(session, now)
    visits = rates.visits(session, None, now)
    yield GaugeMetricFamily(
        "onebooking_no_show_ratio", "Of the visits of 7 days.", visits.bad_percent / 100
    )
    failing = select(func.count()).where(
        Destination.is_on, Destination.failing_since < now - FAILING_FOR
    )
    yield GaugeMetricFamily(
        "onebooking_destinations_failing",
        "Destinations at which nothing arrives for 15 minutes or longer.",
        session.scalar(failing) or 0,
    )
    late = sum(1 for _ in looking.late(session, schedule.all(session), now))
    yield GaugeMetricFamily("onebooking_schedule_late", "Jobs that are late.", late)
    yield _alerts(session)


def _payments(session: Session, now: datetime) -> Metric:
    states = GaugeMetricFamily(
        "onebooking_payments", "Payments and refunds begun in 24 h.", labels=["kind", "state"]
    )
    query = select(Payment.kind, Payment.state, func.count()).group_by(Payment.kind, Payment.state)
    for kind, state, number in session.execute(query.where(Payment.created_at > now - DAY)):
        states.add_metric([kind, state], number)
    return states


def _messages(session: Session, now: datetime) -> Metric:
    states = GaugeMetricFamily(
        "onebooking_messages", "Messages made in 24 h.", labels=["medium", "state"]
    )
    query = select(Message.medium, Message.state, func.count())
    recent = query.where(Message.created_at > now - DAY)
    for medium, state, number in session.execute(recent.group_by(Message.medium, Message.state)):
        states.add_metric([medium, state], number)
    return states


def _alerts(session: Session) -> Metric:
    firing = GaugeMetricFamily("onebooking_alerts", "Alerts that fire.", labels=["condition"])
    query = select(Alert.condition, func.count()).where(Alert.resolved_at.is_(None))
    found = dict(iter(session.execute(query.group_by(Alert.condition))))
    for condition in Condition:
        firing.add_metric([condition.value], found.get(condition.value, 0))
    return firing
