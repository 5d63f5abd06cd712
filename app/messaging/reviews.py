"""Review requests: two hours after the visit has ended, once, and not in quiet hours.

Looked for every few minutes. Who was not looked for in time, after a downtime of more than a day,
is not asked any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfoNotFoundError

from sqlalchemy import ColumnElement, Integer, Interval, cast, exists, func, literal, or_, select
from sqlalchemy.orm import Session

from app.bookings.models import Booking
from app.bookings.status import ARRIVED
from app.messaging.deciding import Place, quiet_until
from app.messaging.models import Kind, MessageSettings, Notice
from app.messaging.wanting import BATCH, Visit, want, websites_that_write
from app.schedule.jobs import Job, Task
from app.schedule.rhythm import Every
from app.venues.models import Activity, Venue
from app.websites.models import Website

AFTER = timedelta(hours=2)
WITHIN = timedelta(hours=24)
"""Of the time at which they were due."""
USUAL_LENGTH = 60
"""Minutes, of a visit whose activity is not known."""
USUAL_QUIET = (time(21), time(8))
"""Of a website's clock, where there is no venue."""


def present() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


def job() -> Job:
    """The review requests of all websites."""
    return Job(
        name="reviews",
        rhythm=Every(timedelta(minutes=10)),
        label="Review requests",
        made=lambda due_at: [Task("review requests", ask_for_reviews)],
        keep=timedelta(days=2),
    )


def ask_for_reviews(session: Session, now: datetime | None = None) -> int:
    """Step: ask for one batch. Returns how many guests will be asked."""
    now = now or present()
    linked = websites_that_write().where(MessageSettings.review_link.is_not(None))
    websites = session.scalars(linked).all()
    due_at = _ends() + literal(AFTER, Interval)
    visit_at: Any = Booking.starts_at
    asked = exists().where(Notice.booking_id == Booking.id, Notice.kind == Kind.REVIEW_REQUEST)
    query = (
        select(Booking.id, Booking.website_id, Booking.customer_id, visit_at)
        .where(
            Booking.website_id.in_(websites),
            Booking.status.in_(ARRIVED),
            Booking.partner_id.is_(None),
            # By the index; days of a clock may be a day off those of UTC, and visits may be long.
            Booking.activity_date.between(*_days(now)),
            due_at <= now,
            due_at > now - WITHIN,
            ~asked,
            ~_is_quiet(session, websites, now),
        )
        .order_by(Booking.starts_at, Booking.id)
        .limit(BATCH)
    )
    found = [Visit(*row) for row in session.execute(query)]
    return want(session, Kind.REVIEW_REQUEST, found)


def _ends() -> Any:
    """When the visit ends, in SQL."""
    found = select(Activity.duration_minutes).where(Activity.id == Booking.activity_id)
    minutes = func.coalesce(found.scalar_subquery(), USUAL_LENGTH)
    return Booking.starts_at + func.make_interval(0, 0, 0, 0, 0, cast(minutes, Integer))


def _days(now: datetime) -> tuple[Any, Any]:
    return (now - timedelta(days=9)).date(), (now + timedelta(days=1)).date()


def _is_quiet(session: Session, websites: Sequence[str], now: datetime) -> ColumnElement[bool]:
    """Where nobody is to be disturbed just now: the venues, and websites for what has none."""
    clocks = select(Venue.id, Venue.timezone, Venue.quiet_from, Venue.quiet_until)
    venues = session.execute(clocks.where(Venue.website_id.in_(websites)))
    asleep = [row.id for row in venues if _sleeps(Place(*row[1:]), now)]
    zones = select(Website.id, Website.timezone).where(Website.id.in_(websites))
    sites = session.execute(zones)
    quiet = [row.id for row in sites if _sleeps(Place(row.timezone, *USUAL_QUIET), now)]
    no_venue = Booking.venue_id.is_(None) & Booking.website_id.in_(quiet)
    return or_(func.coalesce(Booking.venue_id.in_(asleep), False), no_venue)


def _sleeps(place: Place, now: datetime) -> bool:
    try:
        return quiet_until(place, now) is not None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return True  # where nobody knows what time it is
