"""What the address of the Audit page asks for, and the addresses of its neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import url_for

DOORS = {"staff": "The desk", "website": "Websites", "partner": "Partners", "system": "OneBooking"}
_LONGEST = 100


@dataclass(frozen=True)
class AuditView:
    """The page as its address describes it."""

    website: str = ""
    q: str = ""
    """Id of a subject, or a booking's reference."""
    actor: str = ""
    """Id of a person, or of whatever else acts."""
    kind: str = ""
    """Of subject: `booking`, `user`, …"""
    name: str = ""
    """Of the event: `booking.updated`."""
    door: str = ""
    since: str = ""
    until: str = ""
    """Days, in the zone of the page; both included."""

    @classmethod
    def read(cls, args: Mapping[str, str]) -> AuditView:
        """From the query string."""
        values = {spec.name: _clean(args.get(spec.name, "")) for spec in fields(cls)}
        for name in ("since", "until"):
            values[name] = values[name] if _day(values[name]) else ""
        return cls(**values)

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the website was chosen."""
        return self != AuditView(website=self.website)

    def begins(self, zone: ZoneInfo) -> datetime | None:
        """The first instant of the period."""
        day = _day(self.since)
        return datetime.combine(day, time(), zone) if day else None

    def ends(self, zone: ZoneInfo) -> datetime | None:
        """The first instant after the period."""
        day = _day(self.until)
        return datetime.combine(day + timedelta(days=1), time(), zone) if day else None

    def but(self, **changes: Any) -> AuditView:
        """The same page with something else chosen."""
        return replace(self, **changes)

    def args(self) -> dict[str, Any]:
        """The query string, without what is empty."""
        values = {spec.name: getattr(self, spec.name) for spec in fields(self)}
        return {name: value for name, value in values.items() if value}

    def url(self, endpoint: str = "audit.index", **more: Any) -> str:
        """The address of this page."""
        return url_for(endpoint, **self.args(), **more)

    def cleared(self) -> str:
        """The address without any filter but the website."""
        return AuditView(website=self.website).url()

    def chips(self, actor: str) -> list[tuple[str, str]]:
        """What no field of the form shows: each with the address without it."""
        return [(f"By {actor}", self.but(actor="").url())] if actor else []


def _clean(text: str) -> str:
    return text.strip()[:_LONGEST].replace("\x00", "")


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2100 else None
