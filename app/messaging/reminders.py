"""Reminders: who is told of a visit to come, and when, by the clock of the place.

- On Saturday at 10:00: tomorrow's Sunday lunches.
- Every day at 10:00: what begins later that day, from noon on.
- Every evening at 18:00: what begins before noon of the next day, for which 10:00 would be too
  late; and what has no clock time (`Any time`).

Each booking once for each time of its visit: a visit that was moved is reminded of again. A Sunday
lunch booked after Saturday's run is reminded of on Sunday. Who booked in the last two hours knows.
After a downtime reminders are caught up with, but not for a visit that has begun.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import (
    ColumnElement,
    DateTime,
    and_,
    exists,
    false,
    func,
    literal,
    null,
    or_,
    select,
)
from sqlalchemy.orm import Session

from app.bookings.models import Booking
from app.bookings.status import Status
from app.logs import get_logger
from app.messaging.models import Kind, Notice
from app.messaging.wanting import BATCH, Visit, want, websites_that_write
from app.schedule.jobs import Job, Task
from app.schedule.rhythm import AtClock, instant
from app.venues.models import Activity, Venue
from app.websites.models import Website

MORNING, NOON, EVENING, MIDNIGHT = time(10), time(12), time(18), time(0)
SATURDAY, SUNDAY = 5, 6
LUNCH = "sunday_lunch"
KNOWS_FOR = timedelta(hours=2)
"""Who booked so shortly before a daily run needs no reminder."""
ONE_DAY = timedelta(days=1)

Instant = DateTime(timezone=True)

log = get_logger()


@dataclass(frozen=True)
class Place:
    """Where the guests of some bookings go: a venue, or a website's bookings without one."""

    website_id: str
    venue_id: UUID | None
    name: str
    zone: ZoneInfo
    has_lunch: bool = False

    @property
    def key(self) -> str:
        return str(self.venue_id or self.website_id)

    @property
    def bookings(self) -> ColumnElement[bool]:
        """Its bookings that still stand, of guests who are ours to write to."""
        here = (
            Booking.venue_id == self.venue_id
            if self.venue_id is not None
            else (Booking.website_id == self.website_id) & Booking.venue_id.is_(None)
        )
        ours = Booking.partner_id.is_(None)  # a partner looks after its own guests
        return and_(here, Booking.status == Status.CONFIRMED, ours)


@dataclass(frozen=True)
class Window:
    """The visits that a run is about: those that begin in it, on one of these days."""

    begins: datetime
    ends: datetime
    booked_before: datetime | None = None
    lunch_only: bool = False
    untimed_day: date | None = None
    """A day whose visits without a clock time are meant, too, and when that day ends."""
    untimed_until: datetime | None = None


WindowAt = Callable[[ZoneInfo, datetime], Window]
"""Which visits a run is about that is due at an instant."""


def present() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


def jobs(session: Session) -> Iterator[Job]:
    """The reminders of every place whose website writes to its guests."""
    for place in places(session):
        yield _job("reminders", "Reminders for today", place, MORNING, later_today)
        yield _job("evening-reminders", "Reminders for the morning", place, EVENING, next_morning)
        if place.has_lunch:
            label = "Sunday lunch reminders"
            yield _job("sunday-reminders", label, place, MORNING, tomorrows_lunch, SATURDAY)


def _job(
    name: str, label: str, place: Place, clock: time, window: WindowAt, weekday: int | None = None
) -> Job:
    def made(due_at: datetime) -> Sequence[Task]:
        step = partial(remind, place=place, window=window(place.zone, due_at))
        return [Task(label, step)]

    return Job(
        name=f"{name}:{place.key}",
        rhythm=AtClock(clock, place.zone, weekday),
        label=f"{label}, {place.name}" + ("" if place.venue_id else ", without a venue"),
        website_id=place.website_id,
        made=made,
    )


def later_today(zone: ZoneInfo, due_at: datetime) -> Window:
    """From noon to midnight."""
    today = due_at.astimezone(zone).date()
    return Window(
        begins=instant(today, NOON, zone),
        ends=instant(today + ONE_DAY, MIDNIGHT, zone),
        booked_before=due_at - KNOWS_FOR,
    )


def next_morning(zone: ZoneInfo, due_at: datetime) -> Window:
    """From midnight to noon of the next day, and what comes at any time of it."""
    tomorrow = due_at.astimezone(zone).date() + ONE_DAY
    return Window(
        begins=instant(tomorrow, MIDNIGHT, zone),
        ends=instant(tomorrow, NOON, zone),
        booked_before=due_at - KNOWS_FOR,
        untimed_day=tomorrow,
        untimed_until=instant(tomorrow + ONE_DAY, MIDNIGHT, zone),
    )


def tomorrows_lunch(zone: ZoneInfo, due_at: datetime) -> Window:
    """Sunday's lunches: of tomorrow; of today, where somebody asks for it on Sunday itself."""
    today = due_at.astimezone(zone).date()
    sunday = today if today.weekday() == SUNDAY else today + ONE_DAY
    return Window(
        begins=instant(sunday, MIDNIGHT, zone),
        ends=instant(sunday + ONE_DAY, MIDNIGHT, zone),
        lunch_only=True,
    )


def remind(session: Session, place: Place, window: Window, now: datetime | None = None) -> int:
    """Step: ask for one batch of reminders. Returns how many guests will get one."""
    now = now or present()
    first, last = (each.astimezone(place.zone).date() for each in (window.begins, window.ends))
    visit_at = func.coalesce(Booking.starts_at, literal(window.untimed_until, Instant))
    told = exists().where(
        Notice.booking_id == Booking.id,
        Notice.kind == Kind.REMINDER,
        Notice.visit_at == visit_at,
    )
    query = (
        select(Booking.id, Booking.website_id, Booking.customer_id, visit_at)
        .where(
            place.bookings,
            # The days narrow it down by the index. What begins after midnight may be booked for
            # the day before.
            Booking.activity_date.between(first - ONE_DAY, last),
            _within(window),
            visit_at > now,
            ~told,
        )
        .order_by(visit_at, Booking.id)
        .limit(BATCH)
    )
    if window.booked_before is not None:
        query = query.where(Booking.created_at < window.booked_before)
    if window.lunch_only:
        query = query.where(Booking.booking_type == LUNCH)
    found = [Visit(*row) for row in session.execute(query)]
    return want(session, Kind.REMINDER, found)


def _within(window: Window) -> ColumnElement[bool]:
    timed = (Booking.starts_at >= window.begins) & (Booking.starts_at < window.ends)
    if window.untimed_day is None:
        return timed
    return or_(timed, Booking.starts_at.is_(None) & (Booking.activity_date == window.untimed_day))


def places(session: Session) -> Iterator[Place]:
    """Of the websites that write to their guests: the venues, and what is booked without one."""
    ids = session.scalars(websites_that_write()).all()
    lunch = exists().where(Activity.venue_id == Venue.id, Activity.booking_type == LUNCH)
    venues = select(Venue.website_id, Venue.id, Venue.name, Venue.timezone, lunch)
    websites = select(Website.id, null(), Website.name, Website.timezone, false())
    for query in (
        venues.where(Venue.website_id.in_(ids)).order_by(Venue.website_id, Venue.name),
        websites.where(Website.id.in_(ids)).order_by(Website.id),
    ):
        for website_id, venue_id, name, timezone, has_lunch in session.execute(query):
            try:
                zone = ZoneInfo(timezone)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                log.error("no reminders: unknown time zone", website_id=website_id)
                continue
            yield Place(website_id, venue_id, name, zone, bool(has_lunch))
