"""`/api/v1/customer/auth`, for who is signed in: one's profile, and the devices one is on."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response
from sqlalchemy import func, select

from app.api.bodies import Answer, read_body
from app.api.customer.auth import profile_json
from app.api.customer.caller import CustomerCaller, customer_actor
from app.api.customer.calls import GROUP, OPEN, SECURITY, Call, changing, reading
from app.api.describing import describes
from app.api.schemas.customer_auth import (
    PROFILE,
    DevicesAnswer,
    ProfileAnswer,
    ProfileChange,
    SignedOut,
)
from app.errors import AuthFailed, NotFound
from app.extensions import csrf, db
from app.plain import plain
from app.signin import profiles, queries, signing_in
from app.signin.models import CustomerDevice
from app.staff.guards import public

customer_account = Blueprint("api_customer_account", __name__, url_prefix="/api/v1/customer/auth")
csrf.exempt(customer_account)
OF_CUSTOMERS: dict[str, Any] = {"errors": (AuthFailed,), "security": SECURITY}


@customer_account.get("/profile")
@public(OPEN)
@describes(GROUP, answers={200: ProfileAnswer}, **OF_CUSTOMERS)
def show_profile() -> Response:
    """What you are known by."""
    return reading(lambda caller: {"success": True, "profile": profile_json(caller.customer)})


@customer_account.put("/profile")
@public(OPEN)
@describes(
    GROUP,
    answers={200: ProfileAnswer},
    body=ProfileChange,
    repeatable=True,
    examples=PROFILE,
    **OF_CUSTOMERS,
)
def change_profile() -> Response:
    """Say your name and your e-mail address."""
    return changing("customer.profile", _change_profile)


@customer_account.get("/devices")
@public(OPEN)
@describes(GROUP, answers={200: DevicesAnswer}, **OF_CUSTOMERS)
def list_own_devices() -> Response:
    """The phones on which you are signed in."""
    return reading(_devices)


@customer_account.delete("/devices/<uuid:device_id>")
@public(OPEN)
@describes(GROUP, answers={200: SignedOut}, **OF_CUSTOMERS)
def end_own_device(device_id: UUID) -> Response:
    """Sign out on one of your phones; also on this one."""
    return changing("customer.signed_out", lambda call: _end(call, device_id))


@customer_account.post("/logout")
@public(OPEN)
@describes(GROUP, answers={200: SignedOut}, **OF_CUSTOMERS)
def sign_out_customer() -> Response:
    """Sign out on this phone."""
    return changing("customer.signed_out", lambda call: _end(call, call.caller.device_id))


def _change_profile(call: Call) -> Answer:
    customer = call.caller.customer
    said = read_body(ProfileChange).said()
    profiles.change(db.session(), customer_actor(call.caller), customer, said)
    return 200, {"success": True, "profile": profile_json(customer)}


def _devices(caller: CustomerCaller) -> dict[str, Any]:
    found = queries.of_customer(db.session(), caller.customer.id)
    return {"success": True, "devices": [_device_json(each, caller) for each in found]}


def _end(call: Call, device_id: UUID) -> Answer:
    session, caller = db.session(), call.caller
    device = session.get(CustomerDevice, device_id)
    if device is None or device.customer_id != caller.customer.id:
        raise NotFound("You have no such device.")
    now = session.execute(select(func.clock_timestamp())).scalar_one()
    actor = customer_actor(caller)
    signing_in.end(session, actor, caller.customer, device, "signed_out", now)
    return 200, {"success": True, "device_id": plain(device.id)}


def _device_json(device: CustomerDevice, caller: CustomerCaller) -> dict[str, Any]:
    """A device as its owner reads it."""
    return {
        "id": plain(device.id),
        "label": device.label,
        "is_this_one": device.id == caller.device_id,
        "signed_in_at": plain(device.created_at),
        "last_seen_at": plain(device.last_seen_at),
    }
