"""SMS by Twilio, against a server that keeps its contract: nothing is ever sent twice."""

from __future__ import annotations

import pytest

from app.customers.models import Customer
from app.deliveries.models import Breaker
from app.messaging.models import Message, MessageSettings
from demo.standins.twilio import SERVICE, Twilio
from tests.messaging.conftest import Clock
from tests.messaging.post import MOBILE, Post, a_booking, a_guest, a_writer


@pytest.fixture
def guest(wired: Post) -> Customer:
    return a_guest()


@pytest.fixture
def booked(wired: Post, guest: Customer) -> Post:
    """A guest has booked, and an SMS is due."""
    wired.tell(a_booking(a_writer(sms="twilio", email="off"), guest))
    return wired


def row(post: Post) -> Message:
    return post.one(medium="sms")


def test_a_guest_gets_a_text(booked: Post, phones: Twilio) -> None:
    booked.run()
    (sent,) = phones.messages
    message = row(booked)
    assert (sent["to"], sent["messaging_service_sid"]) == (MOBILE, SERVICE)
    assert sent["body"] == message.body
    assert (message.state, message.provider_id, message.recipient) == ("sent", sent["sid"], MOBILE)
    assert message.segments == 2  # with the link to the booking
    assert str(message.cost) == "0.1000"
    (delivery,) = booked.deliveries("sms")
    assert (delivery.state, delivery.lane) == ("delivered", f"{message.booking_id}:guest")


def test_the_log_shows_the_call_without_the_token(booked: Post, phones: Twilio) -> None:
    from app.deliveries.models import SyncLog  # noqa: PLC0415

    booked.run()
    (log,) = booked.session.query(SyncLog).all()
    assert phones.token not in f"{log.url} {log.request_headers} {log.request_body}"
    assert "StatusCallback=" in str(log.request_body)


def test_no_answer_after_it_was_taken_and_it_is_not_sent_again(
    booked: Post, phones: Twilio, clock: Clock
) -> None:
    booked.deadline = 0.5
    phones.faults.add("silent")
    booked.run(1)
    assert (row(booked).state, len(phones.messages)) == ("sending", 1)
    booked.pass_time(30)
    booked.run()
    assert phones.calls == ["create"], "it waits until the list can be trusted"
    booked.pass_time(60)
    booked.run()
    assert phones.calls == ["create", "list"]
    assert len(phones.messages) == 1
    message = row(booked)
    assert (message.state, message.provider_id) == ("sent", phones.messages[0]["sid"])
    assert booked.deliveries("sms")[0].state == "delivered"


def test_an_unclear_one_holds_up_no_other(booked: Post, phones: Twilio) -> None:
    phones.faults.add("error")
    booked.run(1)
    settings = booked.session.query(MessageSettings).one()
    booked.tell(a_booking(settings, a_guest(phone="+66812345670")))
    booked.run(1)
    assert [sent["to"] for sent in phones.messages] == ["+66812345670"]


def test_a_500_that_took_it_is_not_sent_again(booked: Post, phones: Twilio) -> None:
    phones.faults.add("error_taken")
    booked.run()
    booked.pass_time(90)
    booked.run()
    assert (len(phones.messages), row(booked).state) == (1, "sent")


def test_a_500_that_did_not_take_it_is_sent_once_more(booked: Post, phones: Twilio) -> None:
    phones.faults.add("error")
    booked.run()
    booked.pass_time(90)
    booked.run()
    assert phones.calls == ["create", "list", "create"]
    assert (len(phones.messages), row(booked).state) == (1, "sent")


def test_the_same_words_to_the_same_guest_before_are_not_taken_for_it(
    booked: Post, phones: Twilio, guest: Customer
) -> None:
    """What is on the list already belongs to an earlier message of ours."""
    booked.run()
    body = phones.messages[0]["body"]
    booking = booked.messages()[0].booking_id
    phones.faults.add("error")
    from app.bookings.models import Booking  # noqa: PLC0415

    again = booked.session.get_one(Booking, booking)
    booked.tell(again, "booking.status_changed", 2, status=("cancelled", "confirmed"))
    booked.run()
    booked.pass_time(90)
    booked.run()
    assert [m["body"] for m in phones.messages] == [body, body]
    assert len({m.provider_id for m in booked.messages(medium="sms")}) == 2


