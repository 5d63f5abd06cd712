"""A guest pays at the stand-in for PayPal: every way in which it can go, and go wrong."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.bookings.models import Booking
from app.deliveries.models import SyncLog
from app.extensions import db
from app.payments import links
from app.payments.models import Payment, PaymentSettings
from app.paypal import checkout, looking
from app.paypal.checkout import Came
from tests.payments.made import GUEST, Shop, agrees, deposit_of, figures, lapse, now, refunds_of
from tests.standins.paypal import PayPalServer


def start(booking: Booking) -> str:
    """Begin to pay. Returns the order's id."""
    url = checkout.start(db.session(), GUEST, deposit_of(booking).id, now())
    return url.rpartition("=")[2]


def approve(paypal: PayPalServer, booking: Booking, choice: str = "pay") -> None:
    paypal.approve(start(booking), choice)


def back(booking: Booking) -> Came:
    return checkout.come_back(db.session(), GUEST, deposit_of(booking).id, now())


def test_approve_and_come_back(shop: Shop, paypal: PayPalServer) -> None:
    booking = shop.book()
    approve(paypal, booking)
    assert back(booking) is Came.DONE
    assert figures(booking) == ("confirmed", Decimal(20), None)
    payment = deposit_of(booking)
    [capture] = paypal.it.book.captures.values()
    assert (payment.state, payment.capture_id) == ("completed", capture.id)
    assert capture.amount == {"currency_code": "THB", "value": "20.00"}
    assert capture.custom_id == str(payment.id)
    assert paypal.asked("/orders") == [f"order-{payment.id}"]
    assert paypal.asked("/capture") == [f"capture-{payment.id}"]
    assert back(booking) is Came.DONE, "a page that is loaded again takes nothing twice"
    assert len(paypal.it.book.captures) == 1


def test_what_was_said_is_in_the_log_without_the_secret(shop: Shop, paypal: PayPalServer) -> None:
    booking = shop.book()
    approve(paypal, booking)
    back(booking)
    rows = db.session.scalars(select(SyncLog).order_by(SyncLog.id)).all()
    assert [(row.event_type, row.http_status) for row in rows] == [
        ("order.create", 201),
        ("order.capture", 201),
    ]
    said = " ".join(f"{row.request_headers}{row.request_body}" for row in rows)
    assert "standin-secret" not in said
    assert "Bearer" not in said
    assert "Gale" not in said, "the provider is told nothing of the guest"


def test_two_tabs_make_one_order(shop: Shop, paypal: PayPalServer) -> None:
    booking = shop.book()
    assert start(booking) == start(booking)
    assert len(paypal.asked("/orders")) == 1


def test_an_order_whose_answer_was_lost_is_made_once(
    shop: Shop, paypal: PayPalServer, impatient: None
) -> None:
    booking = shop.book()
    before = len(paypal.it.book.orders)
    paypal.fail(on="create", how="timeout")
    with pytest.raises(checkout.CannotPay):
        start(booking)
    assert deposit_of(booking).state == "requested"
    start(booking)
    assert len(paypal.it.book.orders) == before + 1
    assert len(set(paypal.asked("/orders"))) == 1, "the same request id"


def test_a_capture_whose_answer_was_lost_is_found(
    shop: Shop, paypal: PayPalServer, impatient: None
) -> None:
    booking = shop.book()
    approve(paypal, booking)
    paypal.fail(on="capture", how="timeout")
    assert back(booking) is Came.DONE
    assert figures(booking) == ("confirmed", Decimal(20), None)


def test_a_capture_of_which_nobody_heard_is_looked_after(
    shop: Shop, paypal: PayPalServer, impatient: None
) -> None:
    booking = shop.book()
    approve(paypal, booking)
    paypal.fail(on="capture", how="timeout")
    paypal.fail(on="get", how="500")
    assert back(booking) is Came.UNKNOWN
    assert deposit_of(booking).state == "created"
    looking.look(db.session(), deposit_of(booking).id)
    assert figures(booking) == ("confirmed", Decimal(20), None)
    assert agrees(booking.id)


def test_a_guest_who_approved_and_never_came_back_has_paid(
    shop: Shop, paypal: PayPalServer
) -> None:
    booking = shop.book()
    approve(paypal, booking)
    session, payment = db.session(), deposit_of(booking)
    assert looking.take_some(session, now()) == [], "first the guest has time to come back"
    later = now() + looking.EVERY
    assert looking.take_some(session, later) == [payment.id]
    assert looking.take_some(session, later) == [], "nobody else looks at it for a while"
    looking.look(session, payment.id)
    assert figures(booking) == ("confirmed", Decimal(20), None)


