"""A guest pays: an order is made, the guest approves it at PayPal, the money is taken.

No transaction is open while PayPal answers: what is needed is read and committed, the call is
made, what came back is written. Cut off anywhere, the same again goes on from there, and `looking`
finds what nobody came back from.
"""

from __future__ import annotations

import enum
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.bookings import depositing, paying, squaring
from app.bookings.models import Booking
from app.errors import Conflict, HubError
from app.events.models import Actor
from app.logs import get_logger
from app.outbound import Answer, Unreachable
from app.payments import links, queries
from app.payments.models import Payment, PaymentState
from app.paypal import http, recording
from app.paypal.answers import Means, leads_to_paypal, link_of, money, money_of, refusal_of
from app.paypal.calls import Calls
from app.paypal.client import Account, PayPal, data_of
from app.websites.models import Website

MADE = (200, 201)
"""200 is the answer to a request that was repeated."""
log = get_logger()


class CannotPay(HubError):
    """PayPal did not make an order; the message is for the guest."""

    status = 502
    code = "PAYMENT_UNAVAILABLE"


class Came(enum.StrEnum):
    """What became of a guest who came back from PayPal."""

    DONE = "done"
    """Decided, or pending: the payment says which."""
    NOT_APPROVED = "not_approved"
    TOO_LATE = "too_late"
    """The place is gone; nothing was taken."""
    UNKNOWN = "unknown"
    """PayPal has not said. It is asked again soon."""


def start(session: Session, actor: Actor, payment_id: UUID, now: datetime) -> str:
    """Make the order. Returns where the guest approves it.

    Raises Conflict when nothing is to be paid any more, and CannotPay.
    """
    booking, payment = squaring.locked(session, payment_id)
    if payment.state in (PaymentState.DECLINED, PaymentState.FAILED, PaymentState.EXPIRED):
        payment = depositing.ask_again(session, actor, payment.id, now)
    if payment.state not in (PaymentState.REQUESTED, PaymentState.CREATED):
        raise Conflict("It is paid, or being paid.")
    if booking.is_gone or depositing.is_over(payment, now):
        raise Conflict("It is too late to pay.")
    if payment.state == PaymentState.CREATED and payment.approve_url:
        session.commit()
        return payment.approve_url
    account, body = _account(session, booking), _order_body(session, booking, payment)
    calls, about = Calls("order.create"), (booking.website_id, booking.id)
    session.commit()
    paypal = PayPal(account, http.send, calls.note)
    answer = http.run(paypal.create_order(body, f"order-{payment.id}"))
    calls.write(session, actor, *about)
    url = _approve_url(session, payment, answer, account, now)
    session.commit()
    if url is None:
        raise CannotPay("PayPal cannot take the payment just now. Please try again in a minute.")
    return url


def come_back(session: Session, actor: Actor, payment_id: UUID, now: datetime) -> Came:
    """The guest approved it, so they say: take the money, if the place is still theirs."""
    booking, payment = squaring.locked(session, payment_id)
    if payment.state != PaymentState.CREATED or payment.order_id is None:
        return Came.DONE
    if not depositing.keep_place(session, actor, payment_id, now):
        return Came.TOO_LATE
    account, order_id = _account(session, booking), payment.order_id
    session.commit()
    return take(session, actor, payment, account, order_id)


def take(session: Session, actor: Actor, payment: Payment, account: Account, order_id: str) -> Came:
    """Capture an order, and write down what came of it. Commits."""
    about, payment_id = (payment.website_id, payment.booking_id), payment.id
    session.commit()
    calls = Calls("order.capture")
    paypal = PayPal(account, http.send, calls.note)
    answer = http.run(paypal.capture(order_id, f"capture-{payment_id}"))
    if _must_look(answer):
        answer = http.run(paypal.get_order(order_id))
    calls.write(session, actor, *about)
    came = _captured(session, actor, payment_id, answer)
    session.commit()
    return came


def _must_look(answer: Answer | Unreachable) -> bool:
    """Whether only the order can say what happened."""
    if isinstance(answer, Answer) and answer.status in MADE:
        return False
    return refusal_of(answer).means in (Means.LOOK, Means.LATER)


def _captured(
    session: Session, actor: Actor, payment_id: UUID, answer: Answer | Unreachable
) -> Came:
    now = datetime.now(UTC)
    if isinstance(answer, Answer) and answer.status in MADE:
        said = data_of(answer)
        return Came.DONE if recording.order(session, actor, payment_id, said, now) else Came.UNKNOWN
    refusal = refusal_of(answer)
    if refusal.means is Means.NOT_YET:
        return Came.NOT_APPROVED
    if refusal.means is Means.DECLINED:
        recording.refused(session, payment_id, PaymentState.DECLINED, refusal)
        return Came.DONE
    if refusal.means is Means.NEVER:
        log.error("capture refused", code=refusal.code)
        recording.refused(session, payment_id, PaymentState.FAILED, refusal)
        return Came.DONE
    return Came.UNKNOWN


def _account(session: Session, booking: Booking) -> Account:
    settings = queries.settings_of(session, booking.website_id)
    if settings is None or not settings.is_ready:
        raise CannotPay("This website takes no payments just now. Please call.")
    return Account.of(settings)


def _order_body(session: Session, booking: Booking, payment: Payment) -> dict[str, Any]:
    """Nothing about the guest: the reference, what for, and how much."""
    website = session.get_one(Website, booking.website_id)
    back = f"{links.pay_url(payment)}/return"
    return {
        "intent": "CAPTURE",
        "purchase_units": [
            {
                "reference_id": str(booking.id),
                "custom_id": str(payment.id),
                "invoice_id": f"{booking.booking_ref[:80]}-{payment.id.hex[-12:]}",
                "description": f"Deposit, booking {booking.booking_ref}"[:127],
                "amount": money(payment.amount, payment.currency),
            }
        ],
        "application_context": {
            "brand_name": website.name[:127],
            "shipping_preference": "NO_SHIPPING",
            "user_action": "PAY_NOW",
            "return_url": back,
            "cancel_url": f"{links.pay_url(payment)}?cancelled=1",
        },
    }


def _approve_url(
    session: Session,
    payment: Payment,
    answer: Answer | Unreachable,
    account: Account,
    now: datetime,
) -> str | None:
    """Keep the order of an answer. None where it is not the one that was asked for."""
    if not isinstance(answer, Answer) or answer.status not in MADE:
        refusal = refusal_of(answer)
        log.error("order refused", code=refusal.code)
        if refusal.means is Means.NEVER:
            recording.refused(session, payment.id, PaymentState.FAILED, refusal)
        return None
    said = data_of(answer)
    url, order_id = link_of(said, "approve", "payer-action"), said.get("id")
    if not isinstance(order_id, str) or not url or not leads_to_paypal(url, account.base):
        return None
    if not _is_our_amount(said, payment):
        paying.failed(
            session, recording.PAYPAL, payment.id, PaymentState.FAILED, paying.WRONG_AMOUNT, now
        )
        log.error("order of a wrong amount", booking_id=payment.booking_id)
        return None
    return paying.created(session, payment.id, order_id, url, now).approve_url


def _is_our_amount(order: dict[str, Any], payment: Payment) -> bool:
    """Where the order says what it is about, it must be what we asked for."""
    units = order.get("purchase_units")
    if not isinstance(units, list) or not units or not isinstance(units[0], dict):
        return True
    said = units[0].get("amount")
    return said is None or money_of(said) == (payment.amount, payment.currency)
