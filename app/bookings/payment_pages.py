"""What the pages show of payments: the panel of a booking, the refund form, the list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select, true, tuple_
from sqlalchemy.orm import Session
from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired, Length

from app.bookings import depositing, paying
from app.bookings.inputs import MoneyField, one_line
from app.bookings.models import Booking
from app.bookings.refunding import LONGEST_REASON, refund_due
from app.forms import Form
from app.payments import deposits, queries
from app.payments.links import pay_url
from app.payments.models import Payment, PaymentKind, PaymentState
from app.payments.state import OPEN
from app.staff.permissions import Permission
from app.staff.scope import Scope
from app.web import Slice, bad_cursor, decode_cursor, encode_cursor

ROWS = 50
STATES = {
    PaymentState.REQUESTED: ("Asked for", "grey"),
    PaymentState.CREATED: ("At PayPal", "blue"),
    PaymentState.PENDING: ("Pending", "amber"),
    PaymentState.COMPLETED: ("Paid", "green"),
    PaymentState.DECLINED: ("Declined", "red"),
    PaymentState.FAILED: ("Failed", "red"),
    PaymentState.EXPIRED: ("Not paid in time", "grey"),
    PaymentState.REVERSED: ("Taken back", "red"),
}
OF_REFUNDS = {
    PaymentState.REQUESTED: ("On its way", "blue"),
    PaymentState.COMPLETED: ("Given back", "green"),
}
GROUPS = {
    "open": ("Open", OPEN),
    "done": ("Done", (PaymentState.COMPLETED,)),
    "trouble": (
        "With trouble",
        (PaymentState.DECLINED, PaymentState.FAILED, PaymentState.REVERSED),
    ),
    "over": ("Not paid in time", (PaymentState.EXPIRED,)),
}
PROBLEMS = {
    paying.WRONG_AMOUNT: "PayPal took another amount than was asked for. Look at it there.",
    "INSTRUMENT_DECLINED": "The guest's card or bank was declined.",
    "REFUND_FAILED_INSUFFICIENT_FUNDS": "The PayPal account holds too little money: top it up.",
    "REVERSED": "PayPal took the money back from you.",
    "CAPTURE_FULLY_REFUNDED": "All of it was given back already.",
    "TRANSACTION_DISPUTED": "The guest disputes it: settle it at PayPal.",
    "NOT_APPROVED": "The guest did not approve it at PayPal.",
    "TIMEOUT": "PayPal did not answer; the same call is tried again.",
}
"""What people can do about it; other problems are shown by PayPal's own word."""


class RefundForm(Form):
    """How much goes back, and why. `key` makes a second click the same wish."""

    amount = MoneyField("Amount", [InputRequired("Say how much.")])
    reason = StringField(
        "Reason",
        [Length(max=LONGEST_REASON)],
        filters=[one_line],
        description="The guest reads it at PayPal.",
    )
    key = HiddenField(validators=[Length(min=8, max=64)])


@dataclass(frozen=True)
class Line:
    """One payment as people read it."""

    payment: Payment
    state: str
    tone: str
    problem: str

    @property
    def is_refund(self) -> bool:
        return self.payment.kind == PaymentKind.REFUND

    @property
    def ids(self) -> list[tuple[str, str]]:
        """The provider's ids, with what they are of."""
        p = self.payment
        named = (("Order", p.order_id), ("Payment", p.capture_id), ("Refund", p.refund_id))
        return [(label, text) for label, text in named if text]


def line(payment: Payment) -> Line:
    state = PaymentState(payment.state)
    words = OF_REFUNDS.get(state) if payment.kind == PaymentKind.REFUND else None
    label, tone = words or STATES[state]
    code = payment.problem or ""
    problem = PROBLEMS.get(code.removeprefix("GIVEN_UP_"), code.replace("_", " ").capitalize())
    if code.startswith("GIVEN_UP_"):
        problem = f"Given up after days of trying. {problem} Send it again under Sync."
    return Line(payment, label, tone, problem)


def panel(session: Session, scope: Scope, booking: Booking, now: datetime) -> dict[str, Any] | None:
    """What a booking's page shows of its payments; None where there are none to show or ask for."""
    can_ask = (
        scope.can(Permission.BOOKINGS_EDIT, booking.website_id)
        and not booking.is_gone
        and bool(booking.deposit_amount)
        and not booking.paid_amount
    )
    if booking.deposit_amount is None and not booking.paid_amount:
        return None
    found = queries.of_booking(session, booking.id)
    newest = next((each for each in found if each.kind == PaymentKind.DEPOSIT), None)
    is_open = newest is not None and newest.state in OPEN and not depositing.is_over(newest, now)
    left = queries.left_of_booking(session, booking.id) if booking.paid_amount else Decimal(0)
    may_refund = scope.can(Permission.PAYMENTS_REFUND, booking.website_id)
    return {
        "lines": [line(each) for each in found],
        "left": left,
        "link": pay_url(newest) if newest is not None and is_open else None,
        "until": newest.expires_at if newest is not None and is_open else None,
        "can_refund": may_refund and left > 0,
        "can_ask": can_ask and deposits.takes_money(session, booking.website_id),
        "due_back": refund_due(booking, now) if left > 0 else Decimal(0),
    }


@dataclass(frozen=True)
class Row:
    """A payment of the list, with its booking."""

    line: Line
    booking_id: UUID
    reference: str
    customer: str


def listed(
    session: Session, scope: Scope, website: str, group: str, after: str | None
) -> Slice[Row]:
    """Payments of the websites whose payments somebody sees, the newest first."""
    mine = scope.clause(Payment.website_id, Permission.PAYMENTS_VIEW)
    one = Payment.website_id == website if website else true()
    query = (
        select(Payment, Booking.booking_ref, Booking.customer_name)
        .join(Booking, Booking.id == Payment.booking_id)
        .where(mine, one, _in_group(group), _after(after))
        .order_by(Payment.created_at.desc(), Payment.id.desc())
        .limit(ROWS + 1)
    )
    found = session.execute(query).all()
    rows = [Row(line(each[0]), each[0].booking_id, each[1], each[2]) for each in found[:ROWS]]
    last = rows[-1].line.payment if len(found) > ROWS else None
    following = encode_cursor((last.created_at.isoformat(), last.id)) if last else None
    return Slice(rows, following)


def _in_group(group: str) -> ColumnElement[bool]:
    if group == "refunds":
        return Payment.kind == PaymentKind.REFUND
    if group not in GROUPS:
        return true()
    states = Payment.state.in_(GROUPS[group][1])
    stuck = and_(Payment.state == PaymentState.REQUESTED, Payment.problem.is_not(None))
    return or_(states, stuck) if group == "trouble" else states


def _after(cursor: str | None) -> ColumnElement[bool]:
    if not cursor:
        return true()
    at, payment_id = decode_cursor(cursor, 2)
    try:
        place = (datetime.fromisoformat(at), UUID(payment_id))
    except ValueError as error:
        raise bad_cursor() from error
    return tuple_(Payment.created_at, Payment.id) < place


def choices() -> Sequence[tuple[str, str]]:
    """Of the filter."""
    return [*((name, label) for name, (label, _) in GROUPS.items()), ("refunds", "Refunds")]
