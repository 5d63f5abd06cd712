"""What the address of the list asks for, and the addresses of its neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import url_for

from app.bookings.filters import Filters
from app.bookings.status import ARRIVED, ARRIVING, GONE, Status

SOURCES = {
    "website": "Websites",
    "partner": "Partners",
    "platform": "Platforms",
    "customer_app": "App",
    "phone": "Phone",
    "walk_in": "Walk-in",
    "direct": "Direct",
}
RANGES = {
    "today": "Today",
    "tomorrow": "Tomorrow",
    "week": "Next 7 days",
    "upcoming": "Upcoming",
    "past": "Past",
    "all": "All dates",
}
ONLY = {"late": "Late", "pickup": "With pick-up", "notes": "With request or note"}
TABS = {
    "": "All",
    "pending": "Pending",
    "confirmed": "Confirmed",
    "checked_in": "Checked in",
    "completed": "Completed",
    "no_show": "No-show",
    "gone": "Cancelled",
}
GROUPS: dict[str, tuple[str, tuple[Status, ...]]] = {
    "arriving": ("To arrive", ARRIVING),
    "arrived": ("Arrived", ARRIVED),
    "active": ("Not cancelled", tuple(s for s in Status if s not in GONE)),
    "gone": ("Cancelled", GONE),
}
"""Several statuses by one name: what tiles and tabs link to."""
NAMES = {
    **{status.value: status.label for status in Status},
    **{name: label for name, (label, _) in GROUPS.items()},
}


@dataclass(frozen=True)
class ListView:
    """The list as its address describes it. Words that nobody knows are left out."""

    today: date
    now: datetime
    website: str = ""
    q: str = ""
    status: str = ""
    source: str = ""
    when: str = ""
    date_from: date | None = field(default=None, metadata={"arg": "from"})
    date_to: date | None = field(default=None, metadata={"arg": "to"})
    only: str = ""
    partner: str = field(default="", metadata={"arg": "partner_id"})
    venue: str = field(default="", metadata={"arg": "venue_id"})
    sort: str = ""
    """`date`, `-date`, or empty for what suits the range."""

    @classmethod
    def read(cls, args: Mapping[str, str], today: date, now: datetime) -> ListView:
        """From the query string."""
        return cls(
            today=today,
            now=now,
            website=args.get("website", ""),
            q=args.get("q", "").strip()[:200].replace("\x00", ""),
            status=_known(args, "status", NAMES),
            source=_known(args, "source", SOURCES),
            when=_known(args, "when", RANGES).replace("upcoming", ""),
            date_from=_day(args.get("from", "")),
            date_to=_day(args.get("to", "")),
            only=_known(args, "only", ONLY),
            partner=_id(args.get("partner_id", "")),
            venue=_id(args.get("venue_id", "")),
            sort=_known(args, "sort", ("date", "-date")),
        )

    @property
    def has_dates(self) -> bool:
        return bool(self.date_from or self.date_to)

    @property
    def range(self) -> str:
        """Name of the range; `dates` when days were given, which outweigh a range."""
        return "dates" if self.has_dates else self.when or "upcoming"

    @property
    def newest_first(self) -> bool:
        if self.sort:
            return self.sort == "-date"
        return self.range in ("past", "all")

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the website and the range was chosen."""
        chosen = (self.q, self.status, self.source, self.only, self.partner, self.venue)
        return any(chosen)

    @property
    def range_words(self) -> str:
        """The range within a sentence."""
        return {
            "dates": self._dates(),
            "today": "today",
            "tomorrow": "tomorrow",
            "week": "the next 7 days",
            "upcoming": "the days to come",
            "past": "the past",
            "all": "all dates",
        }[self.range]

    def days(self) -> tuple[date | None, date | None]:
        """First and last day, each None where it is open."""
        day = timedelta(days=1)
        return {
            "dates": (self.date_from, self.date_to),
            "today": (self.today, self.today),
            "tomorrow": (self.today + day, self.today + day),
            "week": (self.today, self.today + 6 * day),
            "upcoming": (self.today, None),
            "past": (None, self.today - day),
            "all": (None, None),
        }[self.range]

    def filters(self) -> Filters:
        """For the query."""
        first, last = self.days()
        return Filters(
            website_id=self.website or None,
            statuses=_statuses(self.status),
            source=self.source or None,
            partner_id=UUID(self.partner) if self.partner else None,
            venue_id=UUID(self.venue) if self.venue else None,
            date_from=first,
            date_to=last,
            q=self.q,
            with_pickup=self.only == "pickup",
            with_notes=self.only == "notes",
            late_at=self.now if self.only == "late" else None,
            newest_first=self.newest_first,
        )

    def but(self, **changes: Any) -> ListView:
        """The same list with something else chosen."""
        return replace(self, **changes)

    def args(self) -> dict[str, Any]:
        """The query string, without what is empty."""
        found = {}
        for spec in fields(self):
            value = getattr(self, spec.name)
            if value and spec.name not in ("today", "now"):
                found[spec.metadata.get("arg", spec.name)] = str(value)
        return found

    def url(self, endpoint: str = "bookings.index", **more: Any) -> str:
        """The address of this list."""
        return url_for(endpoint, **self.args(), **more)

    def chips(self, names: Mapping[str, str]) -> list[tuple[str, str]]:
        """The active filters, each with the address without it. `names`: of partners and venues."""
        found = []
        if self.q:
            found.append((f"“{self.q}”", self.but(q="").url()))
        if self.status and self.status not in TABS:
            found.append((NAMES[self.status], self.but(status="").url()))
        if self.has_dates:
            found.append((self._dates(), self.but(date_from=None, date_to=None).url()))
        elif self.when:
            found.append((RANGES[self.when], self.but(when="").url()))
        if self.source:
            found.append((SOURCES[self.source], self.but(source="").url()))
        if self.partner:
            found.append((names.get(self.partner, "One partner"), self.but(partner="").url()))
        if self.venue:
            found.append((names.get(self.venue, "One venue"), self.but(venue="").url()))
        if self.only:
            found.append((ONLY[self.only], self.but(only="").url()))
        return found

    def cleared(self) -> str:
        """The address without any filter but the website."""
        return ListView(self.today, self.now, self.website).url()

    def _dates(self) -> str:
        first, last = (f"{d.day} {d:%b %Y}" if d else "" for d in (self.date_from, self.date_to))
        if first == last:
            return first
        return f"{first} – {last}" if first and last else f"From {first}" if first else f"To {last}"


def _statuses(name: str) -> tuple[str, ...]:
    if name in GROUPS:
        return tuple(status.value for status in GROUPS[name][1])
    return (name,) if name else ()


def _known(args: Mapping[str, str], name: str, known: Any) -> str:
    value = args.get(name, "")
    return value if value in known else ""


def _id(text: str) -> str:
    """An id as it is written; empty for what is none."""
    try:
        return str(UUID(text))
    except ValueError:
        return ""


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
