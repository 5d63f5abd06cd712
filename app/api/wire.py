"""How things look in JSON. Names are those of the tables; secrets never appear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.apikeys.models import ApiKey
from app.bookings import amounts
from app.bookings.fields import values_of
from app.bookings.models import Booking
from app.partners import queries as partners
from app.plain import plain
from app.staff.permissions import Permission
from app.staff.scope import Scope
from app.travelers import rows
from app.websites.models import Website


def bookings_json(
    session: Session, bookings: Sequence[Booking], scope: Scope
) -> list[dict[str, Any]]:
    """Bookings in full, each with the name of its partner."""
    ids = {booking.partner_id for booking in bookings if booking.partner_id}
    names = partners.names(session, (), ids) if ids else {}
    return [_booking_json(booking, scope, names) for booking in bookings]


def booking_json(session: Session, booking: Booking, scope: Scope) -> dict[str, Any]:
    """One booking in full."""
    return bookings_json(session, [booking], scope)[0]


def _booking_json(booking: Booking, scope: Scope, names: Mapping[UUID, str]) -> dict[str, Any]:
    """Without amounts for who may not see payments there."""
    values = {name: plain(value) for name, value in values_of(booking).items()}
    if not amounts.may_see(scope, booking.website_id):
        values = amounts.without(values)
    if not scope.can(Permission.CUSTOMERS_HEALTH, booking.website_id):
        values["travelers"] = rows.without_health(values["travelers"])
    return {
        "id": str(booking.id),
        "website_id": booking.website_id,
        "source_booking_id": str(booking.source_booking_id),
        "customer_id": str(booking.customer_id),
        "source": booking.source,
        "partner": _partner_json(booking.partner_id, names),
        "version": booking.version,
        **values,
        "starts_at": plain(booking.starts_at),
        "checked_in_at": plain(booking.checked_in_at),
        "created_at": plain(booking.created_at),
        "updated_at": plain(booking.updated_at),
    }


def _partner_json(partner_id: UUID | None, names: Mapping[UUID, str]) -> dict[str, str] | None:
    if partner_id is None:
        return None
    return {"id": str(partner_id), "name": names.get(partner_id, "")}


def website_json(website: Website) -> dict[str, Any]:
    """A website, without its secrets."""
    names = ("id", "name", "domain", "logo_url", "timezone", "currency", "phone_region")
    return {
        **{name: getattr(website, name) for name in names},
        "webhook_url": website.webhook_url,
        "is_active": website.is_active,
        "created_at": plain(website.created_at),
        "updated_at": plain(website.updated_at),
    }


def key_json(key: ApiKey) -> dict[str, Any]:
    """A key, without itself."""
    return {
        "id": str(key.id),
        "name": key.name,
        "website_id": key.website_id,
        "prefix": key.prefix,
        "scopes": key.scopes,
        "allowed_ips": key.allowed_ips,
        "expires_at": plain(key.expires_at),
        "replaced_at": plain(key.replaced_at),
        "last_used_at": plain(key.last_used_at),
        "revoked_at": plain(key.revoked_at),
        "created_at": plain(key.created_at),
    }
