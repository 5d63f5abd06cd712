"""The restaurant of the demo, as it is known at Restoo."""

from __future__ import annotations

from demo.standins.restoo.book import Venue

ACCOUNT, KEY, PARTNER = "the-anchor-demo", "restoo-demo-key", "onebooking-demo"
QUARTERS = ("00", "15", "30", "45")
LUNCH = [f"{hour}:{minute}" for hour in (12, 13) for minute in QUARTERS]
DINNER = [f"{hour}:{minute}" for hour in (18, 19, 20, 21) for minute in QUARTERS]
OPEN = [*LUNCH, "14:00", *DINNER]
TABLES = [2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 8, 8, 10]


def anchor() -> Venue:
    """The restaurant of the demo."""
    return Venue(ACCOUNT, KEY, "The Anchor", "Europe/London", TABLES, OPEN)
