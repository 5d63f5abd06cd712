"""What must not be: each condition, its threshold, and what is found against it just now.

A share counts only from a minimum on: one failure among three is no incident.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts import rates
from app.alerts.rates import Rate
from app.deliveries.models import Destination
from app.messaging.models import Medium
from app.platforms.models import PlatformConnection
from app.platforms.registry import label_of
from app.platforms.reservations import troubles
from app.schedule import looking
from app.schedule.jobs import Schedule
from app.schedule.looking import LATE
from app.venues.models import Venue
from app.websites.models import Website


class Condition(enum.StrEnum):
    """In the order in which the page shows them."""

    PAYMENT_FAILURES = "payment_failures"
    MONEY = "money"
    SMS_DELIVERY = "sms_delivery"
    API_ERRORS = "api_errors"
    DATABASE = "database"
    DESTINATION = "destination"
    PLATFORM = "platform"
    RESERVATION = "reservation"
    SCHEDULE = "schedule"


TITLES = {
    Condition.PAYMENT_FAILURES: "Payments fail",
    Condition.MONEY: "Money does not add up",
    Condition.SMS_DELIVERY: "SMS do not arrive",
    Condition.API_ERRORS: "API errors",
    Condition.DATABASE: "Database out of reach",
    Condition.DESTINATION: "A destination fails",
    Condition.PLATFORM: "A platform cannot be pulled",
    Condition.RESERVATION: "Bookings are missing at a platform",
    Condition.SCHEDULE: "Scheduled work is late",
}
TOLD_TO_ALL = frozenset({Condition.API_ERRORS, Condition.DATABASE})
"""These concern everybody who manages a website; they name nobody's."""


@dataclass(frozen=True)
class Share:
    """More than so many percent gone wrong, in this time, of at least so many."""

    percent: float
    since: timedelta
    least: int
    least_bad: int = 2

    def is_broken(self, rate: Rate) -> bool:
        """Whether it is more than allowed."""
        enough = rate.total >= self.least and rate.bad >= self.least_bad
        return enough and rate.bad_percent > self.percent


PAYMENTS = Share(5, timedelta(hours=1), least=5)
SMS = Share(5, timedelta(hours=24), least=20)
CALLS = Share(1, timedelta(minutes=15), least=50)
UNREACHABLE, UNREACHABLE_IN = 3, timedelta(minutes=5)
"""So many failures to connect in this time: one may be a restart."""
FAILING_FOR = timedelta(minutes=15)
NAMED = 3
"""Bookings that an alert names."""
MONEY_SINCE = timedelta(hours=24)
"""A wrong amount, a payment taken back, a refund refused, figures that drifted: each counts."""


@dataclass(frozen=True)
class Finding:
    """A condition that holds now."""

    condition: Condition
    message: str
    """One sentence for people, without anybody's data."""
    value: float
    key: str = ""
    website_id: str | None = None


def find(session: Session, schedule: Schedule, now: datetime) -> list[Finding]:
    """Everything that is not as it should be."""
    return [
        *_payments(session, now),
        *_money(session, now),
        *_sms(session, now),
        *_calls(session, now),
        *_database(session, now),
        *_destinations(session, now),
        *_platforms(session, now),
        *_reservations(session, now),
        *_late(session, schedule, now),
    ]


def _payments(session: Session, now: datetime) -> Iterator[Finding]:
    found = rates.payments(session, None, now, PAYMENTS.since, by="website")
    for website_id, name, rate in _broken(session, found, PAYMENTS):
        said = f"{name}: {rate.bad} of {rate.total} payments failed in the last hour."
        yield Finding(Condition.PAYMENT_FAILURES, said, rate.bad_percent, website_id, website_id)


def _money(session: Session, now: datetime) -> Iterator[Finding]:
    for website_id, name, count in rates.money_troubles(session, None, now - MONEY_SINCE):
        said = f"{name}: {count} payments or refunds need somebody. See Payments, With trouble."
        yield Finding(Condition.MONEY, said, count, website_id, website_id)