def test_an_approved_order_without_a_place_is_not_captured(
    shop: Shop, paypal: PayPalServer
) -> None:
    booking = shop.book()
    approve(paypal, booking)
    lapse(booking)
    shop.book(guests=5)
    assert back(booking) is Came.TOO_LATE
    assert not paypal.asked("/capture")
    deposit_of(booking).expires_at = now() - timedelta(seconds=1)
    looking.look(db.session(), deposit_of(booking).id)
    assert not paypal.asked("/capture")
    assert deposit_of(booking).state == "expired"
    assert booking.paid_amount == 0


def test_who_comes_back_without_paying_can_try_again(shop: Shop, paypal: PayPalServer) -> None:
    booking = shop.book()
    order = start(booking)
    assert back(booking) is Came.NOT_APPROVED
    assert deposit_of(booking).state == "created"
    assert start(booking) == order


def test_declined_and_tried_again(shop: Shop, paypal: PayPalServer) -> None:
    booking = shop.book()
    approve(paypal, booking, "decline")
    assert back(booking) is Came.DONE
    first = deposit_of(booking)
    assert (first.state, first.problem) == ("declined", "INSTRUMENT_DECLINED")
    approve(paypal, booking)
    assert deposit_of(booking).id != first.id
    back(booking)
    assert figures(booking) == ("confirmed", Decimal(20), None)


@pytest.mark.parametrize(
    ("issue", "came", "state"),
    [
        ("ORDER_NOT_APPROVED", Came.NOT_APPROVED, "created"),
        ("PAYER_ACTION_REQUIRED", Came.NOT_APPROVED, "created"),
        ("MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED", Came.DONE, "declined"),
        ("DUPLICATE_INVOICE_ID", Came.DONE, "failed"),
        ("ORDER_COMPLETION_IN_PROGRESS", Came.UNKNOWN, "created"),
        ("ORDER_ALREADY_CAPTURED", Came.UNKNOWN, "created"),
        ("500", Came.UNKNOWN, "created"),
        ("429", Came.UNKNOWN, "created"),
        ("SOMETHING_NEW", Came.DONE, "failed"),
    ],
)
def test_each_refusal_of_a_capture(
    shop: Shop, paypal: PayPalServer, issue: str, came: Came, state: str
) -> None:
    booking = shop.book()
    approve(paypal, booking)
    paypal.fail(on="capture", how=issue)
    assert back(booking) is came
    payment = deposit_of(booking)
    assert payment.state == state
    assert booking.status == "pending"
    if state in ("declined", "failed"):
        assert payment.problem == issue
    if came is Came.UNKNOWN:
        looking.look(db.session(), payment.id)
        assert booking.status == "confirmed", "the money is not lost"


def test_pending_at_the_bank(shop: Shop, paypal: PayPalServer) -> None:
    booking = shop.book()
    approve(paypal, booking, "pending")
    back(booking)
    payment = deposit_of(booking)
    assert (payment.state, booking.status) == ("pending", "pending")
    assert looking.take_some(db.session(), now() + looking.PENDING_EVERY) == [payment.id]
    assert payment.capture_id
    paypal.it.book.captures[payment.capture_id].status = "COMPLETED"
    looking.look(db.session(), payment.id)
    assert figures(booking) == ("confirmed", Decimal(20), None)


def test_a_wrong_amount_in_the_answer_is_no_payment(shop: Shop, paypal: PayPalServer) -> None:
    booking = shop.book()
    approve(paypal, booking)
    paypal.fail(on="amount")
    back(booking)
    assert (deposit_of(booking).state, deposit_of(booking).problem) == ("failed", "WRONG_AMOUNT")
    assert figures(booking) == ("pending", Decimal(0), None)


def test_an_expired_token_is_fetched_anew(shop: Shop, paypal: PayPalServer) -> None:
    booking = shop.book()
    approve(paypal, booking)
    paypal.fail(on="tokens")
    back(booking)
    assert booking.status == "confirmed"


def test_a_token_serves_many_calls(shop: Shop, paypal: PayPalServer) -> None:
    booking = shop.book()
    start(booking)
    paypal.it.calls.clear()
    start(shop.book(guests=2))
    assert paypal.asked("/token") == []


