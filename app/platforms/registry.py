"""Every platform by its type, and what a connection is opened with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.config import Settings
from app.outbound import Answer, Outgoing, Unreachable
from app.platforms import covermanager, restoo
from app.platforms.base import Account, Capability, Kind, Platform, Send
from app.platforms.models import PlatformConnection
from app.venues.models import Venue
from app.websites.models import Website

KINDS: dict[str, Kind] = {}
"""By type, in the order in which staff are offered them."""
_standing_in: dict[str, str] = {}


def use(kind: Kind) -> None:
    """Have this platform. Raises ValueError when its type is taken."""
    if kind.type in KINDS:
        raise ValueError(f"There is a platform {kind.type!r} already.")
    KINDS[kind.type] = kind


use(covermanager.KIND)
use(restoo.KIND)


def configure(settings: Settings) -> None:
    """What stands in for platforms: `COVERMANAGER_URL` and so on, `<TYPE>_URL` for each type."""
    _standing_in.clear()
    for name in KINDS:
        if url := getattr(settings, f"{name}_url", ""):
            _standing_in[name] = str(url).rstrip("/")


def account_of(session: Session, connection: PlatformConnection) -> Account:
    """The account of a connection, in clear. Raises KeyError for a type that is not there."""
    kind = KINDS[connection.platform_type]
    venue = session.get_one(Venue, connection.venue_id)
    website = session.get_one(Website, connection.website_id)
    said = connection.configuration or {}
    return Account(
        type=kind.type,
        connection_id=connection.id,
        venue_id=venue.id,
        timezone=venue.timezone,
        region=website.phone_region,
        secrets={each.name: str(said.get(each.name) or each.default) for each in kind.fields},
        options=options_of(kind, connection.options),
        statuses={**kind.statuses, **connection.statuses},
        base_url=_standing_in.get(kind.type, ""),
    )


def options_of(kind: Kind, chosen: Mapping[str, Any]) -> dict[str, str]:
    """Every option of a kind: what was chosen where that can be, else the recommended."""
    found = {}
    for each in kind.options:
        value = str(chosen.get(each.name) or each.default)
        allowed = [choice for choice, _ in each.choices]
        found[each.name] = each.default if allowed and value not in allowed else value
    return found


def label_of(platform_type: str) -> str:
    """What people call a platform; its type, where this installation does not have it."""
    kind = KINDS.get(platform_type)
    return kind.label if kind else platform_type


def per_minute(platform_type: str, chosen: Mapping[str, Any]) -> int | None:
    """How many calls it takes: as was chosen among its options, else as the platform is known to
    take; None: nothing is known, or this installation does not have it."""
    kind = KINDS.get(platform_type)
    if kind is None:
        return None
    said = options_of(kind, chosen).get("per_minute", "")
    return int(said) if said.isdecimal() and int(said) > 0 else kind.per_minute


def capabilities_of(account: Account) -> frozenset[Capability]:
    """What a platform can do with this account, as it is set up; nothing is called."""
    return platform_of(account, _nowhere).capabilities


def platform_of(account: Account, send: Send) -> Platform:
    """The platform, ready to be asked; `send` makes its calls."""
    return KINDS[account.type].open(account, send)


async def _nowhere(outgoing: Outgoing) -> Answer | Unreachable:
    raise RuntimeError("nothing is called while it is only asked what a platform can do")
