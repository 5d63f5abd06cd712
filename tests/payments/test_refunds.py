"""Refunds leave through the delivery machine: once, whatever goes wrong on the way."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from sqlalchemy import select, text, update

from app.bookings import refunding
from app.bookings.models import Booking
from app.deliveries import finishing, lanes
from app.deliveries.dispatch import dispatch
from app.deliveries.models import Delivery, Destination
from app.deliveries.outcome import Attempt
from app.extensions import db
from app.outbound import Answer, Client, Outgoing, Unreachable
from app.payments.models import Payment, PaymentSettings
from app.paypal import checkout
from app.paypal.channel import PayPalChannel
from tests.bookings.made import MIA
from tests.payments.made import GUEST, Shop, agrees, deposit_of, figures, now
from tests.payments.test_checkout import approve
from tests.standins.paypal import PayPalServer

CHANNEL = PayPalChannel()


@pytest.fixture
def booking(shop: Shop, paypal: PayPalServer) -> Booking:
    """A table that was really paid for."""
    made = shop.book()
    approve(paypal, made)
    checkout.come_back(db.session(), GUEST, deposit_of(made).id, now())
    assert made.status == "confirmed"
    return made


def ask(booking: Booking, amount: str = "20") -> Payment:
    [made] = refunding.ask(db.session(), MIA, booking, Decimal(amount), "k", "We are sorry")
    return made


def work(deadline: float = 5.0) -> Delivery:
    """One round of the machine for what is due or will be, in the transaction of the test."""
    session = db.session()
    while dispatch(session, [CHANNEL]):
        pass
    session.execute(update(Destination).values(breaker="closed", failures=0))
    session.execute(text("UPDATE deliveries SET due_at = now() WHERE state = 'ready'"))
    claims = [c for c in lanes.claim(session, 10, 10, {}) if c.channel == "paypal"]
    composed = CHANNEL.compose(session, claims)
    attempts = []
    for claim in claims:
        sent = composed[claim.id]
        assert isinstance(sent, Outgoing)
        answer = asyncio.run(_carry(sent, deadline))
        verdict = (
            CHANNEL.unanswered(answer, sent)
            if isinstance(answer, Unreachable)
            else CHANNEL.judge(answer, sent)
        )
        attempts.append(Attempt(claim, sent, answer, verdict))
    finishing.finish(session, attempts, [CHANNEL])
    session.expire_all()
    query = select(Delivery).where(Delivery.channel == "paypal").order_by(Delivery.id.desc())
    return session.scalars(query.limit(1)).one()


async def _carry(sent: Outgoing, deadline: float) -> Answer | Unreachable:
    async with Client(deadline) as client:
        return await CHANNEL.carry(client, sent)


def test_the_whole_way(booking: Booking, paypal: PayPalServer) -> None:
    refund = ask(booking, "15")
    assert work().state == "delivered"
    assert refund.state == "completed"
    [there] = paypal.it.book.refunds.values() if len(paypal.it.book.refunds) == 1 else [
        each for each in paypal.it.book.refunds.values() if each.custom_id == str(refund.id)
    ]  # fmt: skip
    assert (there.amount["value"], there.note) == ("15.00", "We are sorry")
    assert refund.refund_id == there.id
    assert figures(booking) == ("confirmed", Decimal(20), Decimal(15))
    assert agrees(booking.id)


def test_a_lost_answer_gives_back_once(booking: Booking, paypal: PayPalServer) -> None:
    refund = ask(booking)
    paypal.fail(on="refund", how="timeout")
    assert work(0.5).state == "ready"
    assert (refund.state, refund.problem) == ("requested", "TIMEOUT")
    assert work().state == "delivered"
    assert paypal.asked("/refund") == [f"refund-{refund.id}"] * 2
    mine = [r for r in paypal.it.book.refunds.values() if r.custom_id == str(refund.id)]
    assert len(mine) == 1
    assert booking.refunded_amount == Decimal(20)


@pytest.mark.parametrize("how", ["500", "429", "503", "PENDING_CAPTURE"])
def test_what_passes_is_tried_again(booking: Booking, paypal: PayPalServer, how: str) -> None:
    refund = ask(booking)
    paypal.fail(on="refund", how=how, retry_after=30)
    delivery = work()
    assert (delivery.state, refund.state) == ("ready", "requested")
    assert work().state == "delivered"
    assert refund.state == "completed"


@pytest.mark.parametrize(
    "issue",
    [
        *("CAPTURE_FULLY_REFUNDED", "REFUND_AMOUNT_EXCEEDED", "REFUND_CAPTURE_CURRENCY_MISMATCH"),
        *("REFUND_TIME_LIMIT_EXCEEDED", "PARTIAL_REFUND_NOT_ALLOWED", "TRANSACTION_DISPUTED"),
        *("MAX_NUMBER_OF_REFUNDS_EXCEEDED", "DECIMAL_PRECISION", "DECIMALS_NOT_SUPPORTED"),
    ],
)
def test_what_is_refused_for_good_is_told_and_free_again(
    booking: Booking, paypal: PayPalServer, issue: str
) -> None:
    refund = ask(booking)
    paypal.fail(on="refund", how=issue)
    delivery = work()
    assert delivery.state == "skipped", "the account is well: nothing else is held up"
    assert (refund.state, refund.problem) == ("failed", issue)
    assert booking.refunded_amount is None
    [again] = refunding.ask(db.session(), MIA, booking, Decimal(20), "another form")
    assert work().state == "delivered"
    assert again.state == "completed"


def test_an_empty_account_is_waited_for_and_shown(booking: Booking, paypal: PayPalServer) -> None:
    refund = ask(booking)
    paypal.fail(on="refund", how="REFUND_FAILED_INSUFFICIENT_FUNDS")
    delivery = work()
    assert (refund.state, refund.problem) == ("requested", "REFUND_FAILED_INSUFFICIENT_FUNDS")
    assert "top it up" in (delivery.last_error or "")


def test_an_expired_token_is_fetched_anew_on_the_way(
    booking: Booking, paypal: PayPalServer
) -> None:
    ask(booking)
    paypal.fail(on="tokens")
    assert work().state == "delivered"


def test_an_account_that_is_not_set_up_holds_its_refunds(booking: Booking, shop: Shop) -> None:
    ask(booking)
    db.session.get_one(PaymentSettings, "ours").secret = None
    assert "paypal:ours" in CHANNEL.closed(db.session(), ["paypal:ours", "paypal:other"])
    db.session.get_one(PaymentSettings, "ours").secret = "x"
    db.session.get_one(PaymentSettings, "ours").is_on = False
    assert not CHANNEL.closed(db.session(), ["paypal:ours"]), "what was taken is given back"


def test_told_by_webhook_first_and_by_the_answer_later(
    booking: Booking, paypal: PayPalServer
) -> None:
    refund = ask(booking)
    while dispatch(db.session(), [CHANNEL]):
        pass
    from app.bookings import paying  # noqa: PLC0415
    from app.payments.models import PaymentState  # noqa: PLC0415

    paying.refund_settled(
        db.session(), MIA, refund.id, PaymentState.COMPLETED, now(), refund_id="R-1"
    )
    version = booking.version
    session = db.session()
    claims = lanes.claim(session, 10, 10, {})
    [claim] = [each for each in claims if each.channel == "paypal"]
    what = CHANNEL.compose(session, [claim])[claim.id]
    assert not isinstance(what, Outgoing), "nothing is left to do"
    assert booking.version == version
