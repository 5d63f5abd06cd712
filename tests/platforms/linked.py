"""A venue with tables, and its connections as pages and doors make them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from app.config import Settings
from app.extensions import db
from app.outbound import policy
from app.platforms import registry
from app.platforms.models import PlatformConnection
from app.venues.models import Venue
from tests.platforms.contract import CASES, SLUG, There, there
from tests.venues.made import a_venue, an_activity

TABLE = {"name": "Dinner", "kind": "table", "slot_rule": "times", "times": "19:00, 20:00"}
NOWHERE = "https://restoo.example.com"
RESTOO = {"account": "A-1", "api_key": "rk-77", "partner_id": "p-1", "base_url": NOWHERE}
KEY = CASES["covermanager"].secrets["api_key"]


def a_restaurant(website: str = "ours", name: str = "The Anchor") -> Venue:
    """A venue that sells tables."""
    venue = a_venue(website, name)
    an_activity(venue, **TABLE)
    return venue


def a_connection(venue: Venue, kind: str = "covermanager", **fields: Any) -> PlatformConnection:
    """A connection that nobody tested."""
    account = {"restaurant": SLUG, "api_key": KEY} if kind == "covermanager" else RESTOO
    made = PlatformConnection(
        website_id=venue.website_id,
        venue_id=venue.id,
        platform_type=kind,
        **{"configuration": account, **fields},
    )
    db.session.add(made)
    db.session.flush()
    return made


def typed(venue: Venue, **more: str) -> dict[str, str]:
    """The form of a CoverManager account, filled in."""
    return {
        "venue_id": str(venue.id),
        "platform_type": "covermanager",
        "account.restaurant": SLUG,
        "account.api_key": KEY,
        **more,
    }


@contextmanager
def covermanager() -> Iterator[There]:
    """CoverManager's stand-in, in CoverManager's place."""
    with there(CASES["covermanager"]) as place:
        settings = Settings(env="test", covermanager_url=place.url, outbound_allow="127.0.0.0/8")
        registry.configure(settings)
        policy.configure(settings)
        yield place
    registry.configure(Settings(env="test"))
