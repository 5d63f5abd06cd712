"""Conversion: of what began as an enquiry or a hold, how much became a booking."""

from __future__ import annotations

from app.reports.gathering import Asked, Measure, Pair, count, pairs, source_name, table
from app.reports.queries import Sums
from app.reports.tables import Kind, Report, Series

MEASURES = (
    *(count("Enquiries", "enquiries"), count("Became bookings", "enquiries_won")),
    Measure("Enquiries %", lambda s: s.rate("enquiries_won", "enquiries"), Kind.PERCENT),
    *(count("Holds", "holds"), count("Holds booked", "holds_won")),
    Measure("Holds %", lambda s: s.rate("holds_won", "holds"), Kind.PERCENT),
    count("Still waiting", "waiting"),
)
NOTE = (
    "An enquiry came as pending; a hold kept a place for some minutes. Either became a booking once"
    " it was confirmed, also if it was cancelled later."
)


def conversion(asked: Asked) -> Report:
    """The whole tab: at most two queries."""
    counts_only = Asked(
        *(asked.session, asked.scope, asked.now, asked.before, asked.websites), sees_amounts=False
    )
    found = {key: pair for key, pair in pairs(counts_only, "source").items() if _began(pair)}
    shown = table(counts_only, "By source", "Source", found, MEASURES, source_name, NOTE)
    points = [(source_name(key[0]), _won_or_not(pair.now)) for key, pair in found.items()]
    names = ["Became bookings", "Did not, or not yet"]
    charts = [Series("Enquiries and holds", names, points)] if found else []
    return Report([], charts, [shown], is_empty=not found)


def _began(pair: Pair) -> bool:
    return any(sums and (sums["enquiries"] or sums["holds"]) for sums in (pair.now, pair.before))


def _won_or_not(sums: Sums) -> list[int]:
    won = sums["enquiries_won"] + sums["holds_won"]
    return [won, sums["enquiries"] + sums["holds"] - won]
