"""How things look in JSON. Names are those of the tables; secrets never appear."""

from __future__ import annotations

from typing import Any

from app.apikeys.models import ApiKey
from app.bookings import amounts
from app.bookings.fields import plain, values_of
from app.bookings.models import Booking
from app.staff.scope import Scope
from app.websites.models import Website


def booking_json(booking: Booking, scope: Scope) -> dict[str, Any]:
    """A booking in full; without amounts for who may not see payments there."""
    values = {name: plain(value) for name, value in values_of(booking).items()}
    if not amounts.may_see(scope, booking.website_id):
        values = amounts.without(values)
    return {
        "id": str(booking.id),
        "website_id": booking.website_id,
        "source_booking_id": str(booking.source_booking_id),
        "customer_id": str(booking.customer_id),
        "source": booking.source,
        "version": booking.version,
        **values,
        "starts_at": plain(booking.starts_at),
        "checked_in_at": plain(booking.checked_in_at),
        "created_at": plain(booking.created_at),
        "updated_at": plain(booking.updated_at),
    }


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
