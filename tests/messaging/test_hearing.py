"""Twilio's door: who may speak there, and what becomes of what is said late, twice or oddly."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.customers.models import Customer
from app.events.models import Event
from app.extensions import db
from app.messaging.models import Message
from app.payments.models import ProviderEvent
from demo.standins.twilio import ACCOUNT, TOKEN, Twilio, signature
from tests.messaging.post import MOBILE, Post, a_booking, a_guest, a_writer

STATUS, INBOUND = "/api/webhooks/twilio/status", "/api/webhooks/twilio/inbound"


@pytest.fixture
def guest(wired: Post) -> Customer:
    return a_guest()


@pytest.fixture
def sent(wired: Post, guest: Customer) -> Message:
    """An SMS that Twilio has taken."""
    wired.tell(a_booking(a_writer(sms="twilio", email="capture", sms_first=["reminder"]), guest))
    wired.run()
    return wired.one(medium="sms")


@pytest.fixture
def base(app: Flask) -> str:
    return str(app.extensions["settings"].base_url).rstrip("/")


def post(
    client: FlaskClient, base: str, path: str, form: Mapping[str, str], token: str = TOKEN
) -> int:
    """What Twilio posts, signed over the public address."""
    headers = {"X-Twilio-Signature": signature(token, base + path, form)}
    return client.post(path, data=form, headers=headers).status_code


def report(
    client: FlaskClient, base: str, phones: Twilio, message: Message, status: str, code: str = ""
) -> int:
    form = phones.report_form(phones.messages[0], status, code or None)
    return post(client, base, f"{STATUS}?m={message.id}", form)


def test_reports_move_a_message_forward_only(
    client: FlaskClient, base: str, phones: Twilio, sent: Message
) -> None:
    for status, expected in (
        ("queued", "sent"),
        ("delivered", "delivered"),
        ("sent", "delivered"),
        ("undelivered", "delivered"),
        ("something-new", "delivered"),
        ("delivered", "delivered"),
    ):
        assert report(client, base, phones, sent, status, "30003") == 204
        db.session.expire_all()
        assert sent.state == expected
    assert sent.delivered_at
    assert sent.error_code is None


def test_the_callback_address_is_the_one_that_was_given(wired: Post, phones: Twilio) -> None:
    wired.tell(a_booking(a_writer(sms="twilio", email="off"), a_guest()))
    wired.dispatch()
    composed = [what for _, what in wired.compose(wired.claim())]
    body = getattr(composed[0], "body").decode()  # noqa: B009
    assert "StatusCallback=https%3A%2F%2Fdesk.onebooking.test%2Fapi%2Fwebhooks%2Ftwilio" in body


@pytest.mark.parametrize(
    ("code", "health"), [("30003", "doubtful"), ("30005", "bad"), ("30007", "good")]
)
def test_what_was_not_delivered_is_told_and_remembered_once(
    client: FlaskClient,
    base: str,
    phones: Twilio,
    sent: Message,
    guest: Customer,
    code: str,
    health: str,
) -> None:
    for _ in range(3):
        assert report(client, base, phones, sent, "undelivered", code) == 204
    db.session.expire_all()
    assert (sent.state, sent.error_code) == ("undelivered", code)
    assert guest.sms_health == health
    assert guest.sms_failures <= 1
    told = db.session.query(Event).filter_by(name="message.failed").all()
    assert len(told) == 1


def test_it_may_arrive_after_all(
    client: FlaskClient, base: str, phones: Twilio, sent: Message, guest: Customer
) -> None:
    report(client, base, phones, sent, "undelivered", "30003")
    report(client, base, phones, sent, "delivered")
    db.session.expire_all()
    assert (sent.state, sent.reason, guest.sms_health) == ("delivered", None, "good")


def test_a_report_about_an_earlier_sending_changes_nothing(
    client: FlaskClient, base: str, phones: Twilio, sent: Message
) -> None:
    other = {**phones.messages[0], "sid": "SM" + "0" * 32}
    form = phones.report_form(other, "delivered")
    assert post(client, base, f"{STATUS}?m={sent.id}", form) == 204
    db.session.expire_all()
    assert sent.state == "sent"


def test_who_does_not_sign_is_told_nothing(
    client: FlaskClient, base: str, phones: Twilio, sent: Message
) -> None:
    form = phones.report_form(phones.messages[0], "delivered")
    path = f"{STATUS}?m={sent.id}"
    elsewhere = {"X-Twilio-Signature": signature(TOKEN, "https://evil.example.com" + path, form)}
    answers = {
        post(client, base, path, form, token="guess"),
        client.post(path, data=form).status_code,
        client.post(path, data=form, headers=elsewhere).status_code,
        client.post(path, data={**form, "MessageStatus": "failed"}).status_code,
        post(client, base, f"{STATUS}?m={UUID(int=1)}", form),
        post(client, base, f"{STATUS}?m=nonsense", form),
        post(client, base, STATUS, form),
    }
    assert answers == {403}
    db.session.expire_all()
    assert sent.state == "sent"


def test_the_host_of_the_request_says_nothing(
    client: FlaskClient, base: str, phones: Twilio, sent: Message
) -> None:
    form = phones.report_form(phones.messages[0], "delivered")
    path = f"{STATUS}?m={sent.id}"
    headers = {"X-Twilio-Signature": signature(TOKEN, base + path, form)}
    answer = client.post(path, data=form, headers=headers, base_url="http://10.0.0.1:5000")
    assert answer.status_code == 204
    assert urlsplit(base).hostname != "10.0.0.1"


def inbound(sid: str, body: str, **more: str) -> dict[str, str]:
    return {
        "MessageSid": sid,
        "AccountSid": ACCOUNT,
        "From": MOBILE,
        "To": "+15005550006",
        "Body": body,
        "NumMedia": "0",
        **more,
    }


def test_stop_ends_sms_and_start_begins_them_again(
    client: FlaskClient, base: str, sent: Message, guest: Customer
) -> None:
    assert post(client, base, INBOUND, inbound("SM1", " Stop ")) == 200
    db.session.expire_all()
    assert (guest.sms_opt_in, guest.sms_health, guest.sms_opt_in_source) == (
        *(False, "stopped"),
        "sms",
    )
    assert post(client, base, INBOUND, inbound("SM2", "START")) == 200
    db.session.expire_all()
    assert (guest.sms_opt_in, guest.sms_health) == (True, "good")
    told = db.session.query(Event).filter_by(name="customer.opt_in_changed").all()
    assert [event.changes["sms_opt_in"] for event in told] == [[True, False], [False, True]]
    assert {event.actor_kind for event in told} == {"customer"}


def test_a_stop_that_is_played_again_does_not_undo_a_start(
    client: FlaskClient, base: str, sent: Message, guest: Customer
) -> None:
    for sid, word in (("SM1", "STOP"), ("SM2", "START"), ("SM1", "STOP")):
        assert post(client, base, INBOUND, inbound(sid, word)) == 200
    db.session.expire_all()
    assert guest.sms_opt_in is True
    assert db.session.query(ProviderEvent).count() == 2


@pytest.mark.parametrize(
    ("form", "wanted"),
    [
        ({"body": "cancel"}, False),
        ({"body": "CANCEL please"}, True),
        ({"body": "Hello", "OptOutType": "STOP"}, False),
        ({"body": "STOP", "OptOutType": "HELP"}, True),
        ({"body": "is there parking?"}, True),
    ],
)
def test_which_words_stop(
    client: FlaskClient,
    base: str,
    sent: Message,
    guest: Customer,
    form: dict[str, str],
    wanted: bool,
) -> None:
    said = inbound("SM1", **form)
    assert post(client, base, INBOUND, said) == 200
    db.session.expire_all()
    assert guest.sms_opt_in is wanted


def test_an_answer_is_twiml_and_strangers_are_nobody(
    client: FlaskClient, base: str, sent: Message
) -> None:
    form = inbound("SM1", "STOP") | {"From": "+66899999999"}
    headers = {"X-Twilio-Signature": signature(TOKEN, base + INBOUND, form)}
    answer = client.post(INBOUND, data=form, headers=headers)
    assert answer.mimetype == "text/xml"
    assert answer.text.endswith("<Response></Response>")
    assert post(client, base, INBOUND, form, token="guess") == 403
    assert post(client, base, INBOUND, {**form, "AccountSid": "AC0"}) == 403


def test_after_stop_the_guest_gets_e_mails(
    client: FlaskClient, base: str, wired: Post, sent: Message
) -> None:
    from app.bookings.models import Booking  # noqa: PLC0415

    post(client, base, INBOUND, inbound("SM1", "STOP"))
    booking = db.session.get_one(Booking, sent.booking_id)
    wired.want(booking, "reminder")
    wired.run()
    assert [m.medium for m in wired.messages(kind="reminder")] == ["email"]