def test_wrong_credentials_take_nothing_and_say_so(shop: Shop, paypal: PayPalServer) -> None:
    booking = shop.book()
    db.session.get_one(PaymentSettings, "ours").secret = "another secret"
    with pytest.raises(checkout.CannotPay):
        start(booking)
    assert deposit_of(booking).state == "requested"


def test_an_order_nobody_approved_is_over_after_its_time(shop: Shop, paypal: PayPalServer) -> None:
    booking = shop.book()
    start(booking)
    payment = deposit_of(booking)
    looking.look(db.session(), payment.id)
    assert payment.state == "created"
    payment.expires_at = now() - timedelta(seconds=1)
    looking.look(db.session(), payment.id)
    assert payment.state == "expired"


def test_a_link_nobody_followed_is_over_after_its_time(shop: Shop) -> None:
    booking = shop.book()
    deposit_of(booking).expires_at = now() - timedelta(days=1)
    assert looking.expire(db.session()) == 1
    assert deposit_of(booking).state == "expired"


# -- the pages


def path_of(booking: Booking) -> str:
    return f"/pay/{links.token_of(deposit_of(booking).id)}"


def test_the_page_says_what_is_paid_for_and_nothing_of_the_guest(
    shop: Shop, client: FlaskClient
) -> None:
    booking = shop.book()
    page = client.get(path_of(booking))
    assert page.status_code == 200
    for words in ("Our park", "Lunch", "12:00", "20 THB", booking.booking_ref, "minutes left"):
        assert words in page.text, words
    for words in ("Gale", "gale@example.com", "66811111111"):
        assert words not in page.text
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "session" not in page.headers.get("Set-Cookie", "")


def test_the_whole_way_in_a_browser_without_script(
    shop: Shop, client: FlaskClient, paypal: PayPalServer
) -> None:
    booking = shop.book()
    path = path_of(booking)
    sent = client.post(path)
    assert sent.status_code == 303
    assert sent.location.startswith(f"{paypal.base}/checkoutnow?token=")
    assert paypal.base in sent.headers["Content-Security-Policy"]
    home = paypal.approve(sent.location.rpartition("=")[2])
    assert home.startswith(links.links.address(path))
    landed = client.get(home.removeprefix(links.links.address("")), follow_redirects=True)
    assert "Thank you" in landed.text
    assert figures(db.session.get_one(Booking, booking.id))[0] == "confirmed"
    assert client.post(path).status_code == 409, "nobody pays twice"


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ("decline", "PayPal declined your payment"),
        ("pending", "Your place is kept meanwhile"),
        ("cancel", "You came back without paying"),
    ],
)
def test_every_other_end_is_told_clearly(
    shop: Shop, client: FlaskClient, paypal: PayPalServer, choice: str, words: str
) -> None:
    booking = shop.book()
    sent = client.post(path_of(booking))
    home = paypal.approve(sent.location.rpartition("=")[2], choice)
    landed = client.get(home.removeprefix(links.links.address("")), follow_redirects=True)
    assert words in landed.text
    assert ("Try again with PayPal" in landed.text) == (choice != "pending")


def test_too_late_cancelled_and_broken(
    shop: Shop, client: FlaskClient, paypal: PayPalServer
) -> None:
    booking = shop.book()
    path = path_of(booking)
    paypal.fail(on="create", how="500")
    broken = client.post(path)
    assert broken.status_code == 502
    assert "PayPal does not answer" in broken.text
    lapse(db.session.get_one(Booking, booking.id))
    assert "The time to pay is over" in client.get(path).text
    assert client.post(path).status_code == 409
    assert client.get("/pay/AAAA.BBBB").status_code == 404
    assert client.post("/pay/AAAA.BBBB").status_code == 404


def test_a_page_of_one_website_opens_nothing_of_another(shop: Shop, client: FlaskClient) -> None:
    """The link opens its own website's rows to the request, and to that request only."""
    booking = shop.book()
    client.get(path_of(booking))
    assert client.get(f"/bookings/{booking.id}").status_code in (302, 303)


def test_refunds_are_shown_to_the_guest(shop: Shop, client: FlaskClient) -> None:
    booking = shop.paid()
    from app.bookings import refunding  # noqa: PLC0415

    refunding.ask(db.session(), GUEST, booking, Decimal(20), "k")
    assert "goes back to where it came from" in client.get(path_of(booking)).text
    assert refunds_of(db.session.get_one(Booking, booking.id))
    assert db.session.scalars(select(Payment)).all()
