"""Webhooks of PayPal: only genuine ones count, each once, in any order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.bookings import refunding
from app.bookings.models import Booking
from app.extensions import db
from app.payments.models import PaymentSettings, ProviderEvent
from app.paypal import hearing
from app.paypal.certificates import BadAddress, Certificates, Unfetched, demand_paypal
from demo.standins.paypal.signing import Authority
from demo.standins.paypal.telling import Teller
from tests.bookings.made import MIA
from tests.payments.made import Shop, agrees, deposit_of, figures, refunds_of
from tests.standins.paypal import PayPalServer

URL = "/api/webhooks/paypal/table-bookings"
REAL = "https://api.sandbox.paypal.com"


class Sender:
    """PayPal as the hub hears it: an authority of its own, at PayPal's own address."""

    def __init__(self, client: FlaskClient, authority: Authority) -> None:
        self.client, self.authority, self.numbers = client, authority, 0
        self.teller = Teller(authority, webhook_id="WH-STANDIN", cert_base=REAL)

    def event(self, kind: str, resource: dict[str, Any], event_id: str = "") -> bytes:
        self.numbers += 1
        made = {"id": event_id or f"WH-{self.numbers}", "event_type": kind, "resource": resource}
        return json.dumps(made).encode()

    def send(self, body: bytes, **headers: str) -> TestResponse:
        signed = {**self.teller.headers(body), **headers}
        return self.client.post(URL, data=body, headers=signed)

    def tell(self, kind: str, resource: dict[str, Any], event_id: str = "") -> TestResponse:
        return self.send(self.event(kind, resource, event_id))


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def paypal_says(app: Flask, client: FlaskClient, authority: Authority) -> Iterator[Sender]:
    trusting(app, authority)
    yield Sender(client, authority)
    app.extensions.pop("paypal_certificates")


def trusting(app: Flask, authority: Authority, *roots: Any) -> list[str]:
    """Let this authority's certificate be served, and its root (or these) be trusted."""
    asked: list[str] = []

    def fetch(url: str) -> bytes:
        asked.append(url)
        return authority.pem

    found = Certificates(fetch, lambda: roots or [authority.root])
    app.extensions["paypal_certificates"] = found
    return asked


def capture(booking: Booking, amount: str = "20.00", currency: str = "THB") -> dict[str, Any]:
    payment = deposit_of(booking)
    return {
        "id": f"CAP{payment.id.hex[-12:]}",
        "status": "COMPLETED",
        "amount": {"currency_code": currency, "value": amount},
        "custom_id": str(payment.id),
    }


def refund(booking: Booking, amount: str, number: str = "REF1", **more: Any) -> dict[str, Any]:
    up = f"{REAL}/v2/payments/captures/{capture(booking)['id']}"
    return {
        "id": number,
        "status": "COMPLETED",
        "amount": {"currency_code": "THB", "value": amount},
        "links": [{"rel": "up", "href": up}],
        **more,
    }


def again(booking: Booking) -> Booking:
    return db.session.get_one(Booking, booking.id)


def test_a_genuine_word_of_the_money_confirms(shop: Shop, paypal_says: Sender) -> None:
    booking = shop.book()
    assert paypal_says.tell("PAYMENT.CAPTURE.COMPLETED", capture(booking)).status_code == 200
    assert figures(again(booking)) == ("confirmed", Decimal(20), None)
    [kept] = db.session.scalars(select(ProviderEvent)).all()
    assert (kept.website_id, kept.booking_id) == ("ours", booking.id)
    assert kept.handled_at is not None
    assert kept.payload["resource"]["custom_id"] == str(deposit_of(booking).id)  # type: ignore[index]


def test_replayed_it_does_nothing(shop: Shop, paypal_says: Sender) -> None:
    booking = shop.book()
    body = paypal_says.event("PAYMENT.CAPTURE.COMPLETED", capture(booking), "WH-X")
    assert [paypal_says.send(body).status_code for _ in range(3)] == [200, 200, 200]
    version = again(booking).version
    paypal_says.tell("PAYMENT.CAPTURE.COMPLETED", capture(booking), "WH-Y")
    assert again(booking).version == version
    assert figures(again(booking)) == ("confirmed", Decimal(20), None)
    assert len(db.session.scalars(select(ProviderEvent)).all()) == 2


