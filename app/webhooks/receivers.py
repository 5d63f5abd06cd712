"""Who receives webhooks: websites and partners, and what a partner is told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, any_, literal, select
from sqlalchemy.orm import Session, undefer

from app.bookings.models import Booking
from app.partners.models import Partner
from app.websites.models import Website

Receiver = Website | Partner
WEBSITE, PARTNER = "website", "partner"
TOLD = frozenset(
    (
        *("booking_ref", "partner_reference", "package_name", "venue", "activity_date"),
        *("time_slot", "guest_count", "package_price", "total_amount", "discount_amount"),
        *("currency", "status", "cancellation_reason", "refunded_amount", "hold_expires_at"),
        *("venue_id", "activity_id", "departure_id", "customer_name", "special_requests"),
        *("transport_type", "hotel_name", "room_number"),
    )
)
"""Fields of its bookings that a partner is told. What is not listed stays inside."""
CONTACT = frozenset({"customer_email", "customer_phone", "customer_country_code"})
"""Told to partners whose settings say so."""


def among(column: Any, values: Collection[Any]) -> ColumnElement[bool]:
    """`IN` as one array: the statement is the same whatever the number, so it is prepared once."""
    condition: ColumnElement[bool] = column == any_(literal(list(values), ARRAY(column.type)))
    return condition


def told(partner: Partner, fields: Iterable[str]) -> set[str]:
    """Those of the fields that this partner is told."""
    return set(fields) & (TOLD | CONTACT if partner.shows_contact else TOLD)


def websites(session: Session, ids: Collection[str]) -> dict[str, Website]:
    """By id, with their secrets. Asks nothing when there are none."""
    if not ids:
        return {}
    secrets = (undefer(Website.webhook_secret), undefer(Website.old_webhook_secret))
    query = select(Website).options(*secrets).where(among(Website.id, ids))
    return {website.id: website for website in session.scalars(query)}


def partners(session: Session, ids: Collection[UUID]) -> dict[UUID, Partner]:
    """The same of partners."""
    if not ids:
        return {}
    secrets = (undefer(Partner.webhook_secret), undefer(Partner.old_webhook_secret))
    query = select(Partner).options(*secrets).where(among(Partner.id, ids))
    return {partner.id: partner for partner in session.scalars(query)}


def partners_of(session: Session, bookings: Collection[UUID]) -> dict[UUID, Partner]:
    """The partners of those of these bookings that have one and can be told: one query."""
    query = select(Booking.id, Partner).join(Partner, Partner.id == Booking.partner_id)
    query = query.where(among(Booking.id, bookings), Partner.webhook_url.is_not(None))
    return {row[0]: row[1] for row in session.execute(query)} if bookings else {}


def by_key(session: Session, keys: Collection[str]) -> Mapping[str, Receiver]:
    """The receivers behind these destinations: `website:<id>`, `partner:<id>`."""
    names: dict[str, set[str]] = {WEBSITE: set(), PARTNER: set()}
    for key in keys:
        kind, _, name = key.partition(":")
        names[kind].add(name)
    found: list[Receiver] = [*websites(session, names[WEBSITE]).values()]
    found += partners(session, {UUID(name) for name in names[PARTNER]}).values()
    return {receiver.door: receiver for receiver in found}


def closed(key: str, receiver: Receiver | None) -> str | None:
    """Why nothing can be sent there as it is set up; None when it can."""
    kind = key.partition(":")[0]
    if receiver is None:
        return f"The {kind} does not exist any more."
    if not receiver.is_active:
        return f"The {kind} is switched off."
    if not receiver.webhook_url:
        return f"The {kind} has no webhook address."
    if not receiver.webhook_secret:
        return f"The {kind} has no webhook secret."
    return None
