"""The restaurant of the demo, as it is known at CoverManager."""

from __future__ import annotations

from uuid import UUID

from demo.standins.covermanager.book import Restaurant

SLUG = "the-anchor-demo"
CONNECTION = UUID("c0000000-0000-4000-8000-000000000001")
"""The hub's, to this restaurant."""
HOOK = f"/api/webhooks/platforms/covermanager/{CONNECTION}"
HOOK_SECRET = "demo-platform-secret"
LUNCH = [f"{hour}:{minute}" for hour in (12, 13) for minute in ("00", "15", "30", "45")]
DINNER = [f"{hour}:{minute}" for hour in (18, 19, 20, 21) for minute in ("00", "15", "30", "45")]
TABLES = [2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 8, 8, 10]


def anchor() -> Restaurant:
    """The restaurant of the demo."""
    hours = [*LUNCH, "14:00", *DINNER]
    return Restaurant(SLUG, "The Anchor", "London", TABLES, hours, "Europe/London")
