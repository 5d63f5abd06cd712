"""Whatever people do: never more than there is room for, in turn, nobody offered twice."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.bookings.holds import expire_lapsed
from app.bookings.models import Booking
from app.bookings.status import Status
from app.errors import Conflict, SlotUnavailable
from app.extensions import db
from app.waiting import actions
from app.waiting.models import WaitingEntry
from tests.bookings.made import NOON
from tests.waiting.made import DAY, PIA, Trek, a_departure, end, look, offered

SEATS = 8
DAYS = count(30)
"""Each example has a departure of its own."""
FIRST = (3, 3, 2)
"""Parties that have booked all of it before."""
VERBS = ("join", "join", "join", "cancel", "cancel", "book", "more", "leave", "confirm", "expire")
STEPS = st.lists(
    st.tuples(st.sampled_from(VERBS), st.integers(0, 5), st.integers(1, 5)),
    min_size=10,
    max_size=16,
)


@dataclass
class Naive:
    """The same list, kept with pencil and paper: numbers are those of entries and bookings."""

    booked: dict[int, int] = field(default_factory=dict)
    queue: list[tuple[int, int]] = field(default_factory=list)
    held: dict[int, int] = field(default_factory=dict)
    ended: dict[int, str] = field(default_factory=dict)

    @property
    def left(self) -> int:
        return SEATS - sum(self.booked.values()) - sum(self.held.values())

    def offer(self) -> None:
        for number, guests in list(self.queue):
            if guests <= self.left:
                self.queue.remove((number, guests))
                self.held[number] = guests

    def states(self, entries: int) -> list[str]:
        waiting = {number for number, _ in self.queue}
        found = {**self.ended, **dict.fromkeys(waiting, "waiting")}
        found |= dict.fromkeys(self.held, "offered")
        return [found[number] for number in range(entries)]


@dataclass
class Both:
    """The list and its copy on paper, which must come to the same."""

    trek: Trek
    clock: time_machine.Traveller
    naive: Naive = field(default_factory=Naive)
    entries: list[WaitingEntry] = field(default_factory=list)
    bookings: list[Booking] = field(default_factory=list)

    def join(self, _: int, guests: int) -> None:
        if guests <= self.naive.left:
            with suppress(Conflict):
                self.trek.join(guests)
                raise AssertionError("there is room")
            return
        self.entries.append(self.trek.join(guests))
        self.naive.queue.append((len(self.entries) - 1, guests))

    def more(self, which: int, guests: int) -> None:
        """Somebody who waits is more or fewer by now."""
        waiting = [number for number, _ in self.naive.queue]
        if not waiting or guests <= self.naive.left:
            return
        number = waiting[which % len(waiting)]
        self.trek.join(guests, self.entries[number].customer_id)
        before = dict(self.naive.queue)[number]
        place = waiting.index(number)
        if guests > before:
            self.naive.queue.append(self.naive.queue.pop(place))
            place = -1
        self.naive.queue[place] = number, guests

    def book(self, _: int, guests: int) -> None:
        if guests > self.naive.left:
            with suppress(SlotUnavailable):
                self.trek.book(guests)
                raise AssertionError("it is full")
            db.session.expire_all()
            return
        self.bookings.append(self.trek.book(guests))
        self.naive.booked[len(self.bookings) - 1] = guests

    def cancel(self, which: int, _: int) -> None:
        if self.naive.booked:
            number = sorted(self.naive.booked)[which % len(self.naive.booked)]
            self.naive.booked.pop(number)
            end(self.bookings[number])

    def leave(self, which: int, _: int) -> None:
        there = sorted([*self.naive.held, *dict(self.naive.queue)])
        if there:
            number = there[which % len(there)]
            self.naive.held.pop(number, 0)
            self.naive.queue = [each for each in self.naive.queue if each[0] != number]
            self.naive.ended[number] = "left"
            entry = self.entries[number]
            actions.leave(db.session(), PIA, entry.customer_id, entry.id, datetime.now(UTC))

    def confirm(self, which: int, _: int) -> None:
        if self.naive.held:
            number = sorted(self.naive.held)[which % len(self.naive.held)]
            self.bookings.append(offered(self.entries[number]))
            self.naive.booked[len(self.bookings) - 1] = self.naive.held.pop(number)
            self.naive.ended[number] = "taken"
            end(self.bookings[-1], Status.CONFIRMED)

    def expire(self, _: int, __: int) -> None:
        """Nobody answered in time."""
        self.clock.shift(timedelta(hours=12, seconds=1))
        self.naive.ended |= dict.fromkeys(self.naive.held, "lapsed")
        self.naive.held.clear()
        while expire_lapsed(db.session()):
            pass

    def compare(self) -> None:
        db.session.commit()
        self.naive.offer()
        assert self.trek.used == SEATS - self.naive.left <= SEATS
        assert self.trek.used == sum(each.guest_count for each in self.trek.bookings())
        look()
        assert [str(each.state) for each in self.entries] == self.naive.states(len(self.entries))
        pending = [e.customer_id for e in self.trek.bookings() if e.status == Status.PENDING]
        assert len(pending) == len(set(pending)) == len(self.naive.held)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_the_list_is_what_it_would_be_on_paper(
    trek: Trek, noon: time_machine.Traveller, steps: list[tuple[str, int, int]]
) -> None:
    noon.move_to(NOON, tick=False)
    day = DAY + timedelta(days=next(DAYS))
    departure = a_departure(trek.venue_id, trek.activity_id, day)
    both = Both(Trek(trek.website_id, trek.venue_id, trek.activity_id, departure, day), noon)
    for guests in FIRST:
        both.book(0, guests)
    for verb, which, guests in steps:
        getattr(both, verb)(which, guests)
        both.compare()
