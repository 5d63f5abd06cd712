"""What the address of a report asks for, and the addresses of its neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

from flask import url_for

from app.reports.periods import COMPARED, LONGEST, PERIODS, Period, period_named

TABS = {
    "overview": "Overview",
    "partners": "Partners",
    "platforms": "Platforms",
    "overlap": "Overlap",
    "conversion": "Conversion",
    "customers": "Customers",
}
BASES = {"booked": "By booking date", "visit": "By visit date"}
USUAL = "30d"


@dataclass(frozen=True)
class ReportView:
    """A report as its address describes it."""

    tab: str = "overview"
    website: str = ""
    period: str = USUAL
    """A name of PERIODS; empty while `since` and `until` say it."""
    since: str = ""
    until: str = ""
    by: str = "booked"
    compare: str = ""

    @classmethod
    def read(cls, args: Mapping[str, str]) -> ReportView:
        """From the query string; what makes no sense is as if it were not there."""
        said = {spec.name: args.get(spec.name, "")[:60].replace("\x00", "") for spec in fields(cls)}
        first, last = _day(said["since"]), _day(said["until"])
        chosen = said["period"] if said["period"] in PERIODS else ""
        own = first and last and first <= last and (last - first).days < LONGEST
        # The form sends both, and which period it showed: whichever was changed counts.
        by_days = bool(own) and (not chosen or args.get("was") == chosen)
        return cls(
            tab=said["tab"] if said["tab"] in TABS else "overview",
            website=said["website"],
            period="" if by_days else chosen or USUAL,
            since=said["since"] if by_days else "",
            until=said["until"] if by_days else "",
            by=said["by"] if said["by"] in BASES else "booked",
            compare=said["compare"] if said["compare"] in COMPARED else "",
        )

    def days(self, today: date) -> Period:
        """The period itself."""
        if self.period:
            return period_named(self.period, today)
        return Period(date.fromisoformat(self.since), date.fromisoformat(self.until))

    def compared(self, today: date) -> Period | None:
        """The period that it is compared with."""
        if not self.compare:
            return None
        days = self.days(today)
        return days.before() if self.compare == "previous" else days.year_before()

    def but(self, **changes: Any) -> ReportView:
        """The same report with something else chosen."""
        return replace(self, **changes)

    def args(self) -> dict[str, Any]:
        """The query string, without what is as usual."""
        plain = ReportView(period=self.period and USUAL)
        values = {spec.name: getattr(self, spec.name) for spec in fields(self)}
        return {name: value for name, value in values.items() if value != getattr(plain, name)}

    def url(self, endpoint: str = "reports.index", **more: Any) -> str:
        """The address of this report."""
        return url_for(endpoint, **self.args(), **more)


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2100 else None
