"""Random venues, and a slow and simple calculator to compare the real one with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from random import Random
from zoneinfo import ZoneInfo

from app.ids import new_id
from app.venues.models import Activity, Departure, Venue
from app.venues.plan import Closure, Hours, Offer, Plan, Special

ZONES = {
    "Europe/London": (date(2026, 3, 29), date(2026, 10, 25)),
    "America/New_York": (date(2026, 3, 8), date(2026, 11, 1)),
    "Australia/Lord_Howe": (date(2026, 10, 4), date(2026, 4, 5)),
    "Asia/Bangkok": (date(2028, 2, 29), date(2026, 12, 31)),
    "Asia/Kathmandu": (date(2028, 2, 28), date(2028, 3, 1)),
    "Africa/Cairo": (date(2026, 4, 24), date(2026, 10, 30)),  # changes at midnight
    "America/Havana": (date(2026, 3, 8), date(2026, 11, 1)),  # skips midnight itself
}
"""Zones with the days on which their clocks or calendars are odd."""
CLOCK = [f"{minute // 60:02}:{minute % 60:02}" for minute in range(24 * 60)]
"""What a clock shows at every minute of a day."""


def clock(random: Random) -> time:
    return time(random.randrange(24), random.choice((0, 0, 15, 30, 45)))


def stretch(random: Random) -> Hours:
    kitchen = (clock(random), clock(random)) if random.random() < 0.3 else (None, None)
    return Hours(clock(random), clock(random), *kitchen)


def plan(random: Random) -> tuple[Plan, Offer, date]:
    """A venue with one activity, and a day to ask about."""
    zone = random.choice(list(ZONES))
    day = random.choice(ZONES[zone]) + timedelta(days=random.choice((-1, 0, 0, 1)))
    venue = Venue(id=new_id(), timezone=zone, name="V", is_active=random.random() > 0.05)
    rule = random.choice(("times", "interval", "departures", "day"))
    activity = Activity(
        id=new_id(),
        name="A",
        slot_rule=rule,
        times=sorted({f"{clock(random):%H:%M}" for _ in range(random.randrange(5))}),
        every_minutes=random.choice((15, 20, 30, 45, 60, 90)),
        duration_minutes=random.choice((15, 30, 60, 120, 60 * 30)),
        in_kitchen_hours=random.random() < 0.4,
        capacity=random.choice((None, 0, 1, 8)),
        lead_minutes=random.choice((0, 0, 60, 60 * 24)),
        days=random.choice((1, 1, 4)),
        last_seating_minutes=random.choice((0, 0, 45)),
        seats=random.choice((None, None, None, 0, 6)) if rule in ("times", "interval") else None,
        booking_type=random.choice((None, None, "regular", "sunday_lunch")),
        is_active=random.random() > 0.05,
    )
    week = {n: [stretch(random) for _ in range(random.choice((0, 1, 1, 2)))] for n in range(7)}
    special = {}
    for near in (day, day - timedelta(days=1), day + timedelta(days=1)):
        if random.random() < 0.2:
            special[near] = Special(random.choice((None, stretch(random))), "holiday")
    leaving = [
        Departure(
            id=new_id(),
            day=day,
            time=clock(random),
            capacity=random.choice((None, 0, 4)),
            is_closed=random.random() < 0.2,
        )
        for _ in range(random.randrange(4))
    ]
    keys = ["day", *activity.times, *(str(d.id) for d in leaving), "12:00", "00:30"]
    closures = [
        Closure(
            day,
            random.choice((None, activity.id, new_id())),
            random.choice((None, *keys)),
            "closed",
        )
        for _ in range(random.choice((0, 0, 0, 1)))
    ]
    used = {(day, key): random.randrange(10) for key in keys}
    seated = {
        (near, text): random.randrange(8)
        for near in (day, day + timedelta(days=1))
        for text in random.sample(CLOCK[::15], 30)
    }
    offer = Offer(activity, (), {day: leaving}, used, seated)
    return Plan(venue, "THB", week, special, closures, [offer]), offer, day


@cache
def minutes(zone: str, day: date) -> dict[int, datetime]:
    """Every minute that the clock of a zone shows on a day, with the instant it first does."""
    found: dict[int, datetime] = {}
    at = datetime.combine(day, time(), UTC) - timedelta(hours=15)
    for _ in range(56 * 60):
        local = at.astimezone(ZoneInfo(zone))
        if local.date() == day:
            found.setdefault(local.hour * 60 + local.minute, at)
        at += timedelta(minutes=1)
    return found


@dataclass(frozen=True)
class Said:
    """What the simple calculator says of a slot."""

    key: str
    at: datetime
    state: str
    left: int | None


def said(plan: Plan, offer: Offer, day: date, now: datetime) -> set[Said]:
    """The slots of a day, found by walking over all its minutes."""
    activity, walked = offer.activity, minutes(plan.venue.timezone, day)
    found: set[Said] = set()
    if _not_on(activity, day):
        return found
    if activity.slot_rule == "day":
        if hours := _hours(plan, day):
            shut = max(_absolute(h.opens, h.closes)[1] for h in hours)
            last = _wall(day, shut, plan.zone) - timedelta(minutes=activity.lead_minutes)
            found.add(_said(plan, offer, day, "day", _wall(day, 0, plan.zone), last, now))
        return found
    rule, lead = activity.slot_rule, activity.lead_minutes
    if rule == "departures":
        return _leaving(plan, offer, day, now)
    starts = _starts(plan, activity, day)
    begins = {} if activity.seats is None else _begins(plan, activity, day)
    for minute, at in walked.items():
        if minute in starts:
            last = at - timedelta(minutes=lead)
            seated = _most_seated(offer, begins, at)
            found.add(_said(plan, offer, day, CLOCK[minute], at, last, now, seated=seated))
    return found


def _not_on(activity: Activity, day: date) -> bool:
    return activity.booking_type == "sunday_lunch" and f"{day:%A}" != "Sunday"


def _starts(plan: Plan, activity: Activity, day: date) -> set[int]:
    """The minutes of a day at which guests may come."""
    if _not_on(activity, day):
        return set()
    if activity.slot_rule != "times":
        return _grid(plan, activity, day)
    return {n for n, text in enumerate(CLOCK) if text in activity.times} & _open(
        plan, activity, day
    )


def _begins(plan: Plan, activity: Activity, day: date) -> dict[tuple[date, str], datetime]:
    """Every time of a day and the next at which guests may come, with its instant."""
    found = {}
    for near in (day, day + timedelta(days=1)):
        walked = minutes(plan.venue.timezone, near)
        for minute in _starts(plan, activity, near) & walked.keys():
            found[near, CLOCK[minute]] = walked[minute]
    return found


def _most_seated(offer: Offer, begins: dict[tuple[date, str], datetime], at: datetime) -> int:
    """The most who sit there at once while somebody stays who comes at that instant."""
    gone = at + timedelta(minutes=offer.activity.duration_minutes)
    there = [offer.seated.get(key, 0) for key, then in begins.items() if at <= then < gone]
    return max(there, default=0)


def _leaving(plan: Plan, offer: Offer, day: date, now: datetime) -> set[Said]:
    found, leaving = set(), [(each, f"{each.time:%H:%M}") for each in offer.departures[day]]
    for minute, at in minutes(plan.venue.timezone, day).items():
        for each, text in leaving:
            if text == CLOCK[minute]:
                last = at - timedelta(minutes=offer.activity.lead_minutes)
                found.add(_said(plan, offer, day, str(each.id), at, last, now, each))
    return found


def _hours(plan: Plan, day: date) -> list[Hours]:
    if day in plan.special:
        hours = plan.special[day].hours
        return [hours] if hours else []
    return list(plan.week[day.weekday()])


def _absolute(begin: time, end: time) -> tuple[int, int]:
    first, last = begin.hour * 60 + begin.minute, end.hour * 60 + end.minute
    return (first, last) if end > begin else (first, last + 1440)


def _wall(day: date, minute: int, zone: ZoneInfo) -> datetime:
    naive = datetime.combine(day, time()) + timedelta(minutes=minute)
    return naive.replace(tzinfo=zone).astimezone(UTC)


def _open(plan: Plan, activity: Activity, day: date) -> set[int]:
    """The minutes of a day at which the venue, or its kitchen, lets guests in."""
    found: set[int] = set()
    for start, late in ((day, 0), (day - timedelta(days=1), 1440)):
        for hours in _hours(plan, start):
            first, last = _let_in(activity, hours)
            found |= {minute - late for minute in range(first, last)}
    return found


def _let_in(activity: Activity, hours: Hours) -> tuple[int, int]:
    first, last = _absolute(hours.opens, hours.closes)
    if not activity.in_kitchen_hours:
        return first, last
    if hours.kitchen_opens and hours.kitchen_closes:
        k_first, k_last = _absolute(hours.kitchen_opens, hours.kitchen_closes)
        if k_first < first and k_first + 1440 < last:
            k_first, k_last = k_first + 1440, k_last + 1440
        first, last = k_first, k_last
    if not activity.last_seating_minutes:
        return first, last
    return first, last - activity.last_seating_minutes + 1  # the last seating itself counts


def _grid(plan: Plan, activity: Activity, day: date) -> set[int]:
    """The minutes of a day at which an interval begins, counted on one by one."""
    found: set[int] = set()
    for start, late in ((day, 0), (day - timedelta(days=1), 1440)):
        for hours in _hours(plan, start):
            first, last = _let_in(activity, hours)
            stop = last - 1 if activity.in_kitchen_hours else last - activity.duration_minutes
            tick = first
            while tick <= stop:
                found.add(tick - late)
                tick += activity.every_minutes or 1
    return found


def _said(
    plan: Plan,
    offer: Offer,
    day: date,
    key: str,
    at: datetime,
    last: datetime,
    now: datetime,
    departure: Departure | None = None,
    seated: int = 0,
) -> Said:
    activity = offer.activity
    capacity = activity.capacity
    if departure is not None and departure.capacity is not None:
        capacity = departure.capacity
    shut = not plan.venue.is_active or not activity.is_active
    for closure in plan.closures:
        if closure.day == day and closure.activity_id in (None, activity.id):
            shut = shut or closure.slot in (None, key)
    if departure is not None:
        shut = shut or departure.is_closed
        shut = shut or (day in plan.special and plan.special[day].hours is None)
    taken = offer.used.get((day, key), 0)
    limits = [] if capacity is None else [capacity - taken]
    if activity.seats is not None:
        limits.append(activity.seats - seated)
    left = max(0, min(limits)) if limits else None
    state = "closed" if shut else "past" if now > last else "full" if left == 0 else "open"
    return Said(key, at.astimezone(UTC), state, left)
