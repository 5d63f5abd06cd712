"""What payments do to a booking: its status, its figures, its place, and what goes back."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.bookings import actions, depositing, paying, refunding
from app.bookings.models import Booking
from app.bookings.status import Status
from app.errors import Conflict, Forbidden, InvalidPayload, NotFound
from app.extensions import db
from app.payments import deposits, links, queries
from app.payments.models import Payment, PaymentKind, PaymentSettings, PaymentState
from app.payments.state import MOVES, advance
from app.staff.queries import with_memberships
from app.staff.scope import EVERYTHING
from app.venues.models import SlotUsage
from tests.bookings.made import MIA
from tests.payments.made import (
    PAYPAL,
    Shop,
    agrees,
    deposit_of,
    figures,
    lapse,
    names_of,
    now,
    pay,
    refunds_of,
)

S = PaymentState


def test_a_deposit_is_per_guest_and_only_from_a_party_on(shop: Shop) -> None:
    shop.lunch.deposit_from_party = 4
    assert deposits.due(shop.lunch, 3) is None
    assert deposits.due(shop.lunch, 4) == Decimal(20)
    shop.lunch.deposit = None
    assert deposits.due(shop.lunch, 4) is None


def test_a_booking_waits_for_its_deposit_and_counts_once_it_is_paid(shop: Shop) -> None:
    booking = shop.book()
    assert figures(booking) == ("pending", Decimal(0), None)
    assert booking.deposit_amount == Decimal(20)
    assert booking.hold_expires_at == deposit_of(booking).expires_at
    version = booking.version
    pay(booking)
    assert figures(booking) == ("confirmed", Decimal(20), None)
    assert booking.version == version + 1
    assert names_of(booking)[-2:] == ["payment.received", "booking.status_changed"]
    assert booking.confirmed_at is not None
    assert agrees(booking.id)


def test_asked_again_it_is_the_same_deposit(shop: Shop) -> None:
    booking = shop.book()
    again = depositing.ask_deposit(db.session(), MIA, booking, now())
    assert again.id == deposit_of(booking).id
    assert names_of(booking).count("payment.requested") == 1


def test_nothing_is_asked_for_where_nothing_is_due_or_nobody_can_pay(shop: Shop) -> None:
    booking, session = shop.book(), db.session()
    deposit_of(booking).state = S.EXPIRED.value
    booking.deposit_amount = shop.lunch.deposit = None
    session.flush()
    with pytest.raises(InvalidPayload, match="There is no deposit"):
        depositing.ask_deposit(session, MIA, booking, now())
    shop.lunch.deposit = Decimal(5)
    session.get_one(PaymentSettings, "ours").is_on = False
    with pytest.raises(InvalidPayload, match="takes no payments"):
        depositing.ask_deposit(session, MIA, booking, now())


def test_told_twice_it_counts_once(shop: Shop) -> None:
    booking = shop.paid()
    before = booking.version, names_of(booking)
    pay(booking)
    assert (booking.version, names_of(booking)) == before


@pytest.mark.parametrize(("amount", "currency"), [("19.99", "THB"), ("20", "USD"), ("-1", "THB")])
def test_another_amount_or_currency_never_counts_as_paid(
    shop: Shop, amount: str, currency: str
) -> None:
    booking = shop.book()
    payment = pay(booking, Decimal(amount), currency)
    assert (payment.state, payment.problem) == ("failed", paying.WRONG_AMOUNT)
    assert payment.capture_id, "people must find it at the provider"
    assert figures(booking) == ("pending", Decimal(0), None)
    assert names_of(booking)[-1] == "payment.failed"
    pay(booking, Decimal(amount), currency)
    assert names_of(booking).count("payment.failed") == 1


def test_money_that_comes_after_the_hold_takes_the_place_again(shop: Shop) -> None:
    booking = shop.book()
    lapse(booking)
    assert booking.status == "expired"
    pay(booking)
    assert figures(booking) == ("confirmed", Decimal(20), None)
    assert taken(shop) == 4
    assert not refunds_of(booking)


def test_money_that_comes_after_the_place_was_sold_goes_back(shop: Shop) -> None:
    booking = shop.book()
    lapse(booking)
    shop.book(guests=6)
    pay(booking)
    assert figures(booking) == ("expired", Decimal(20), None)
    assert taken(shop) == 6
    [refund] = refunds_of(booking)
    assert (refund.amount, refund.state) == (Decimal(20), "requested")
    assert agrees(booking.id)


def test_money_for_a_cancelled_booking_goes_back(shop: Shop) -> None:
    booking = shop.book()
    actions.move(db.session(), MIA, EVERYTHING, booking.id, Status.CANCELLED)
    assert deposit_of(booking).state == "expired", "its link is closed"
    pay(booking)
    assert booking.status == "cancelled"
    assert [each.amount for each in refunds_of(booking)] == [Decimal(20)]


def test_paid_twice_the_second_goes_back(shop: Shop) -> None:
    booking = shop.book()
    first = deposit_of(booking)
    paying.failed(db.session(), PAYPAL, first.id, S.DECLINED, "INSTRUMENT_DECLINED", now())
    second = depositing.ask_again(db.session(), PAYPAL, first.id, now())
    pay(booking)
    paying.received(
        db.session(), PAYPAL, first.id, paying.Captured("CAP-1", Decimal(20), "THB"), now()
    )
    assert booking.paid_amount == Decimal(40)
    [refund] = refunds_of(booking)
    assert refund.of_id in (first.id, second.id)
    assert refund.amount == Decimal(20)


def test_after_a_decline_the_guest_has_another_try_until_the_deadline(shop: Shop) -> None:
    booking = shop.book()
    first = deposit_of(booking)
    paying.failed(db.session(), PAYPAL, first.id, S.DECLINED, "INSTRUMENT_DECLINED", now())
    second = depositing.ask_again(db.session(), PAYPAL, first.id, now())
    assert second.id != first.id
    assert second.expires_at == first.expires_at
    assert depositing.ask_again(db.session(), PAYPAL, first.id, now()).id == second.id
    paying.failed(db.session(), PAYPAL, second.id, S.DECLINED, "X", now())
    with pytest.raises(Conflict):
        depositing.ask_again(db.session(), PAYPAL, first.id, now() + timedelta(hours=1))


def test_while_the_provider_decides_the_place_is_kept(shop: Shop) -> None:
    booking = shop.book()
    paying.pending(db.session(), PAYPAL, deposit_of(booking).id, "CAP-1", now())
    assert booking.status == "pending"
    assert held(booking) > now() + timedelta(days=2)
    paying.failed(db.session(), PAYPAL, deposit_of(booking).id, S.DECLINED, "DENIED", now())
    assert held(booking) < now() + timedelta(hours=1), "time to pay in another way"


def test_a_payment_taken_back_counts_no_more(shop: Shop) -> None:
    booking = shop.paid()
    paying.reversed_(db.session(), PAYPAL, deposit_of(booking).id, now())
    assert figures(booking) == ("confirmed", Decimal(0), None)
    pay(booking)
    assert booking.paid_amount == 0, "a repeated word of the money does not bring it back"
    assert agrees(booking.id)


def test_before_money_is_taken_the_place_is_kept_or_taken_again(shop: Shop) -> None:
    booking, session = shop.book(), db.session()
    payment = deposit_of(booking)
    version = booking.version
    assert depositing.keep_place(session, PAYPAL, payment.id, now())
    assert booking.version == version, "time enough: nothing to write"
    late = held(booking) - timedelta(seconds=20)
    assert depositing.keep_place(session, PAYPAL, payment.id, late)
    assert booking.hold_expires_at == late + depositing.WHILE_PAYING
    lapse(booking)
    assert depositing.keep_place(session, PAYPAL, payment.id, now())
    assert booking.status == "pending"
    lapse(booking)
    shop.book(guests=5)
    assert not depositing.keep_place(session, PAYPAL, payment.id, now())
    assert booking.status == "expired"


# -- giving back


def give(booking: Booking, amount: str, key: str = "form-1") -> list[Payment]:
    return refunding.refund(db.session(), MIA, EVERYTHING, booking.id, Decimal(amount), key)


def done(refund: Payment) -> None:
    paying.refund_settled(
        db.session(), PAYPAL, refund.id, S.COMPLETED, now(), refund_id=f"R-{refund.id}"
    )


def test_a_refund_counts_when_it_is_done_and_not_before(shop: Shop) -> None:
    booking = shop.paid()
    [refund] = give(booking, "5")
    assert figures(booking) == ("confirmed", Decimal(20), None)
    version = booking.version
    done(refund)
    assert figures(booking) == ("confirmed", Decimal(20), Decimal(5))
    assert booking.version == version + 1
    done(refund)
    assert booking.version == version + 1
    assert agrees(booking.id)


def test_a_double_click_asks_once(shop: Shop) -> None:
    booking = shop.paid()
    assert [p.id for p in give(booking, "20")] == [p.id for p in give(booking, "20")]
    assert len(refunds_of(booking)) == 1


@pytest.mark.parametrize("amount", ["20.01", "0", "-1", "1.001"])
def test_no_more_goes_back_than_came(shop: Shop, amount: str) -> None:
    booking = shop.paid()
    with pytest.raises(InvalidPayload):
        give(booking, amount)
    give(booking, "15", "a")
    with pytest.raises(InvalidPayload, match="cannot be given back"):
        give(booking, "5.01", "b")
    paying.refund_settled(db.session(), PAYPAL, refunds_of(booking)[0].id, S.FAILED, now())
    give(booking, "20", "c")  # what failed is there again


def test_a_full_refund_says_nothing_of_the_visit(shop: Shop) -> None:
    booking = shop.paid()
    booking.total_amount = Decimal(20)
    [refund] = give(booking, "20")
    done(refund)
    assert figures(booking) == ("confirmed", Decimal(20), Decimal(20))
    assert taken(shop) == 4


def test_who_may_give_back(shop: Shop) -> None:
    booking = shop.paid()
    house = shop.house
    people = [house.colleague, house.outsider, house.manager]
    found = [with_memberships(db.session(), each.id) for each in people]
    colleague, outsider, manager = (each.scope for each in found if each)
    ask = (db.session(), MIA)
    with pytest.raises(Forbidden):
        refunding.refund(*ask, colleague, booking.id, Decimal(1), "k")
    with pytest.raises(NotFound):
        refunding.refund(*ask, outsider, booking.id, Decimal(1), "k")
    assert refunding.refund(*ask, manager, booking.id, Decimal(1), "k")


@pytest.mark.parametrize(
    ("hours_before", "percent", "due"),
    [(25, 0, "20"), (23, 0, "0"), (23, 50, "10"), (-1, 33, "6.60")],
)
def test_what_is_due_depends_on_when_it_is_cancelled(
    shop: Shop, hours_before: int, percent: int, due: str
) -> None:
    booking = shop.paid()
    shop.venue.late_refund_percent = percent
    assert booking.starts_at is not None
    at = booking.starts_at - timedelta(hours=hours_before)
    assert refunding.refund_due(booking, at) == Decimal(due)


def test_cancelling_asks_for_what_is_due_in_the_same_transaction(shop: Shop) -> None:
    booking = shop.paid()
    actions.move(db.session(), MIA, EVERYTHING, booking.id, Status.CANCELLED)
    [refund] = refunds_of(booking)
    assert (refund.amount, refund.request_key) == (Decimal(20), f"cancel:{booking.version}")
    done(refund)
    assert figures(booking)[1:] == (Decimal(20), Decimal(20))
    actions.move(db.session(), MIA, EVERYTHING, booking.id, Status.CONFIRMED)
    actions.move(db.session(), MIA, EVERYTHING, booking.id, Status.CANCELLED)
    assert len(refunds_of(booking)) == 1, "nothing is left to give back"


def test_a_deposit_that_was_never_paid_is_not_given_back(shop: Shop) -> None:
    booking = shop.book()
    actions.move(db.session(), MIA, EVERYTHING, booking.id, Status.CANCELLED)
    assert not refunds_of(booking)


def test_given_back_at_the_provider_itself_it_counts_too(shop: Shop) -> None:
    booking = shop.paid()
    paying.refunded_elsewhere(
        db.session(), PAYPAL, deposit_of(booking).id, "R-9", Decimal(7), now()
    )
    assert booking.refunded_amount == Decimal(7)
    with pytest.raises(InvalidPayload):
        give(booking, "14")


# -- whatever happens


@given(st.data())
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_happens_the_figures_are_the_sum(shop: Shop, data: st.DataObject) -> None:
    session = db.session()
    with session.begin_nested() as undone:
        booking = shop.book(guests=2)
        for _ in range(data.draw(st.integers(1, 8))):
            step(booking, data)
            assert agrees(booking.id)
            left = sum(p.amount for p in refunds_of(booking) if p.state != S.FAILED)
            ever = sum(p.amount for p in session.scalars(select(Payment)) if p.kind == "deposit")
            assert left <= ever
        undone.rollback()
    session.expire_all()


def step(booking: Booking, data: st.DataObject) -> None:
    """Something that staff, a guest or the provider does."""
    session, payment = db.session(), deposit_of(booking)
    at, what = now(), data.draw(st.sampled_from(sorted(STEPS)))
    if what == "refund":
        left = queries.left_of_booking(session, booking.id)
        if left > 0:
            cents = data.draw(st.integers(1, int(left * 100)))
            give(booking, str(Decimal(cents) / 100), f"k{data.draw(st.integers(1, 3))}")
    elif what in ("settle", "unsettle"):
        for refund in refunds_of(booking):
            state = S.COMPLETED if what == "settle" else S.FAILED
            paying.refund_settled(session, PAYPAL, refund.id, state, at)
    elif what == "cancel" and booking.can_cancel:
        actions.move(session, MIA, EVERYTHING, booking.id, Status.CANCELLED)
    elif what == "pay":
        pay(booking)
    elif what == "pending":
        paying.pending(session, PAYPAL, payment.id, "CAP", at)
    elif what == "decline":
        paying.failed(session, PAYPAL, payment.id, S.DECLINED, "X", at)
    elif what == "reverse":
        paying.reversed_(session, PAYPAL, payment.id, at)


STEPS = {"refund", "settle", "unsettle", "cancel", "pay", "pending", "decline", "reverse"}


def test_nothing_that_is_decided_is_undone_by_what_comes_late() -> None:
    for kind in PaymentKind:
        for state in (S.COMPLETED, S.REVERSED):
            later = MOVES[kind][state]
            assert later <= {S.REVERSED}, f"{kind} {state}"
    payment = Payment(kind="deposit", state="completed")
    assert not advance(payment, S.PENDING, now())
    assert payment.state == "completed"


def test_a_link_says_nothing_and_is_worth_nothing_when_changed(shop: Shop) -> None:
    payment = deposit_of(shop.book())
    url = links.pay_url(payment)
    token = url.rpartition("/")[2]
    assert links.read(token) == payment.id
    assert len(token) < 60
    assert str(payment.id) not in url
    for bad in (token[:-1], "z" + token[1:], token + "x", "", "....", "é.é"):
        assert links.read(bad) is None


def taken(shop: Shop) -> int:
    query = select(SlotUsage.used).where(SlotUsage.activity_id == shop.lunch.id)
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def held(booking: Booking) -> datetime:
    assert booking.hold_expires_at is not None
    return booking.hold_expires_at
