"""Pages that correct a guest's record: contact, their answer to text messages, message health."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, request, url_for
from sqlalchemy import select

from app.bookings.models import Booking
from app.customers.models import Customer
from app.errors import Conflict, Forbidden, InvalidPayload, NotFound
from app.extensions import db
from app.messaging.models import Medium
from app.privacy import editing, queries
from app.privacy.editing import Taken
from app.privacy.forms import CustomerForm
from app.privacy.people import visible
from app.staff.context import current_actor, current_scope, now
from app.staff.guards import requires
from app.staff.permissions import Permission
from app.web import go, page, say
from app.websites.models import Website

edits = Blueprint("edits", __name__)

VIEW = Permission.CUSTOMERS_VIEW
EDIT = Permission.CUSTOMERS_EDIT


@edits.route("/customers/<uuid:customer_id>/edit", methods=["GET", "POST"])
@requires(VIEW, EDIT)
def edit(customer_id: UUID) -> Response:
    """Correct name, phone, e-mail and language; who has them already can be merged."""
    session, scope = db.session(), current_scope()
    customer = editable(customer_id)
    form = CustomerForm(customer)
    if request.method == "GET" or not form.validate():
        return _form(customer, form, 200 if request.method == "GET" else 422)
    said, read, region = form.values(), form.read.data or "", region_of(customer)
    try:
        changed = editing.edit(
            session, current_actor(), scope, customer.id, said, read, region, now()
        )
    except Taken as error:
        session.rollback()
        form[error.field].errors = [error.message]
        return _form(editable(customer_id), form, 422, error.other)
    except InvalidPayload as error:
        session.rollback()
        form.take(error)
        return _form(editable(customer_id), form, 422)
    except Conflict as error:
        session.rollback()
        form.form_errors.append(error.message)
        customer = editable(customer_id)
        form.read.data = editing.fingerprint(customer)
        return _form(customer, form, 422)
    session.commit()
    return back(customer_id, "Saved." if changed else "Nothing was changed.")


@edits.post("/customers/<uuid:customer_id>/sms")
@requires(VIEW, EDIT)
def answer(customer_id: UUID) -> Response:
    """Note what the guest said to text messages."""
    wanted = request.form.get("wanted") == "yes"
    session = db.session()
    changed = editing.answer(session, current_actor(), current_scope(), customer_id, wanted)
    session.commit()
    said = "They want text messages." if wanted else "They want no text messages."
    return back(customer_id, said if changed else "That is what it says already.")


@edits.post("/customers/<uuid:customer_id>/mend")
@requires(VIEW, EDIT)
def mend(customer_id: UUID) -> Response:
    """Say that a number or an address is good again."""
    try:
        medium = Medium(request.form.get("medium", Medium.SMS.value))
    except ValueError as error:
        raise InvalidPayload("Say which: text messages or e-mail.") from error
    session = db.session()
    try:
        editing.mend(session, current_actor(), current_scope(), customer_id, medium, now())
    except Conflict as error:
        session.rollback()
        return back(customer_id, error.message, "warning")
    session.commit()
    return back(customer_id, "Marked as good again: the next message is tried.")


def editable(customer_id: UUID) -> Customer:
    """A guest whose record one may correct. Raises NotFound, Forbidden."""
    session, scope = db.session(), current_scope()
    customer = queries.demand_visible(session, scope, customer_id)
    if not editing.may_edit(session, scope, customer.id):
        raise Forbidden("You may not edit this customer. Ask a manager for the permission.")
    if customer.erased_at is not None:
        raise NotFound("This customer is erased.")
    return customer


def region_of(customer: Customer) -> str:
    """In which a national number is read: that of the website they booked at last."""
    query = (
        select(Website.phone_region)
        .join(Booking, Booking.website_id == Website.id)
        .where(Booking.customer_id == customer.id, visible(current_scope()))
        .order_by(Booking.created_at.desc())
    )
    return db.session().scalar(query.limit(1)) or "TH"


def _form(
    customer: Customer, form: CustomerForm, status: int, other: UUID | None = None
) -> Response:
    return page("customers/edit.html", status=status, c=customer, form=form, other=other)


def back(customer_id: UUID, said: str, tone: str = "success") -> Response:
    """To the page of the guest, with a word."""
    say(said, tone)
    return go(url_for("customers.show", customer_id=customer_id))