def test_a_worker_that_dies_between_the_call_and_its_result(booked: Post, phones: Twilio) -> None:
    booked.send_and_die()
    assert (len(phones.messages), row(booked).state) == (1, "sending")
    booked.run()
    booked.pass_time(61)
    booked.run()
    assert phones.calls == ["create", "list"]
    assert (row(booked).state, booked.deliveries("sms")[0].state) == ("sent", "delivered")


def test_while_it_cannot_be_looked_for_nothing_is_sent(booked: Post, phones: Twilio) -> None:
    booked.send_and_die()
    token, phones.token = phones.token, "changed"
    for _ in range(3):
        booked.pass_time(700)
        booked.run(1)
    assert set(phones.calls[1:]) == {"list"}
    assert row(booked).state == "sending"
    phones.token = token
    booked.pass_time(4_000)
    booked.run(1)
    assert (len(phones.messages), row(booked).state) == (1, "sent")


def test_too_many_at_once_waits_as_asked(booked: Post, phones: Twilio) -> None:
    phones.faults.add("busy", retry_after=40)
    booked.run()
    assert row(booked).state == "queued"
    booked.pass_time(35)
    booked.run()
    assert phones.calls == ["create"]
    booked.pass_time(10)
    booked.run()
    assert phones.calls == ["create", "create"], "it was certainly not taken: nobody looks"
    assert row(booked).state == "sent"


@pytest.mark.parametrize(
    ("code", "health"),
    [(21211, "bad"), (21614, "bad"), (21610, "stopped"), (21608, "good"), (21606, "good")],
)
def test_what_is_refused_is_not_tried_again(
    booked: Post, phones: Twilio, guest: Customer, code: int, health: str
) -> None:
    phones.faults.add("refuse", code=code)
    booked.run()
    message = row(booked)
    assert (message.state, message.error_code) == ("failed", str(code))
    assert message.reason
    booked.session.refresh(guest)
    assert guest.sms_health == health
    assert guest.sms_opt_in is (health != "stopped")
    (delivery,) = booked.deliveries("sms")
    assert (delivery.state, booked.destination("sms").failures) == ("skipped", 0)
    (told,) = booked.events("message.failed")
    assert (told.meta["code"], told.booking_id) == (str(code), message.booking_id)
    booked.pass_time(100_000)
    booked.run()
    assert phones.calls == ["create"]


def test_wrong_credentials_stop_the_account_and_not_its_messages(wired: Post) -> None:
    phones_token = {"account_sid": "AC" + "5" * 32, "auth_token": "old", "from_number": "+1500"}
    settings = a_writer(sms="twilio", email="off")
    settings.sms = phones_token
    for number in range(6):
        wired.tell(a_booking(settings, a_guest(phone=f"+6681234567{number}")))
    wired.run(1)
    assert wired.destination("sms").breaker == Breaker.OPEN
    assert {m.state for m in wired.messages()} == {"queued"}
    assert "credentials" in str(wired.messages()[0].reason)


def test_who_has_not_agreed_is_not_written_to(wired: Post, phones: Twilio) -> None:
    settings = a_writer(sms="twilio", email="off")
    wired.tell(a_booking(settings, a_guest(sms_opt_in=False)))
    wired.run()
    assert (phones.calls, wired.deliveries("sms")) == ([], [])


@pytest.mark.parametrize("health", ["bad", "stopped"])
def test_a_bad_number_is_held_back_and_says_so(wired: Post, phones: Twilio, health: str) -> None:
    wired.tell(a_booking(a_writer(sms="twilio", email="off"), a_guest(sms_health=health)))
    wired.run()
    message = row(wired)
    assert (phones.calls, message.state) == ([], "held_back")
    assert message.reason


def test_consent_that_is_taken_back_before_its_turn(booked: Post, guest: Customer) -> None:
    booked.dispatch()
    guest.sms_opt_in = False
    booked.run()
    assert row(booked).reason == "The guest has not agreed to SMS."


def test_a_report_settles_what_had_no_answer(booked: Post, phones: Twilio) -> None:
    from datetime import UTC, datetime  # noqa: PLC0415

    from app.messaging import hearing  # noqa: PLC0415

    booked.send_and_die()
    form = phones.report_form(phones.messages[0], "delivered")
    assert hearing.report(booked.session, row(booked).id, form, datetime.now(UTC))
    booked.run()
    assert phones.calls == ["create"], "nobody has to look"
    assert (row(booked).state, booked.deliveries("sms")[0].state) == ("delivered", "delivered")
