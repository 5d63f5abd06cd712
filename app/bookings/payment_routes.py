"""Pages of payments: the list, a refund, the link under which a guest pays."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, request, url_for

from app.bookings import depositing, pages, payment_pages, queries, refunding
from app.bookings.models import Booking
from app.bookings.payment_pages import RefundForm
from app.bookings.refunding import payment_event, refund_due
from app.bookings.wording import money
from app.errors import InvalidPayload, WebsiteNotFound
from app.events.actions import record
from app.extensions import db
from app.ids import new_id
from app.payments import queries as payments_of
from app.staff.context import current_actor, current_scope, now
from app.staff.guards import requires
from app.staff.permissions import Permission
from app.web import page
from app.websites.context import visible_websites

payments = Blueprint("payments", __name__)

VIEW = Permission.PAYMENTS_VIEW
REFUND = Permission.PAYMENTS_REFUND
EDIT = Permission.BOOKINGS_EDIT


@payments.get("/payments")
@requires(VIEW)
def index() -> Response:
    """Payments and refunds, the newest first; for htmx the next rows."""
    website, scope = request.args.get("website", ""), current_scope()
    if website and not scope.can(VIEW, website):
        raise WebsiteNotFound("This website does not exist.")
    group, after = request.args.get("state", ""), request.args.get("after")
    found = payment_pages.listed(db.session(), scope, website, group, after)
    rows_only = request.headers.get("HX-Target") == "more"
    return page(
        "payments/index.html",
        "payments/_rows.html" if rows_only else "payments/_list.html",
        rows=found.rows,
        next=found.next,
        group=group,
        website=website,
        choices=payment_pages.choices(),
        names={each.id: each.name for each in visible_websites()},
        now=now(),
    )


@payments.get("/bookings/<uuid:booking_id>/refund")
@requires(REFUND)
def refund(booking_id: UUID) -> Response:
    """How much goes back, and why."""
    booking = _booking(booking_id)
    form = RefundForm(formdata=None, key=str(new_id()))
    form.amount.data = refund_due(booking, now()) or payments_of.left_of_booking(
        db.session(), booking.id
    )
    return _form(booking, form)


@payments.post("/bookings/<uuid:booking_id>/refund")
@requires(REFUND)
def give_back(booking_id: UUID) -> Response:
    """Ask for it. A second click asks for nothing more."""
    booking, form = _booking(booking_id), RefundForm()
    if not form.validate():
        return _form(booking, form, status=422)
    session = db.session()
    try:
        made = refunding.refund(
            *(session, current_actor(), current_scope(), booking_id),
            *(form.amount.data, f"form:{form.key.data}", form.reason.data or ""),
        )
    except InvalidPayload as error:
        session.rollback()
        form.take(error)
        return _form(_booking(booking_id), form, status=422)
    amount = money(sum(each.amount for each in made), booking.currency)
    session.commit()
    return pages.after_change(booking_id, f"{amount} is on its way back to the guest.")


@payments.post("/bookings/<uuid:booking_id>/deposit")
@requires(EDIT, VIEW)
def ask(booking_id: UUID) -> Response:
    """Ask for the deposit: a new link where there is none, and the message once more."""
    session = db.session()
    booking = queries.lock(session, current_scope(), booking_id, EDIT)
    current_scope().demand(VIEW, booking.website_id, seen_with=queries.VIEW)
    there = payments_of.open_deposit(session, booking.id)
    try:
        payment = depositing.ask_deposit(session, current_actor(), booking, now())
    except InvalidPayload as error:
        session.rollback()
        return pages.after_change(booking_id, error.message, "warning")
    if there is not None and there.id == payment.id:
        event = payment_event("payment.requested", booking, payment, dispatch=True, again=True)
        record(session, current_actor(), event)
    session.commit()
    return pages.after_change(booking_id, "The guest is asked to pay.")


def _booking(booking_id: UUID) -> Booking:
    return queries.get(db.session(), current_scope(), booking_id, REFUND)


def _form(booking: Booking, form: RefundForm, status: int = 200) -> Response:
    session = db.session()
    return page(
        "payments/refund.html",
        "payments/_refund_drawer.html",
        status=status,
        b=booking,
        form=form,
        left=payments_of.left_of_booking(session, booking.id),
        due=refund_due(booking, now()),
        website_action=url_for("bookings.index"),
    )
