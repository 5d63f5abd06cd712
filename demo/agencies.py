"""What the two agencies have booked at the dive centre: a year of it, and some days ahead. Pure.

Every third begins as a hold, as a reseller makes it that still waits for its guest's money.
"""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from demo.catalogue import BY_ID
from demo.lives import PARTNER, Act, Story
from demo.source_site.wire import instant
from demo.stories import Slot, Writer

BRAND = BY_ID["coral-divers"]
HOLD = timedelta(minutes=30)
LONG_HOLD = timedelta(minutes=90)
"""The longest but half an hour that a reseller may ask for: it still runs when somebody looks."""
SEASON = {11: 5, 12: 6, 1: 6, 2: 5, 3: 4, 4: 3}
"""Bookings a month, while the sea is calm; in the others `QUIET`."""
QUIET = 2
AHEAD = (1, 1, 2, 4, 6, 9)
"""Days from today of some bookings to come."""
LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
ENDS = {"completed": 80, "cancelled": 13, "no_show": 7}


def agency_stories(writer: Writer, random: Random, now: datetime) -> list[Story]:
    """All of them; how they end is settled for those of the past alone."""
    here = now.astimezone(ZoneInfo(BRAND.timezone)).date()
    teller = Teller(writer, random, now)
    days = [day for back in range(1, 13) for day in _days(here, back, random)]
    past = [teller.told(day, is_hold=number % 3 == 0) for number, day in enumerate(days)]
    ahead = [here + timedelta(days=away) for away in AHEAD]
    coming = [teller.told(day, is_hold=number % 3 == 0) for number, day in enumerate(ahead)]
    return [*past, *coming, *teller.unsold(here)]


def _days(today: date, back: int, random: Random) -> list[date]:
    """The days with a booking of the month that lies so many months back."""
    number = today.year * 12 + today.month - 1 - back
    year, month = number // 12, number % 12 + 1
    return [date(year, month, random.randint(1, 28)) for _ in range(SEASON.get(month, QUIET))]


class Teller:
    """Tells the stories, with the guests of the others."""

    def __init__(self, writer: Writer, random: Random, now: datetime) -> None:
        self._writer = writer
        self._random = random
        self._now = now

    def told(self, day: date, *, is_hold: bool) -> Story:
        """A booking for this day, made some days before, and what became of it."""
        starts, slot = self._slot(day)
        latest = min(starts, self._now) - timedelta(hours=14)
        story = self._story(slot, starts, latest - timedelta(hours=self._random.randint(1, 500)))
        if is_hold:
            self._hold(story, HOLD)
            story.then(story.booked + timedelta(minutes=self._random.randint(3, 25)), Act.CONFIRM)
        if starts < self._now - timedelta(hours=6):
            self._end(story)
        return story

    def unsold(self, today: date) -> list[Story]:
        """A hold that ran out this morning or last night, and one that runs now."""
        soon = [self._slot(today + timedelta(days=away)) for away in (4, 5)]
        (starts, slot), (other_starts, other_slot) = soon
        lost = self._story(slot, starts, self._now - timedelta(hours=5))
        self._hold(lost, HOLD)
        lost.then(lost.booked + HOLD + timedelta(minutes=1), Act.LAPSE)
        running = self._story(other_slot, other_starts, self._now - timedelta(minutes=4))
        self._hold(running, LONG_HOLD)
        return [lost, running]

    def _slot(self, day: date) -> tuple[datetime, Slot]:
        package = self._random.choice(BRAND.packages)
        slot = Slot(package, day, self._random.choice(package.times))
        clock = time.fromisoformat(slot.time_slot)
        return datetime.combine(day, clock, ZoneInfo(BRAND.timezone)).astimezone(UTC), slot

    def _story(self, slot: Slot, starts: datetime, booked: datetime) -> Story:
        fields = self._writer.fields(BRAND, slot) | {
            "booking_ref": "OB-" + "".join(self._random.choices(LETTERS, k=7)),
            "source_created_at": instant(booked),
            "status": "confirmed",
        }
        own_id = uuid.UUID(int=self._random.getrandbits(128), version=4)
        story = Story(BRAND, PARTNER, own_id, fields, starts, booked)
        story.then(booked, Act.CREATE)
        return story

    def _hold(self, story: Story, length: timedelta) -> None:
        story.fields["status"] = "pending"
        story.held_until = story.booked + length

    def _end(self, story: Story) -> None:
        end = self._random.choices(list(ENDS), list(ENDS.values()))[0]
        if end == "cancelled":
            story.then(story.starts - timedelta(hours=13), Act.CANCEL, reason="Plans changed")
        elif end == "no_show":
            story.then(story.starts + timedelta(minutes=45), Act.MOVE, status="no_show")
        else:
            story.then(story.starts - timedelta(minutes=5), Act.MOVE, status="checked_in")
            story.then(story.starts + timedelta(hours=5), Act.MOVE, status="completed")
