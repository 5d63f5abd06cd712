"""Who is behind a partner's key: the partner, and where it may book."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import LargeBinary, Result, Uuid, bindparam, func, select
from sqlalchemy.orm import Session

from app.apikeys.models import ApiKey
from app.crypto import hash_secret
from app.partners.models import Partner, PartnerVenue
from app.venues.models import Venue
from app.wall import PEOPLE, WEBSITES, opened_by_key

_ALLOWED = select(Venue.id, Venue.website_id).join(PartnerVenue, PartnerVenue.venue_id == Venue.id)
_NAMES = (
    select(func.string_agg(Venue.website_id.distinct(), ","))
    .join(PartnerVenue, PartnerVenue.venue_id == Venue.id)
    .where(PartnerVenue.partner_id == ApiKey.partner_id)
    .correlate(ApiKey)
    .scalar_subquery()
)
_FIND = (
    # Opens the second wall in the same round trip.
    select(
        ApiKey,
        Partner,
        func.set_config(WEBSITES, func.coalesce(_NAMES, ""), True),
        func.set_config(PEOPLE, "all", True),
    ).join(Partner, Partner.id == ApiKey.partner_id)
)
_BY_HASH = _FIND.where(ApiKey.key_hash == bindparam("key_hash", type_=LargeBinary))
_BY_ID = _FIND.where(ApiKey.id == bindparam("key_id", type_=Uuid))


@dataclass(frozen=True)
class PartnerCaller:
    """A presented key and its partner. The key may have ended: see `works_at`."""

    key: ApiKey
    partner: Partner
    venues: Mapping[UUID, str]
    """Where it may book: ids of venues with their websites."""

    @property
    def websites(self) -> frozenset[str]:
        return frozenset(self.venues.values())

    def works_at(self, now: datetime) -> bool:
        """The key is good and its partner is switched on."""
        return self.key.works_at(now) and self.partner.is_active

    @property
    def allowed_ips(self) -> tuple[list[str], list[str]]:
        """Networks of the partner and of the key: a caller lies in both; empty is anywhere."""
        return list(self.partner.allowed_ips), list(self.key.allowed_ips)


def find(session: Session, clear_text: str) -> PartnerCaller | None:
    """The caller behind a partner's key, in two queries; None for what is no partner's key."""
    return _found(session, session.execute(_BY_HASH, {"key_hash": hash_secret(clear_text)}))


def find_by_id(session: Session, key_id: UUID) -> PartnerCaller | None:
    """The same for who showed the key before, and has a token of it since."""
    return _found(session, session.execute(_BY_ID, {"key_id": key_id}))


def _found(session: Session, result: Result[tuple[Any, ...]]) -> PartnerCaller | None:
    row: Any = result.one_or_none()
    if row is None:
        return None
    key, partner, websites = row[:3]
    opened_by_key(session, frozenset(filter(None, websites.split(","))))
    return PartnerCaller(key, partner, venues_of(session, partner.id))


def venues_of(session: Session, partner_id: UUID) -> dict[UUID, str]:
    """The venues at which a partner may book, with their websites."""
    query = _ALLOWED.where(PartnerVenue.partner_id == partner_id)
    return {row.id: row.website_id for row in session.execute(query)}
