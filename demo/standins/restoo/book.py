"""A venue's tables, who sits at them when, and what Restoo demands of a booking."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

REASONS = ("OTHER", "BOOKED_ANOTHER_PLACE", "CHANGED_PLANS")
CONFIRMED, CANCELLED = "confirmed", "cancelled"
STAY = timedelta(minutes=90)
ALL_DAY = [f"{hour:02}:{minute:02}" for hour in range(24) for minute in (0, 15, 30, 45)]
_AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:00[+-]\d\d:\d\d")
_FAKE = re.compile(r"\b(test|fake|demo)\b|@example\.|\.(test|invalid)$", re.IGNORECASE)


class Refused(Exception):
    """What is wrong, and the HTTP status for it."""

    def __init__(self, words: str, status: int = 422) -> None:
        super().__init__(words)
        self.status = status


@dataclass
class Venue:
    """One account; `tables`: the seats of each; `hours`: when a booking may begin."""

    account: str
    key: str
    name: str
    timezone: str = "Europe/Malta"
    tables: list[int] = field(default_factory=lambda: [2, 2, 4, 4, 6])
    hours: list[str] = field(default_factory=lambda: ALL_DAY)


@dataclass
class Booking:
    """One booking, with what its maker said."""

    uuid: str
    status: str
    table: int
    said: dict[str, Any]
    reason: str = ""

    @property
    def begins(self) -> datetime:
        return datetime.fromisoformat(self.said["bookingAt"])

    @property
    def pax(self) -> int:
        return int(self.said["pax"])


@dataclass
class Book:
    """The bookings of one venue. Everything that is refused raises Refused."""

    venue: Venue
    bookings: dict[str, Booking] = field(default_factory=dict)
    repeated: str = "another"
    """What a `bookingExternalId` that was used before does: makes `another`, is answered with the
    `same`, or is refused by `409`."""
    refuses_fakes: bool = False
    path: Path | None = None
    """Where it is kept over a restart, if anywhere."""

    @classmethod
    def load(cls, venue: Venue, path: Path | None) -> Book:
        """The book of a venue, as it was kept."""
        book = cls(venue, path=path)
        if path is not None and path.exists():
            rows = [Booking(**row) for row in json.loads(path.read_text())]
            book.bookings = {each.uuid: each for each in rows}
        return book

    def keep(self) -> None:
        """To disk, so that a restart forgets nothing."""
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            rows = [asdict(each) for each in self.bookings.values()]
            self.path.write_text(json.dumps(rows, ensure_ascii=False))

    def moment(self, said: Any) -> datetime:
        """`bookingAt`: the clock of the venue, with the offset that it has then, on a mark."""
        if not isinstance(said, str) or not _AT.fullmatch(said):
            raise Refused("bookingAt must be local time with offset, seconds 00")
        try:
            moment = datetime.fromisoformat(said)
        except ValueError:
            raise Refused("bookingAt is no time") from None
        if moment.astimezone(ZoneInfo(self.venue.timezone)).isoformat() != said:
            raise Refused("bookingAt is not the local time of the venue")
        if moment.minute % 15:
            raise Refused("bookingAt must be a multiple of 15 minutes")
        return moment

    def free_table(self, at: datetime, pax: int) -> int | None:
        """The smallest table that is free and large enough, by its place in the list."""
        if f"{at:%H:%M}" not in self.venue.hours:
            return None
        live = [each for each in self.bookings.values() if each.status != CANCELLED]
        taken = {each.table for each in live if abs(each.begins - at) < STAY}
        seats = enumerate(self.venue.tables)
        fitting = [(n, number) for number, n in seats if n >= pax and number not in taken]
        return min(fitting)[1] if fitting else None

    def free_times(self, at: datetime, pax: int) -> list[str]:
        """When a party can come on that day."""
        zone, found = ZoneInfo(self.venue.timezone), []
        for hour in self.venue.hours:
            moment = datetime.fromisoformat(f"{at:%Y-%m-%d}T{hour}").replace(tzinfo=zone)
            if self.free_table(moment, pax) is not None:
                found.append(hour)
        return found

    def make(self, said: dict[str, Any]) -> Booking:
        """Make one, or answer with one that is there."""
        if not isinstance(said.get("bookingExternalId"), str) or not said["bookingExternalId"]:
            raise Refused("bookingExternalId is required")
        at, pax = self.moment(said.get("bookingAt")), pax_of(said.get("pax"))
        if not isinstance(said.get("customerSpecialRequests"), str):
            raise Refused("customerSpecialRequests must be a string")
        self._demand_customer(said.get("customer"))
        used = [
            e
            for e in self.bookings.values()
            if e.said["bookingExternalId"] == said["bookingExternalId"]
        ]
        if used and self.repeated == "409":
            raise Refused("bookingExternalId exists", 409)
        if used and self.repeated == "same":
            return used[-1]
        table = self.free_table(at, pax)
        if table is None:
            raise Refused("No availability")
        made = Booking(str(uuid4()), CONFIRMED, table, said)
        self.bookings[made.uuid] = made
        self.keep()
        return made

    def _demand_customer(self, said: Any) -> None:
        if not isinstance(said, dict) or not isinstance(said.get("name"), str) or not said["name"]:
            raise Refused("customer.name is required")
        email, phone = said.get("email"), said.get("phoneE164")
        if email is not None and not re.fullmatch(r"[^@\s]+@[^@\s]+\.\w+", str(email)):
            raise Refused("customer.email is not valid")
        if phone is not None and not re.fullmatch(r"\+[1-9]\d{6,14}", str(phone)):
            raise Refused("customer.phoneE164 is not valid")
        if self.refuses_fakes and (_FAKE.search(said["name"]) or _FAKE.search(email or "")):
            raise Refused("Test or fake customer data is not accepted")

    def cancel(self, uuid: str, reason: Any) -> Booking:
        """Call one off. One that is off already is answered as it is."""
        if reason not in REASONS:
            raise Refused(f"cancelReason must be one of {', '.join(REASONS)}")
        if uuid not in self.bookings:
            raise Refused("Booking not found", 404)
        found = self.bookings[uuid]
        found.status, found.reason = CANCELLED, str(reason)
        self.keep()
        return found


def pax_of(said: Any) -> int:
    """A number of guests. Raises Refused."""
    if not isinstance(said, int) or isinstance(said, bool) or said < 1:
        raise Refused("pax must be a positive integer")
    return said
