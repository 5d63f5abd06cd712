"""What the address of Today asks for, and the addresses of its neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from flask import url_for

from app.bookings.listview import ListView
from app.errors import InvalidPayload

SHOWN = ("arrivals", "expected", "pickups")
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class DayView:
    """One day of one website, or of all."""

    here: date
    """Today, in the zone of the desk."""
    now: datetime
    day: date
    website: str = ""
    q: str = ""
    show: str = "arrivals"

    @classmethod
    def read(cls, args: Mapping[str, str], here: date, now: datetime) -> DayView:
        """From the query string. Raises InvalidPayload for a date that is none."""
        show = args.get("show", "")
        return cls(
            here=here,
            now=now,
            day=_day(args.get("date")) or here,
            website=args.get("website", ""),
            q=args.get("q", "").strip()[:200].replace("\x00", ""),
            show=show if show in SHOWN else SHOWN[0],
        )

    @property
    def name(self) -> str:
        """The heading."""
        near = {-1: "Yesterday", 0: "Today", 1: "Tomorrow"}
        return near.get((self.day - self.here).days, f"{self.day:%A} {self.day.day} {self.day:%B}")

    @property
    def before(self) -> DayView:
        return replace(self, day=self.day - ONE_DAY)

    @property
    def after(self) -> DayView:
        return replace(self, day=self.day + ONE_DAY)

    @property
    def is_to_come(self) -> bool:
        return self.day > self.here

    def but(self, **changes: Any) -> DayView:
        """The same day with something else chosen."""
        return replace(self, **changes)

    def args(self) -> dict[str, Any]:
        """The query string, without what goes without saying."""
        return {
            "website": self.website or None,
            "date": None if self.day == self.here else self.day.isoformat(),
            "q": self.q or None,
            "show": self.show if self.show != SHOWN[0] else None,
        }

    def url(self) -> str:
        """The address of this day."""
        return url_for("desk.today", **self.args())

    def poll(self, cursor: str, late_at: datetime | None) -> str:
        """Where the open page asks for news. It names its day: at midnight it stays what it is."""
        asked = {**self.args(), "date": self.day.isoformat(), "seen": self.here.isoformat()}
        until = None if late_at is None or self.is_to_come else int(late_at.timestamp())
        return url_for("desk.today", **asked, after=cursor, until=until)

    @property
    def list(self) -> ListView:
        """The bookings of the day, for links to the list."""
        return ListView(self.here, self.now, self.website, date_from=self.day, date_to=self.day)


def _day(text: str | None) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise InvalidPayload("This is not a date.") from error
    if not 2000 <= day.year <= 2100:
        raise InvalidPayload("This date is out of reach.")
    return day