@pytest.mark.parametrize(
    ("kind", "state", "status"),
    [
        ("PAYMENT.CAPTURE.DENIED", "declined", "pending"),
        ("PAYMENT.CAPTURE.DECLINED", "declined", "pending"),
        ("PAYMENT.CAPTURE.PENDING", "pending", "pending"),
        ("PAYMENT.CAPTURE.COMPLETED", "completed", "confirmed"),
    ],
)
def test_each_kind(shop: Shop, paypal_says: Sender, kind: str, state: str, status: str) -> None:
    booking = shop.book()
    paypal_says.tell(kind, capture(booking))
    assert (deposit_of(booking).state, again(booking).status) == (state, status)


def test_taken_back_by_paypal(shop: Shop, paypal_says: Sender) -> None:
    booking = shop.book()
    paypal_says.tell("PAYMENT.CAPTURE.REVERSED", capture(booking))
    assert again(booking).status == "pending", "it waits for its payment"
    paypal_says.tell("PAYMENT.CAPTURE.COMPLETED", capture(booking))
    assert figures(again(booking)) == ("confirmed", Decimal(0), None)
    assert deposit_of(booking).state == "reversed"
    assert agrees(booking.id)


def test_a_refund_made_at_paypal_itself(shop: Shop, paypal_says: Sender) -> None:
    booking = shop.book()
    paypal_says.tell("PAYMENT.CAPTURE.COMPLETED", capture(booking))
    for _ in range(2):
        paypal_says.tell("PAYMENT.CAPTURE.REFUNDED", refund(booking, "7.50"))
    assert figures(again(booking)) == ("confirmed", Decimal(20), Decimal("7.50"))


def test_our_own_refund_told_before_its_answer(shop: Shop, paypal_says: Sender) -> None:
    booking = shop.book()
    paypal_says.tell("PAYMENT.CAPTURE.COMPLETED", capture(booking))
    first, second = (
        refunding.ask(db.session(), MIA, again(booking), Decimal(5), key)[0].id for key in "ab"
    )
    paypal_says.tell("PAYMENT.CAPTURE.REFUNDED", refund(booking, "5", "R2", custom_id=str(second)))
    paypal_says.tell("PAYMENT.CAPTURE.REFUNDED", refund(booking, "5", "R1"))
    found = {each.id: (each.state, each.refund_id) for each in refunds_of(booking)}
    assert found == {first: ("completed", "R1"), second: ("completed", "R2")}
    assert agrees(booking.id)


def test_out_of_order(shop: Shop, paypal_says: Sender) -> None:
    booking = shop.book()
    paypal_says.tell(
        "PAYMENT.CAPTURE.REFUNDED", refund(booking, "20", custom_id=capture(booking)["custom_id"])
    )
    assert figures(again(booking)) == ("pending", Decimal(0), None)
    paypal_says.tell("PAYMENT.CAPTURE.COMPLETED", capture(booking))
    paypal_says.tell("PAYMENT.CAPTURE.PENDING", capture(booking))
    paypal_says.tell("PAYMENT.CAPTURE.DENIED", capture(booking))
    assert figures(again(booking)) == ("confirmed", Decimal(20), Decimal(20))
    assert agrees(booking.id)


def test_what_waited_is_applied_when_its_payment_came_another_way(
    shop: Shop, paypal_says: Sender
) -> None:
    from tests.payments.made import pay  # noqa: PLC0415

    booking = shop.book()
    said = refund(booking, "20", custom_id=capture(booking)["custom_id"])
    paypal_says.tell("PAYMENT.CAPTURE.REFUNDED", said)
    assert hearing.retry_waiting(db.session()) == 0
    pay(again(booking))
    assert hearing.retry_waiting(db.session()) == 1
    assert figures(again(booking)) == ("confirmed", Decimal(20), Decimal(20))


