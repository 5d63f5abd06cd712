"""Payments at the desk: who sees them, who gives back, and what the pages say."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.alerts.conditions import Condition, find
from app.bookings import drift, erasing, paying, refunding
from app.bookings.models import Booking
from app.events.models import Event
from app.extensions import db
from app.payments.models import Payment, PaymentSettings, PaymentState, ProviderEvent
from app.payments.retention import clear_payloads, forget
from app.paypal.client import tokens
from app.privacy import queries as privacy
from app.privacy.export import gather
from app.schedule.jobs import Schedule
from app.staff.queries import with_memberships
from tests.bookings.made import MIA
from tests.desk import at_the_till
from tests.payments.made import PAYPAL, Shop, deposit_of, names_of, now, pay, refunds_of
from tests.payments.test_hook import Sender, authority, capture, paypal_says  # noqa: F401
from tests.standins.paypal import PayPalServer


def key_of(page: str) -> str:
    found = re.search(r'name="key"[^>]*value="([^"]+)"', page)
    assert found
    return found[1]


def test_the_booking_shows_what_was_paid_and_under_which_ids(shop: Shop) -> None:
    booking = shop.paid()
    capture_id = deposit_of(booking).capture_id
    page = shop.house.browser("manager").get(f"/bookings/{booking.id}").text
    for words in ("Deposit", "20", "Paid", str(capture_id), "took the payment: 20 THB", "Refund"):
        assert words in page, words
    assert "/pay/" not in page, "nothing is left to pay"


def test_a_link_that_can_be_paid_is_shown_to_copy_and_send(shop: Shop) -> None:
    booking = shop.book()
    manager = shop.house.browser("manager")
    assert "/pay/" in manager.get(f"/bookings/{booking.id}").text
    manager.post(f"/bookings/{booking.id}/deposit")
    assert names_of(booking)[-1] == "payment.requested"
    event = db.session.scalars(select(Event).order_by(Event.id.desc()).limit(1)).one()
    assert event.meta == {"again": True}
    assert len(db.session.scalars(select(Payment)).all()) == 1


def test_who_may_not_see_amounts_sees_nothing_of_payments(shop: Shop) -> None:
    booking = shop.paid()
    colleague = shop.house.browser("colleague")
    page = colleague.get(f"/bookings/{booking.id}").text
    assert str(deposit_of(booking).capture_id) not in page
    assert "took the payment" in page
    assert "20 THB" not in page
    assert colleague.get("/payments").status_code == 403
    assert colleague.get(f"/bookings/{booking.id}/refund").status_code == 403
    assert colleague.post(f"/bookings/{booking.id}/deposit").status_code == 403
    at_the_till(shop.house.colleague)
    till = shop.house.browser("colleague")
    page = till.get(f"/bookings/{booking.id}").text
    assert str(deposit_of(booking).capture_id) in page
    assert "/refund" not in page, "seeing is not giving back"
    assert till.post(f"/bookings/{booking.id}/refund").status_code == 403


def test_an_outsider_finds_nothing(shop: Shop) -> None:
    booking = shop.paid()
    outsider = shop.house.browser("outsider")
    assert outsider.get(f"/bookings/{booking.id}/refund").status_code == 404
    assert outsider.post(f"/bookings/{booking.id}/refund").status_code == 404
    assert booking.booking_ref not in outsider.get("/payments").text
    assert outsider.get("/payments?website=ours").status_code == 404
    assert outsider.get("/websites/ours/payments").status_code == 404
    assert outsider.post("/websites/ours/payments/test").status_code == 404


def test_a_refund_by_the_form(shop: Shop) -> None:
    booking = shop.paid()
    manager, path = shop.house.browser("manager"), f"/bookings/{booking.id}/refund"
    form = manager.get(path).text
    assert 'value="20"' in form, "what is due stands there"
    data = {"amount": "12.50", "reason": "Sorry for the soup", "key": key_of(form)}
    for _ in range(2):  # a double click
        assert manager.post(path, data=data).status_code == 303
    [refund] = refunds_of(booking)
    assert (refund.amount, refund.reason) == (Decimal("12.50"), "Sorry for the soup")
    assert refund.requested_by == "Mara Manager"
    too_much = {**data, "amount": "7.51", "key": key_of(manager.get(path).text)}
    answer = manager.post(path, data=too_much)
    assert answer.status_code == 422
    assert "Only 7.50 THB can still be given back" in answer.text
    for odd in ("", "abc", "-1", "0", "1e9", "NaN"):
        assert manager.post(path, data={**too_much, "amount": odd}).status_code == 422
    assert len(refunds_of(booking)) == 1


def test_the_list_filters_and_shows_trouble_in_words(shop: Shop) -> None:
    paid, waiting = shop.paid(2), shop.book(2)
    [refund] = refunding.ask(db.session(), MIA, paid, Decimal(1), "k")
    problem = "TRANSACTION_DISPUTED"
    paying.refund_settled(
        db.session(), PAYPAL, refund.id, PaymentState.FAILED, now(), problem=problem
    )
    manager = shop.house.browser("manager")
    everything = manager.get("/payments").text
    assert paid.booking_ref in everything
    assert "settle it at PayPal" in everything
    assert waiting.booking_ref in manager.get("/payments?state=open").text
    assert paid.booking_ref not in manager.get("/payments?state=open").text
    assert waiting.booking_ref not in manager.get("/payments?state=trouble").text
    assert "settle it at PayPal" in manager.get("/payments?state=trouble&website=ours").text
    assert manager.get("/payments?after=nonsense").status_code == 400


# -- the account of a website

FORM = {
    "is_on": "y",
    "is_live": "",
    "client_id": "standin-client",
    "secret": "a-new-secret",
    "webhook_id": "WH-1",
    "deposit_minutes": "45",
}


def test_the_account_is_kept_and_its_secret_never_shown(shop: Shop) -> None:
    manager, path = shop.house.browser("manager"), "/websites/ours/payments"
    assert manager.post(path, data=FORM).status_code == 303
    there = db.session.get_one(PaymentSettings, "ours")
    assert (there.secret, there.deposit_minutes) == ("a-new-secret", 45)
    assert "a-new-secret" not in manager.get(path).text
    manager.post(path, data={**FORM, "secret": "", "deposit_minutes": "50"})
    assert db.session.get_one(PaymentSettings, "ours").secret == "a-new-secret"
    told = db.session.scalars(select(Event).where(Event.name == "payment_settings.changed")).all()
    assert len(told) == 2
    assert "a-new-secret" not in str([event.changes for event in told])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("deposit_minutes", "2"),
        ("deposit_minutes", "x"),
        ("client_id", ""),
        ("webhook_id", ""),
        ("client_id", "with space"),
    ],
)
def test_an_account_that_cannot_be(shop: Shop, field: str, value: str) -> None:
    manager = shop.house.browser("manager")
    answer = manager.post("/websites/ours/payments", data={**FORM, field: value})
    assert answer.status_code == 422


def test_the_connection_is_tried_and_shown_without_secrets(
    shop: Shop, paypal: PayPalServer
) -> None:
    manager, path = shop.house.browser("manager"), "/websites/ours/payments"
    page = manager.post(f"{path}/test").text
    assert "PayPal knows this account" in page
    assert "standin-secret" not in page
    assert not any(token in page for token in paypal.it.tokens)
    manager.post(path, data=FORM)
    tokens._kept.clear()
    assert "PayPal does not accept this account" in manager.post(f"{path}/test").text


# -- what is looked after


def test_drift_is_found_and_told(shop: Shop) -> None:
    fine, odd = shop.paid(2), shop.paid(2)
    assert list(drift.found(db.session())) == []
    odd.paid_amount = Decimal(3)
    db.session.flush()
    for _ in range(2):
        assert drift.report(db.session()) == 0
    assert names_of(odd).count("payment.drifted") == 1, "once a night"
    assert "payment.drifted" not in names_of(fine)
    page = shop.house.browser("manager").get(f"/bookings/{odd.id}").text
    assert "not the sum of the payments" in page
    assert "paid 10.00" in page


def test_money_without_a_payment_is_drift_too(shop: Shop) -> None:
    booking = shop.book()
    db.session.query(Payment).delete()
    booking.paid_amount = Decimal(1)
    db.session.flush()
    assert [each.booking_id for each in drift.found(db.session())] == [booking.id]


def test_what_a_source_gave_back_itself_is_no_drift(shop: Shop) -> None:
    booking = shop.paid()
    other: Booking = shop.book(2)
    db.session.query(Payment).filter_by(booking_id=other.id).delete()
    other.refunded_amount, other.deposit_amount = Decimal(5), None
    db.session.flush()
    assert not drift.found(db.session())
    assert booking.paid_amount


def test_payloads_are_forgotten(
    shop: Shop,
    paypal_says: Sender,  # noqa: F811
    client: FlaskClient,
) -> None:
    booking = shop.book()
    paypal_says.tell("PAYMENT.CAPTURE.PENDING", capture(booking))
    assert clear_payloads(db.session()) == 0
    forget(db.session(), [booking.id])
    db.session.expire_all()
    [event] = db.session.scalars(select(ProviderEvent)).all()
    assert not event.payload
    assert event.outcome


def test_a_guest_takes_their_payments_along_and_the_provider_s_words_are_forgotten(
    shop: Shop,
    paypal_says: Sender,  # noqa: F811
) -> None:
    booking = shop.book()
    paypal_says.tell("PAYMENT.CAPTURE.COMPLETED", capture(booking))
    session = db.session()
    booking = session.get_one(Booking, booking.id)
    manager = with_memberships(session, shop.house.manager.id)
    colleague = with_memberships(session, shop.house.colleague.id)
    assert manager
    assert colleague
    for scope, count in ((manager.scope, 1), (colleague.scope, 0)):
        person = privacy.person(session, scope, booking.customer_id)
        taken = gather(session, scope, person, now())
        assert len(taken["payments"]) == count
    erasing.forget(session, booking.customer_id, now())
    session.expire_all()
    assert not session.scalars(select(ProviderEvent)).one().payload


def test_money_that_does_not_add_up_fires_an_alert(shop: Shop) -> None:
    session = db.session()
    shop.paid(2)
    assert not [f for f in find(session, Schedule(), now()) if f.condition is Condition.MONEY]
    odd, wrong = shop.paid(2), shop.book(2)
    odd.paid_amount = Decimal(3)
    session.flush()
    drift.report(session)
    pay(wrong, Decimal("0.01"))
    [found] = [f for f in find(session, Schedule(), now()) if f.condition is Condition.MONEY]
    assert (found.website_id, found.value) == ("ours", 2)
    later = now() + timedelta(hours=25)
    assert not [f for f in find(session, Schedule(), later) if f.condition is Condition.MONEY]
