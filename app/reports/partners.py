"""Partners: what each of them brought, and what it is owed."""

from __future__ import annotations

from app.reports import queries
from app.reports.gathering import Asked, Measure, count, money, most_first, pairs, table
from app.reports.models import BookingDay
from app.reports.tables import Kind, Report, Series

MEASURES = (
    *(count("Bookings", "bookings"), count("Guests", "guests")),
    money("Revenue", "revenue"),
    money("Commission owed", "commission"),
    count("Cancelled", "cancelled"),
    Measure("Cancelled %", lambda s: s.rate("cancelled", "bookings", "cancelled"), Kind.PERCENT),
    Measure("Lead time (days)", lambda s: s.lead, Kind.AVERAGE),
)
MOST_BARS = 12
NOTE = "Lead time: days from booking to visit."
AMOUNTS = (
    " Commission is each booking's own rate of its total less refunds, rounded for each booking."
    " What waits, is cancelled or expired owes nothing."
)


def partners(asked: Asked) -> Report:
    """The whole tab: at most three queries."""
    groups = pairs(asked, "partner_id", only=BookingDay.partner_id.is_not(None))
    names = queries.partner_names(asked.session, [key[0] for key in groups])
    shown = table(
        *(asked, "By partner", "Partner", groups, MEASURES),
        lambda partner_id: names.get(partner_id, "A partner"),
        NOTE + AMOUNTS if asked.sees_amounts else NOTE,
    )
    bookings: dict[str, int] = {}
    for key, pair in most_first(groups):
        name = names.get(key[0], "A partner")
        bookings[name] = bookings.get(name, 0) + pair.now["bookings"]
    points = [(name, [number]) for name, number in list(bookings.items())[:MOST_BARS] if number]
    charts = [Series("Bookings by partner", ["Bookings"], points)] if points else []
    return Report([], charts, [shown], is_empty=not groups)
