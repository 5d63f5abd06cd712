"""How the websites are doing: keys in use, health of the webhook, what did not arrive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.apikeys.models import ApiKey
from app.deliveries.models import Delivery, Destination, State
from app.websites.models import Website


@dataclass(frozen=True)
class Overview:
    """One website in the list."""

    website: Website
    keys: int
    """That work."""
    last_call_at: datetime | None
    """When one of its keys was last used, to the minute."""
    destination: Destination | None
    failed: int
    """Deliveries that staff must look at."""


def overview(session: Session, websites: Sequence[Website], now: datetime) -> list[Overview]:
    """The websites with how they do: three queries, however many they are."""
    ids = [website.id for website in websites]
    keys = _keys(session, ids, now)
    destinations = _destinations(session, [website.door for website in websites])
    failed = _failed(session, ids)
    return [
        Overview(
            website,
            *keys.get(website.id, (0, None)),
            destinations.get(website.door),
            failed.get(website.id, 0),
        )
        for website in websites
    ]


def _keys(
    session: Session, ids: list[str], now: datetime
) -> dict[str, tuple[int, datetime | None]]:
    works = ApiKey.revoked_at.is_(None) & or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now)
    query = (
        select(ApiKey.website_id, func.count().filter(works), func.max(ApiKey.last_used_at))
        .where(ApiKey.website_id.in_(ids))
        .group_by(ApiKey.website_id)
    )
    return {str(website): (count, last) for website, count, last in session.execute(query)}


def _destinations(session: Session, doors: list[str]) -> dict[str, Destination]:
    query = select(Destination).where(Destination.key.in_(doors))
    return {destination.key: destination for destination in session.scalars(query)}


def _failed(session: Session, ids: list[str]) -> dict[str, int]:
    query = (
        select(Delivery.website_id, func.count())
        .where(Delivery.state == State.FAILED, Delivery.website_id.in_(ids))
        .group_by(Delivery.website_id)
    )
    return {str(website): count for website, count in session.execute(query)}
