"""Restaurants, their tables, and who sits at them when."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

BOOKED, CANCELLED, NO_SHOW = "1", "-5", "-2"
STAY = timedelta(minutes=90)
LUNCH = [f"{hour}:{minute}" for hour in (13, 14, 15) for minute in ("00", "30")]
DINNER = [f"{hour}:{minute}" for hour in (19, 20, 21, 22) for minute in ("00", "30")]


class Refused(Exception):
    """A failure in the envelope."""


@dataclass
class Restaurant:
    """One restaurant; `tables`: the seats of each."""

    slug: str
    name: str
    city: str
    tables: list[int] = field(default_factory=lambda: [2, 2, 4, 4, 6])
    hours: list[str] = field(default_factory=lambda: LUNCH + DINNER)
    timezone: str = "Europe/Malta"


@dataclass
class Reservation:
    """One reservation, with what its maker said."""

    id: str
    restaurant: str
    date: str
    hour: str
    people: int
    status: str
    table: int | None
    said: dict[str, Any]

    @property
    def identity(self) -> tuple[Any, ...]:
        """The same again is the same reservation."""
        names = ("first_name", "last_name", "email", "phone")
        who = tuple(self.said.get(name, "") for name in names)
        return (self.restaurant, self.date, self.hour, self.people, *who)

    @property
    def holds_table(self) -> bool:
        return self.status not in (CANCELLED, NO_SHOW)

    @property
    def begins(self) -> datetime:
        return datetime.fromisoformat(f"{self.date}T{self.hour}")


@dataclass
class Book:
    """All of it."""

    restaurants: dict[str, Restaurant]
    reservations: dict[str, Reservation] = field(default_factory=dict)
    existing: bool = True
    """An identical booking is answered with the one that is there."""
    path: Path | None = None
    """Where it is kept over a restart, if anywhere."""
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @classmethod
    def load(cls, place: Restaurant, path: Path | None) -> Book:
        """The book of one restaurant, as it was kept."""
        book = cls({place.slug: place}, path=path)
        if path is not None and path.exists():
            book.put(Reservation(**row) for row in json.loads(path.read_text()))
        return book

    def put(self, reservations: Iterable[Reservation]) -> None:
        """Have these; numbers go on behind them."""
        self.reservations.update({each.id: each for each in reservations})
        self._numbers = itertools.count(len(self.reservations) + 1)

    def keep(self) -> None:
        """To disk, so that a restart forgets nothing."""
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            rows = [asdict(each) for each in self.reservations.values()]
            self.path.write_text(json.dumps(rows, ensure_ascii=False))

    def restaurant(self, slug: Any) -> Restaurant:
        if slug not in self.restaurants:
            raise Refused("Restaurant not found")
        return self.restaurants[slug]

    def free_table(
        self, place: Restaurant, day: str, hour: str, people: int, but: str = ""
    ) -> int | None:
        """The smallest table that is free and large enough, by its place in the list."""
        at = datetime.fromisoformat(f"{day}T{hour}")
        taken = {
            each.table
            for each in self.reservations.values()
            if each.restaurant == place.slug and each.holds_table and each.id != but
            if abs(each.begins - at) < STAY
        }
        fitting = [
            (seats, number)
            for number, seats in enumerate(place.tables)
            if seats >= people and number not in taken
        ]
        return min(fitting)[1] if fitting else None

    def availability(self, slug: Any, day: Any, parties: range) -> dict[str, Any]:
        """Both maps; what is not free is not named. PHP spells an empty map as a list."""
        place = self.restaurant(slug)
        _valid(str(day), "12:00", 1)
        people: dict[str, Any] = {}
        hours: dict[str, Any] = {}
        for hour in place.hours:
            for party in parties:
                if self.free_table(place, str(day), hour, party) is not None:
                    people.setdefault(str(party), {})[hour] = {"discount": False}
                    hours.setdefault(hour, {})[str(party)] = {"discount": False}
        return {"people": people or [], "hours": hours or []}

    def reserve(self, said: dict[str, Any], *, force: bool) -> Reservation:
        """Make one. Raises Refused."""
        place = self.restaurant(said.get("restaurant"))
        day, hour, people = _when(said)
        if not said.get("first_name"):
            raise Refused("first_name is required")
        if not str(said.get("int_call_code", "")).isdecimal() and said.get("phone"):
            raise Refused("int_call_code is not valid")
        made = Reservation("", place.slug, day, hour, people, BOOKED, None, said)
        if self.existing:
            for each in self.reservations.values():
                if each.holds_table and each.identity == made.identity:
                    return each
        made.table = self.free_table(place, day, hour, people)
        if not force and (made.table is None or hour not in place.hours):
            raise Refused("No availability")
        made.id = f"CM{next(self._numbers):04d}"
        self.reservations[made.id] = made
        self.keep()
        return made

    def update(self, said: dict[str, Any]) -> Reservation:
        """Change day, hour, people and words."""
        place = self.restaurant(said.get("restaurant"))
        found = self.find(said.get("id_reserv"))
        if found.restaurant != place.slug or not found.holds_table:
            raise Refused("Reservation not found")
        day, hour, people = _when(said)
        table = self.free_table(place, day, hour, people, but=found.id)
        if table is None or hour not in place.hours:
            raise Refused("No availability")
        found.date, found.hour, found.people, found.table = day, hour, people, table
        found.said.update({n: said[n] for n in ("commentary", "ref") if n in said})
        self.keep()
        return found

    def cancel(self, id_reserv: Any) -> Reservation:
        found = self.find(id_reserv)
        if found.status == CANCELLED:
            raise Refused("Reservation already cancelled")
        found.status = CANCELLED
        self.keep()
        return found

    def find(self, id_reserv: Any) -> Reservation:
        if str(id_reserv) not in self.reservations:
            raise Refused("Reservation not found")
        return self.reservations[str(id_reserv)]

    def between(self, slug: str, first: str, last: str) -> list[Reservation]:
        """Of these days, both included, also what was called off."""
        place = self.restaurant(slug)
        found = (e for e in self.reservations.values() if e.restaurant == place.slug)
        among = [each for each in found if first <= each.date <= last]
        return sorted(among, key=lambda each: (each.date, each.hour, each.id))


def _when(said: dict[str, Any]) -> tuple[str, str, int]:
    day, hour, people = str(said.get("date")), str(said.get("hour")), str(said.get("people"))
    _valid(day, hour, int(people) if people.isdecimal() else 0)
    return day, hour, int(people)


def _valid(day: str, hour: str, people: int) -> None:
    try:
        date.fromisoformat(day)
        well = len(hour) == 5 and datetime.strptime(hour, "%H:%M")  # noqa: DTZ007 (a clock's time)
    except ValueError:
        well = False
    if not well or people < 1:
        raise Refused("Wrong parameters")
