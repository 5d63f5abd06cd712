"""How partners are doing: where they book, keys in use, health of the webhook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.apikeys.models import ApiKey
from app.deliveries.models import Delivery, Destination, State
from app.deliveries.status import visible
from app.partners import queries
from app.partners.models import Partner
from app.partners.queries import Place


@dataclass(frozen=True)
class Overview:
    """One partner in the list."""

    partner: Partner
    places: list[Place]
    keys: int
    """That work."""
    last_call_at: datetime | None
    """When one of its keys was last used, to the minute."""
    destination: Destination | None


def overview(session: Session, partners: Sequence[Partner], now: datetime) -> list[Overview]:
    """The partners with how they do: three queries, however many they are."""
    ids = [partner.id for partner in partners]
    places = queries.places_of(session, ids)
    keys = _keys(session, ids, now)
    doors = [partner.door for partner in partners]
    found = session.scalars(select(Destination).where(Destination.key.in_(doors)))
    destinations = {destination.key: destination for destination in found}
    return [
        Overview(
            partner, places[partner.id], *keys.get(partner.id, (0, None)),
            destinations.get(partner.door),
        )
        for partner in partners
    ]  # fmt: skip


def failed(
    session: Session, destination: Destination | None, websites: frozenset[str] | None
) -> int:
    """How many deliveries there need somebody, of these websites (None: of all)."""
    if destination is None:
        return 0
    mine = visible(Delivery.website_id, websites), Delivery.destination_id == destination.id
    query = select(func.count()).where(*mine, Delivery.state == State.FAILED)
    return session.scalar(query.select_from(Delivery)) or 0


def _keys(
    session: Session, ids: list[UUID], now: datetime
) -> dict[UUID, tuple[int, datetime | None]]:
    works = ApiKey.revoked_at.is_(None) & or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now)
    query = (
        select(ApiKey.partner_id, func.count().filter(works), func.max(ApiKey.last_used_at))
        .where(ApiKey.partner_id.in_(ids))
        .group_by(ApiKey.partner_id)
    )
    return {partner: (count, last) for partner, count, last in session.execute(query) if partner}
