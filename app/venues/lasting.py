"""How many days a departure takes, and how these are said."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import Integer, cast, func

from app.venues.models import Activity, Departure

MOST_DAYS = 90
LAST_DAY = func.coalesce(Departure.last_day, Departure.day + cast(Activity.days - 1, Integer))
"""For queries, as `last_day` says."""


def last_day(activity: Activity, departure: Departure) -> date:
    """Its last day: its own, else as follows from the activity's `days`."""
    if departure.last_day is not None:
        return departure.last_day
    return departure.day + timedelta(days=activity.days - 1)


def said(first: date, last: date) -> str:
    """`12–16 Mar`, `30 Mar–2 Apr`, `30 Dec 2026–2 Jan 2027`; one day is `12 Mar`."""
    end = f"{last.day} {last:%b}"
    if first == last:
        return end
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{end}"
    if first.year == last.year:
        return f"{first.day} {first:%b}–{end}"
    return f"{first.day} {first:%b %Y}–{end} {last.year}"
