"""Pages: what staff decide about a booking's reservation at a platform."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, request

from app.bookings import pages
from app.errors import Conflict, InvalidPayload
from app.extensions import db
from app.platforms import resolving
from app.platforms.resolving import EDIT
from app.staff.context import current_actor, current_scope
from app.staff.guards import requires

platform_reservations = Blueprint(
    "platform_reservations", __name__, url_prefix="/bookings/<uuid:booking_id>/platform"
)


@platform_reservations.post("/<uuid:reservation_id>/again")
@requires(EDIT)
def again(booking_id: UUID, reservation_id: UUID) -> Response:
    """It was refused, or is not there: send it once more."""
    session = db.session()
    try:
        resolving.send_again(session, current_actor(), current_scope(), booking_id, reservation_id)
    except Conflict as error:
        session.rollback()
        return pages.after_change(booking_id, error.message, "warning")
    session.commit()
    return pages.after_change(booking_id, "It is sent again.")


@platform_reservations.post("/<uuid:reservation_id>/found")
@requires(EDIT)
def found(booking_id: UUID, reservation_id: UUID) -> Response:
    """It is there, by the id that staff read at the platform."""
    session = db.session()
    external_id = request.form.get("external_id", "")
    try:
        resolving.say_found(
            session, current_actor(), current_scope(), booking_id, reservation_id, external_id
        )
    except (Conflict, InvalidPayload) as error:
        session.rollback()
        details = getattr(error, "details", None) or []
        why = " ".join(each.message for each in details) or error.message
        return pages.after_change(booking_id, why, "warning")
    session.commit()
    return pages.after_change(booking_id, "Noted. Changes of the booking go to it from now on.")
