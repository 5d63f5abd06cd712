"""The calls of OCTO core, each below `/octo` and below `/octo/<website id>`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, g, request
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException

from app.api.octo import faults
from app.api.octo.booking_json import booking_json, bookings_json
from app.api.octo.calls import (
    PRICING,
    Desk,
    asked_capabilities,
    changing,
    read,
    read_query,
    reading,
)
from app.api.octo.catalogue import product, product_json, products, supplier_json, window
from app.api.octo.finding import listed
from app.api.octo.reserving import cancel, confirm, extend, known, reserve, update
from app.api.octo.times import availability, days
from app.api.partner.calls import Call
from app.api.schemas.octo import (
    AvailabilityBody,
    BookingFilter,
    Cancellation,
    Confirmation,
    Extension,
    Reservation,
    Update,
)
from app.apikeys.models import KeyScope
from app.bookings.models import Booking
from app.errors import HubError
from app.extensions import csrf, db
from app.staff.context import now
from app.staff.guards import public

octo = Blueprint("octo", __name__)
csrf.exempt(octo)

OPEN = "resellers bring their API key"
LIVE = "live"
OFFERS, BOOKINGS = KeyScope.READ_AVAILABILITY, KeyScope.READ_BOOKINGS
ANY = ["GET", "POST", "PATCH", "PUT", "DELETE"]
CAPABILITY = {"id": PRICING, "revision": 1, "required": False, "dependencies": [], "docs": None}

octo.register_error_handler(HubError, faults.answer)
octo.register_error_handler(HTTPException, faults.answer_http)
octo.register_error_handler(Exception, faults.answer_unexpected)


@octo.before_request
def _demand_live() -> None:
    """Nobody books real places and thinks it is a test. Raises OctoError."""
    if request.headers.get("Octo-Env", LIVE).strip().lower() != LIVE:
        raise faults.bad_request(
            "This address sells real places and has no test mode: leave Octo-Env out, or send live."
        )


@octo.url_value_preprocessor
def _take_supplier(endpoint: str | None, values: dict[str, Any] | None) -> None:
    g.octo_supplier = values.pop("website_id", None) if values else None


@octo.after_request
def _say_capabilities(response: Response) -> Response:
    response.headers["Octo-Capabilities"] = ", ".join(asked_capabilities())
    response.headers["Octo-Env"] = LIVE
    response.headers["Content-Language"] = "en"
    response.headers["Available-Languages"] = "en"
    response.headers["Cache-Control"] = "no-store"
    response.headers.add("Vary", "Octo-Capabilities")
    return response


@octo.get("/capabilities", strict_slashes=False)
@public(OPEN)
def list_capabilities() -> Response:
    """What this supplier can do beyond the core."""
    return reading(OFFERS, lambda desk: [CAPABILITY])


@octo.get("/supplier", strict_slashes=False)
@public(OPEN)
def show_supplier() -> Response:
    """The supplier behind this key."""
    return reading(OFFERS, supplier_json)


@octo.get("/products", strict_slashes=False)
@public(OPEN)
def list_products() -> Response:
    """All products that this key may sell."""

    def found(desk: Desk) -> Any:
        rows = products(db.session(), desk, window(now()))
        return [product_json(desk, each, now()) for each in rows]

    return reading(OFFERS, found)


@octo.get("/products/<product_id>", strict_slashes=False)
@public(OPEN)
def show_product(product_id: str) -> Response:
    """One product."""

    def found(desk: Desk) -> Any:
        return product_json(desk, product(db.session(), desk, product_id, window(now())), now())

    return reading(OFFERS, found)


@octo.post("/availability", strict_slashes=False)
@public(OPEN)
def check_availability() -> Response:
    """One entry per start time, or per day."""
    return reading(
        OFFERS, lambda desk: availability(db.session(), desk, read(AvailabilityBody), now())
    )


@octo.post("/availability/calendar", strict_slashes=False)
@public(OPEN)
def show_calendar() -> Response:
    """One entry per day."""
    return reading(OFFERS, lambda desk: days(db.session(), desk, read(AvailabilityBody), now()))


@octo.post("/bookings", strict_slashes=False)
@public(OPEN)
def reserve_booking() -> Response:
    """Hold places."""

    def make(desk: Desk, call: Call) -> Any:
        session = db.session()
        return _done(session, desk, call, reserve(session, desk, read(Reservation), now()))

    return changing("booking.created", make)


@octo.get("/bookings", strict_slashes=False)
@public(OPEN)
def list_reservations() -> Response:
    """The reseller's bookings by reference or date of travel."""

    def found(desk: Desk) -> Any:
        session = db.session()
        rows = listed(session, desk, read_query(BookingFilter))
        return bookings_json(session, desk, rows, now())

    return reading(BOOKINGS, found)


@octo.get("/bookings/<uuid>", strict_slashes=False)
@public(OPEN)
def show_booking(uuid: str) -> Response:
    """One booking."""

    def found(desk: Desk) -> Any:
        session = db.session()
        return booking_json(session, desk, known(session, desk, uuid), now())

    return reading(BOOKINGS, found)


@octo.post("/bookings/<uuid>/confirm", strict_slashes=False)
@public(OPEN)
def confirm_booking(uuid: str) -> Response:
    """Make a held booking firm."""

    def change(session: Session, desk: Desk, booking: Booking) -> None:
        confirm(session, desk, booking, read(Confirmation), uuid, now())

    return _changing("booking.confirmed", uuid, change)


@octo.patch("/bookings/<uuid>", strict_slashes=False)
@public(OPEN)
def update_booking(uuid: str) -> Response:
    """Change a booking, before or after it was confirmed."""

    def change(session: Session, desk: Desk, booking: Booking) -> None:
        update(session, desk, booking, read(Update), now())

    return _changing("booking.updated", uuid, change)


@octo.post("/bookings/<uuid>/extend", strict_slashes=False)
@public(OPEN)
def extend_booking(uuid: str) -> Response:
    """Hold it for longer."""

    def change(session: Session, desk: Desk, booking: Booking) -> None:
        minutes = read(Extension, optional=True).expiration_minutes
        extend(session, desk, booking, minutes, now())

    return _changing("booking.extended", uuid, change)


@octo.post("/bookings/<uuid>/cancel", strict_slashes=False)
@octo.delete("/bookings/<uuid>", strict_slashes=False)
@public(OPEN)
def cancel_booking(uuid: str) -> Response:
    """Cancel a booking."""

    def change(session: Session, desk: Desk, booking: Booking) -> None:
        cancel(session, desk, booking, read(Cancellation, optional=True).reason, now())

    return _changing("booking.cancelled", uuid, change)


@octo.route("/", defaults={"anything": ""}, methods=ANY, strict_slashes=False)
@octo.route("/<path:anything>", methods=ANY)
@public("nothing is there")
def nothing(anything: str) -> Response:
    """An address that the standard does not have."""
    return faults.answer(faults.bad_request(f"There is nothing at {request.path}."))


def _changing(event: str, uuid: str, change: Callable[[Session, Desk, Booking], None]) -> Response:
    """Change one booking, locked before anything else is read, and answer what it is then."""

    def make(desk: Desk, call: Call) -> Any:
        session = db.session()
        booking = known(session, desk, uuid, locked=True)
        change(session, desk, booking)
        return _done(session, desk, call, booking)

    return changing(event, make)


def _done(session: Session, desk: Desk, call: Call, booking: Booking) -> Any:
    call.booking_id = booking.id
    return booking_json(session, desk, booking, now())