@pytest.mark.parametrize(("amount", "currency"), [("0.01", "THB"), ("20.00", "USD"), ("x", "THB")])
def test_a_wrong_amount_is_no_payment(
    shop: Shop, paypal_says: Sender, amount: str, currency: str
) -> None:
    booking = shop.book()
    paypal_says.tell("PAYMENT.CAPTURE.COMPLETED", capture(booking, amount, currency))
    assert figures(again(booking)) == ("pending", Decimal(0), None)
    assert deposit_of(booking).problem == "WRONG_AMOUNT"
    [kept] = db.session.scalars(select(ProviderEvent)).all()
    assert "WRONG_AMOUNT" in (kept.outcome or "")


def test_unknown_kinds_are_kept_and_taken(shop: Shop, paypal_says: Sender) -> None:
    booking = shop.book()
    assert paypal_says.tell("SOMETHING.NEW", capture(booking)).status_code == 200
    other = {"id": "NOT-OURS", "amount": {"currency_code": "THB", "value": "1"}}
    assert paypal_says.tell("PAYMENT.CAPTURE.COMPLETED", other).status_code == 200
    assert [
        e.outcome for e in db.session.scalars(select(ProviderEvent).order_by(ProviderEvent.id))
    ] == [
        "Nothing to do.",
        "No payment of ours.",
    ]
    assert again(booking).status == "pending"


# -- forgeries


def test_what_is_not_signed_is_told_nothing(shop: Shop, paypal_says: Sender) -> None:
    booking = shop.book()
    body = paypal_says.event("PAYMENT.CAPTURE.COMPLETED", capture(booking))
    signed = paypal_says.teller.headers(body)
    answers = [
        paypal_says.client.post(URL, data=body),
        paypal_says.client.post(URL, data=body + b" ", headers=signed),
        paypal_says.client.post(URL, data=b"{", headers=signed),
        paypal_says.client.post(URL, data=b"[]", headers=signed),
        *(
            paypal_says.client.post(URL, data=body, headers={**signed, name: value})
            for name, value in (
                ("PayPal-Transmission-Sig", "AAAA"),
                ("PayPal-Transmission-Sig", "not base64!"),
                ("PayPal-Transmission-Id", "another"),
                ("PayPal-Transmission-Time", "2020-01-01T00:00:00Z"),
                ("PayPal-Auth-Algo", "none"),
                ("PayPal-Auth-Algo", ""),
                ("PayPal-Cert-Url", "https://api.paypal.com.example.com/v1/notifications/certs/C"),
                ("PayPal-Transmission-Id", "x" * 51),
            )
        ),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.json["error"] for answer in answers if answer.json}) == 1
    assert again(booking).status == "pending"
    assert not db.session.scalars(select(ProviderEvent)).all()


def test_signed_for_another_webhook_it_is_not_ours(shop: Shop, paypal_says: Sender) -> None:
    booking = shop.book()
    paypal_says.teller.webhook_id = "WH-ANOTHER"
    assert paypal_says.tell("PAYMENT.CAPTURE.COMPLETED", capture(booking)).status_code == 401
    db.session.get_one(PaymentSettings, "ours").webhook_id = ""
    paypal_says.teller.webhook_id = ""
    assert paypal_says.tell("PAYMENT.CAPTURE.COMPLETED", capture(booking)).status_code == 401


def test_it_is_checked_with_the_webhook_of_the_website_whose_payment_it_is(
    shop: Shop, paypal_says: Sender
) -> None:
    booking = shop.book()
    other = {"client_id": "c", "secret": "s", "webhook_id": "WH-THEIRS"}
    db.session.add(PaymentSettings(website_id="theirs", is_on=True, **other))
    db.session.flush()
    paypal_says.teller.webhook_id = "WH-THEIRS"
    assert paypal_says.tell("PAYMENT.CAPTURE.COMPLETED", capture(booking)).status_code == 401
    unknown = {"id": "NOT-OURS"}
    assert paypal_says.tell("X.Y", unknown).status_code == 401, "nobody can say whose it is"
    assert again(booking).status == "pending"


