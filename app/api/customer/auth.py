"""`/api/v1/customer/auth`: signing in by phone, the devices on which one is, one's own profile."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from app.api.customer.caller import CustomerCaller
from app.api.customer.calls import GROUP, OPEN, SECURITY, reading
from app.api.describing import describes
from app.api.schemas.customer_auth import DevicesAnswer
from app.bookings.fields import plain
from app.errors import AuthFailed
from app.extensions import csrf, db
from app.signin import queries
from app.signin.models import CustomerDevice
from app.staff.guards import public

customer_auth = Blueprint("api_customer_auth", __name__, url_prefix="/api/v1/customer/auth")
csrf.exempt(customer_auth)


@customer_auth.get("/devices")
@public(OPEN)
@describes(GROUP, answers={200: DevicesAnswer}, errors=(AuthFailed,), security=SECURITY)
def list_own_devices() -> Response:
    """The phones on which you are signed in."""
    return reading(_devices)


def _devices(caller: CustomerCaller) -> dict[str, Any]:
    found = queries.of_customer(db.session(), caller.customer.id)
    return {"success": True, "devices": [device_json(each, caller) for each in found]}


def device_json(device: CustomerDevice, caller: CustomerCaller) -> dict[str, Any]:
    """A device as its owner reads it."""
    return {
        "id": plain(device.id),
        "label": device.label,
        "is_this_one": device.id == caller.device_id,
        "signed_in_at": plain(device.created_at),
        "last_seen_at": plain(device.last_seen_at),
    }