def _sms(session: Session, now: datetime) -> Iterator[Finding]:
    found = rates.messages(session, None, now, SMS.since, Medium.SMS, by="website")
    for website_id, name, rate in _broken(session, found, SMS):
        said = f"{name}: {rate.bad} of {rate.total} SMS did not arrive in the last 24 hours."
        yield Finding(Condition.SMS_DELIVERY, said, rate.bad_percent, website_id, website_id)


def _broken(session: Session, found: rates.By, share: Share) -> Iterable[tuple[str, str, Rate]]:
    bad = {website: rate for website, rate in found.items() if share.is_broken(rate)}
    if not bad:
        return []
    names = session.execute(select(Website.id, Website.name).where(Website.id.in_(bad)))
    return [(row.id, row.name, bad[row.id]) for row in names]


def _calls(session: Session, now: datetime) -> Iterator[Finding]:
    rate = rates.calls(session, now, CALLS.since)[None]
    if CALLS.is_broken(rate):
        said = f"{rate.bad} of {rate.total} API calls failed in the last 15 minutes."
        yield Finding(Condition.API_ERRORS, said, rate.bad_percent)


def _database(session: Session, now: datetime) -> Iterator[Finding]:
    count = rates.unreachable(session, now, UNREACHABLE_IN)[None].bad
    if count >= UNREACHABLE:
        said = f"The database could not be reached {count} times in 5 minutes."
        yield Finding(Condition.DATABASE, said, count)


def _destinations(session: Session, now: datetime) -> Iterator[Finding]:
    query = select(Destination).where(
        Destination.is_on, Destination.failing_since < now - FAILING_FOR
    )
    for place in session.scalars(query.order_by(Destination.failing_since)):
        minutes = (now - (place.failing_since or now)) / timedelta(minutes=1)
        said = f"Nothing arrives at {place.label}."
        yield Finding(
            Condition.DESTINATION, said, minutes, str(place.id), website_id=place.website_id
        )


def _platforms(session: Session, now: datetime) -> Iterator[Finding]:
    at = PlatformConnection
    query = (
        select(at.id, at.platform_type, at.website_id, at.sync_failing_since, Venue.name)
        .join(Venue, Venue.id == at.venue_id)
        .where(at.is_enabled, at.sync_failing_since < now - FAILING_FOR)
        .order_by(at.sync_failing_since)
    )
    for row in session.execute(query):
        minutes = (now - row.sync_failing_since) / timedelta(minutes=1)
        label = label_of(row.platform_type)
        said = f"The reservations of {row.name} do not come in from {label}. See Platforms."
        yield Finding(Condition.PLATFORM, said, minutes, str(row.id), row.website_id)


def _reservations(session: Session, now: datetime) -> Iterator[Finding]:
    for trouble in troubles(session, now):
        at, refs = trouble.connection, trouble.references
        named = ", ".join(refs[:NAMED]) + (" …" if len(refs) > NAMED else "")
        said = f"{trouble.venue}: not at {label_of(at.platform_type)} as it should be: {named}."
        yield Finding(Condition.RESERVATION, said, len(refs), str(at.id), at.website_id)


def _late(session: Session, schedule: Schedule, now: datetime) -> Iterator[Finding]:
    for job, since in looking.late(session, schedule.all(session), now):
        minutes = (now - since) / timedelta(minutes=1)
        said = f"{job.label or job.name} has not been done."
        yield Finding(Condition.SCHEDULE, said, minutes, job.name, job.website_id)


THRESHOLDS = {
    Condition.PAYMENT_FAILURES: f"More than {PAYMENTS.percent:g} % in 1 hour",
    Condition.MONEY: "Any in 24 hours",
    Condition.SMS_DELIVERY: f"Less than {100 - SMS.percent:g} % in 24 hours",
    Condition.API_ERRORS: f"More than {CALLS.percent:g} % in 15 minutes",
    Condition.DATABASE: f"{UNREACHABLE} failures in 5 minutes",
    Condition.DESTINATION: "Failing for 15 minutes",
    Condition.PLATFORM: "Failing for 15 minutes",
    Condition.RESERVATION: "Any that is still to come",
    Condition.SCHEDULE: f"Late by {LATE // timedelta(minutes=1)} minutes",
}