@pytest.mark.parametrize(
    "url",
    [
        "http://api.paypal.com/v1/notifications/certs/C",
        "https://paypal.com.example.com/v1/notifications/certs/C",
        "https://evilpaypal.com/v1/notifications/certs/C",
        "https://api.paypal.com:8443/v1/notifications/certs/C",
        "https://api.paypal.com@example.com/v1/notifications/certs/C",
        "https://u:p@api.paypal.com/v1/notifications/certs/C",
        "https://api.paypal.com/v1/notifications/certs/../../x",
        "https://api.paypal.com/v1/notifications/certs/",
        "https://api.paypal.com/v1/notifications/certs/C?x=1",
        "https://api.paypal.com/v1/notifications/certs/C#x",
        "https://api.paypal.com/other/C",
        "https://127.0.0.1/v1/notifications/certs/C",
        "https://api.paypal.com\\@example.com/v1/notifications/certs/C",
        "https://[::1/v1/notifications/certs/C",
        "https://api.paypal.com:x/v1/notifications/certs/C",
        "",
    ],
)
def test_nothing_is_fetched_from_elsewhere(url: str) -> None:
    with pytest.raises(BadAddress):
        demand_paypal(url)


@pytest.mark.parametrize("host", ["api.paypal.com", "api.sandbox.paypal.com", "paypal.com"])
def test_certificates_come_from_paypal(host: str) -> None:
    demand_paypal(f"https://{host}/v1/notifications/certs/CERT-360caa42-fca2a594-a5cafa77")


def test_a_certificate_is_fetched_once(
    shop: Shop, paypal_says: Sender, authority: Authority
) -> None:
    asked = trusting(paypal_says.client.application, authority)
    booking = shop.book()
    for _ in range(3):
        paypal_says.tell("PAYMENT.CAPTURE.PENDING", capture(booking))
    assert len(asked) == 1


@pytest.mark.parametrize("what", ["unknown root", "over", "not yet", "another name"])
def test_a_certificate_that_proves_nothing(
    shop: Shop, paypal_says: Sender, paypal: PayPalServer, what: str
) -> None:
    """PayPal is asked instead, and does not know it."""
    day = timedelta(days=1)
    begins = {"over": -30 * day, "not yet": day}.get(what, -day)
    name = "api.example.com" if what == "another name" else "api.paypal.com"
    forged = Authority(name, datetime.now(UTC) + begins, lasts=10 * day)
    roots = [Authority().root] if what == "unknown root" else []
    trusting(paypal_says.client.application, forged, *roots)
    booking, paypal_says.teller.authority = shop.book(), forged
    assert paypal_says.tell("PAYMENT.CAPTURE.COMPLETED", capture(booking)).status_code == 401
    assert again(booking).status == "pending"
    assert paypal.asked("verify-webhook-signature")


def test_a_certificate_that_cannot_be_had(
    shop: Shop, paypal_says: Sender, paypal: PayPalServer
) -> None:
    """Where PayPal does not answer either, it shall send the webhook again."""

    def fetch(url: str) -> bytes:
        raise Unfetched(url)

    paypal_says.client.application.extensions["paypal_certificates"] = Certificates(fetch)
    booking = shop.book()
    paypal.fail(on="verify", how="500")
    assert paypal_says.tell("PAYMENT.CAPTURE.COMPLETED", capture(booking)).status_code == 503
    assert again(booking).status == "pending"
    paypal_says.teller.authority = paypal.it.teller.authority
    assert paypal_says.tell("PAYMENT.CAPTURE.COMPLETED", capture(booking)).status_code == 200
    assert again(booking).status == "confirmed"


def test_by_asking_paypal(shop: Shop, client: FlaskClient, paypal: PayPalServer) -> None:
    """As the demo does: the body goes back byte for byte, odd spaces and all."""
    db.session.get_one(PaymentSettings, "ours").verify_online = True
    booking, teller = shop.book(), paypal.it.teller
    made = {"id": "WH-1", "event_type": "PAYMENT.CAPTURE.COMPLETED", "resource": capture(booking)}
    body = json.dumps(made, indent=3).encode() + b"\n "
    forged = client.post(URL, data=body, headers=teller.headers(body, genuine=False))
    assert forged.status_code == 401
    assert client.post(URL, data=body, headers=teller.headers(body)).status_code == 200
    assert again(booking).status == "confirmed"


def test_a_large_body_is_not_read(client: FlaskClient, app: Flask, db_session: object) -> None:
    assert client.post(URL, data=b"x" * 70_000).status_code == 413
