"""What can be booked when: the one calculator, pure. `loading` brings what it calculates with.

Slots are times of the venue's own clock. A time that daylight saving skips on a day is not offered
that day; one that it repeats is offered once, the first time. Hours that end after midnight belong
to the day on which they begin, their slots to the day on which those are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from app.venues.lasting import last_day
from app.venues.models import Activity, Departure, SlotRule
from app.venues.plan import DAY_KEY, DAY_MINUTES, Hours, Offer, Plan, Slot, SlotKey, State

SUNDAY = 6
SUNDAY_LUNCH = "sunday_lunch"


def slots(plan: Plan, offer: Offer, day: date, now: datetime) -> list[Slot]:
    """The slots of an activity on a day, in the order of time, sold out and closed ones too."""
    begins = _begins(plan, offer, day)
    made = [
        slot for draft in _drafts(plan, offer, day) if (slot := draft.at(plan, offer, now, begins))
    ]
    return sorted(made, key=lambda slot: (slot.starts_at, slot.key))


def sits_from(plan: Plan, offer: Offer, day: date, minute: int) -> tuple[SlotKey, ...]:
    """The slots in which a party sits that comes at that minute, whether or not one begins then:
    those that begin while it stays, in real minutes."""
    at = instant(day, minute, plan.zone)
    if at is None:  # a time that the clock skips is read by the clock before
        at = datetime.combine(day, time(minute // 60, minute % 60), plan.zone)
    return tuple(_stay(offer.activity, at, _begins(plan, offer, day)))


def calendar(plan: Plan, offer: Offer, first: date, last: date, now: datetime) -> list[Slot]:
    """The slots of all days from the first to the last."""
    days = (last - first).days + 1
    return [s for n in range(days) for s in slots(plan, offer, first + timedelta(days=n), now)]


def never_open(plan: Plan, activity: Activity) -> list[str]:
    """Those of its fixed times at which the venue is open on no weekday: nobody can book them."""
    if activity.slot_rule != SlotRule.TIMES:
        return []
    week = [plan.week.get(weekday, ()) for weekday in range(7)]
    days = [weekday for weekday in range(7) if _is_held(activity, weekday)]
    return [
        text
        for text in activity.times
        if not any(_within(activity, week[day], week[day - 1], _minute(text)) for day in days)
    ]


def opening_spans(plan: Plan, day: date) -> list[tuple[str, str]]:
    """When the venue is open on a day, as `("09:00", "17:00")`; `24:00` is never written."""
    return [(f"{h.opens:%H:%M}", f"{h.closes:%H:%M}") for h in plan.hours(day)]


_Begins = Sequence[tuple[datetime, SlotKey]]
"""When slots begin, in the order of time."""


def _begins(plan: Plan, offer: Offer, day: date) -> _Begins:
    """Of a day and the next, into which guests may stay. Only where seats are counted."""
    if offer.activity.seats is None:
        return ()
    found = []
    for near in (day, day + timedelta(days=1)):
        for draft in _drafts(plan, offer, near):
            at = instant(near, draft.minute, plan.zone)
            if at is not None:
                found.append((at.astimezone(UTC), (near, draft.key)))
    return sorted(found)


def _stay(activity: Activity, begin: datetime, begins: _Begins) -> Iterator[SlotKey]:
    first = begin.astimezone(UTC)
    last = first + timedelta(minutes=activity.duration_minutes)
    return (key for at, key in begins if first <= at < last)


@dataclass(frozen=True)
class _Draft:
    """A slot before anybody looked at the clock and at what is taken."""

    day: date
    minute: int
    key: str
    capacity: int | None
    departure: Departure | None = None
    until: int | None = None
    """Minute until which guests of a whole day may come."""

    def at(self, plan: Plan, offer: Offer, now: datetime, begins: _Begins = ()) -> Slot | None:
        """The slot; None where the clock skips its time on that day."""
        activity = offer.activity
        span = self._span(plan.zone, activity)
        if span is None:
            return None
        begin, end, last = span
        last = _later(last, -activity.lead_minutes)
        hour, minute = divmod(self.minute, 60)
        slot = Slot(
            activity_id=activity.id,
            day=self.day,
            key=self.key,
            time=f"{hour:02}:{minute:02}",
            starts_at=begin,
            ends_at=end,
            last_call=last,
            capacity=self.capacity,
            used=offer.used.get((self.day, self.key), 0),
            state=State.OPEN,
            departure_id=self.departure.id if self.departure else None,
            last_day=last_day(activity, self.departure) if self.departure else None,
            seats=activity.seats,
            sittings=[(key, offer.seated.get(key, 0)) for key in _stay(activity, begin, begins)],
        )
        state, reason = self._state(plan, offer, slot, late=now > last)
        return replace(slot, state=state, reason=reason)

    def _span(
        self, zone: ZoneInfo, activity: Activity
    ) -> tuple[datetime, datetime, datetime] | None:
        """From, to, and when the last guests may come; None for a time that is skipped."""
        if self.until is not None:
            return _whole_day(self.day, self.until, zone)
        begin = instant(self.day, self.minute, zone)
        if begin is None:
            return None
        return begin, _later(begin, activity.duration_minutes), begin

    def _state(self, plan: Plan, offer: Offer, slot: Slot, *, late: bool) -> tuple[State, str]:
        reason = self._closed(plan, offer)
        if reason is not None:
            return State.CLOSED, reason
        if late:
            return State.PAST, ""
        return (State.FULL if slot.remaining == 0 else State.OPEN), ""

    def _closed(self, plan: Plan, offer: Offer) -> str | None:
        """Why it is closed; None where it is not."""
        if not plan.venue.is_active or not offer.activity.is_active:
            return "Switched off"
        for closure in plan.closures:
            if closure.day != self.day or closure.slot not in (None, self.key):
                continue
            if closure.activity_id in (None, offer.activity.id):
                return closure.reason
        if self.departure is None:
            return None
        special = plan.special.get(self.day)
        if special is not None and special.hours is None:
            return special.note
        return (self.departure.note or "") if self.departure.is_closed else None


def _is_held(activity: Activity, weekday: int) -> bool:
    """Whether there is any of it on a weekday: Sunday lunch is on Sundays."""
    return weekday == SUNDAY or activity.booking_type != SUNDAY_LUNCH


def _drafts(plan: Plan, offer: Offer, day: date) -> Iterable[_Draft]:
    return _by_rule(plan, offer, day) if _is_held(offer.activity, day.weekday()) else ()


def _by_rule(plan: Plan, offer: Offer, day: date) -> Iterator[_Draft]:
    activity, capacity = offer.activity, offer.activity.capacity
    match SlotRule(activity.slot_rule):
        case SlotRule.TIMES:
            for text in activity.times:
                if _is_open(plan, activity, day, minute := _minute(text)):
                    yield _Draft(day, minute, text, capacity)
        case SlotRule.INTERVAL:
            for minute in _intervals(plan, activity, day):
                yield _Draft(day, minute, f"{minute // 60:02}:{minute % 60:02}", capacity)
        case SlotRule.DAY:
            if hours := plan.hours(day):
                until = max(stretch.minutes()[1] for stretch in hours)
                yield _Draft(day, 0, DAY_KEY, capacity, until=until)
        case SlotRule.DEPARTURES:
            for departure in offer.departures.get(day, ()):
                minute = departure.time.hour * 60 + departure.time.minute
                own = departure.capacity
                places = capacity if own is None else own
                yield _Draft(day, minute, str(departure.id), places, departure)


def _is_open(plan: Plan, activity: Activity, day: date, minute: int) -> bool:
    """Whether guests may come then, also in hours that began the day before."""
    return _within(activity, plan.hours(day), plan.hours(day - timedelta(days=1)), minute)


def _within(
    activity: Activity, today: Sequence[Hours], yesterday: Sequence[Hours], minute: int
) -> bool:
    begun = [(_arrivals(activity, h), 0) for h in today]
    begun += [(_arrivals(activity, h), DAY_MINUTES) for h in yesterday]
    return any(begin <= minute + late < end for (begin, end), late in begun)


def _arrivals(activity: Activity, hours: Hours) -> tuple[int, int]:
    """From and before when: in the kitchen's hours the last guests may sit down until it closes, or
    at that many minutes before."""
    if not activity.in_kitchen_hours:
        return hours.minutes()
    begin, end = hours.kitchen()
    last = activity.last_seating_minutes
    return begin, end - last + 1 if last else end


def _intervals(plan: Plan, activity: Activity, day: date) -> list[int]:
    """The minutes of a day at which an interval begins, counted on over midnight."""
    found: set[int] = set()
    for start, late in ((day, 0), (day - timedelta(days=1), DAY_MINUTES)):
        for hours in plan.hours(start):
            for minute in _grid(hours, activity):
                if 0 <= minute - late < DAY_MINUTES:
                    found.add(minute - late)
    return sorted(found)


def _grid(hours: Hours, activity: Activity) -> range:
    """Every so many minutes. What runs in opening hours ends within them; in the kitchen's hours
    the last guests may sit down until it closes, or so long before as the activity says."""
    step = activity.every_minutes or activity.duration_minutes
    begin, end = _arrivals(activity, hours)
    if activity.in_kitchen_hours:
        return range(begin, end, step)
    return range(begin, end - activity.duration_minutes + 1, step)


def _whole_day(day: date, until: int, zone: ZoneInfo) -> tuple[datetime, datetime, datetime]:
    """Midnight, the next midnight, and when the venue closes."""
    begin = datetime.combine(day, time(), zone)
    end = datetime.combine(day + timedelta(days=1), time(), zone)
    days, minute = divmod(until, DAY_MINUTES)
    clock = time(minute // 60, minute % 60)
    return begin, end, datetime.combine(day + timedelta(days=days), clock, zone)


@lru_cache(maxsize=4096)
def instant(day: date, minute: int, zone: ZoneInfo) -> datetime | None:
    """A minute of a day on the clock of a zone; None where the clock skips it."""
    naive = datetime.combine(day, time(minute // 60, minute % 60))
    aware = naive.replace(tzinfo=zone)
    there_and_back = aware.astimezone(UTC).astimezone(zone).replace(tzinfo=None)
    return aware if there_and_back == naive else None


def _later(at: datetime, minutes: int) -> datetime:
    """So many real minutes later, also across a change of the clock."""
    return (at.astimezone(UTC) + timedelta(minutes=minutes)).astimezone(at.tzinfo)


def _minute(text: str) -> int:
    hour, _, minute = text.partition(":")
    return int(hour) * 60 + int(minute)
