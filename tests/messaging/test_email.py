"""E-mail by Microsoft Graph and by SMTP, against servers that keep to the contract."""

from __future__ import annotations

import asyncio
import base64
import json

import pytest

from app.bookings.models import Booking
from app.messaging.models import Kind
from app.outbound import Client
from demo.standins.graph import Graph
from demo.standins.smtp import MailServer
from tests.messaging.post import Post, a_booking, a_guest, a_writer, states


def booked(post: Post, by: str, **more: object) -> Booking:
    """A guest without SMS has booked, and an e-mail is due."""
    guest = a_guest(sms_opt_in=False, phone=None)
    made = a_booking(a_writer(sms="off", email=by, **more), guest)
    post.tell(made)
    return made


def test_a_guest_gets_an_e_mail_with_a_calendar_file(wired: Post, office: Graph) -> None:
    booking = booked(wired, "graph", sender_name="Pier 1", reply_to="pier@onebooking.test")
    wired.run()
    (letter,) = office.letters
    assert letter["toRecipients"][0]["emailAddress"]["address"] == booking.customer_email
    assert letter["replyTo"][0]["emailAddress"]["address"] == "pier@onebooking.test"
    assert letter["body"]["contentType"] == "HTML"
    (file,) = letter["attachments"]
    assert file["contentType"] == "text/calendar; charset=utf-8; method=PUBLISH"
    assert base64.b64decode(file["contentBytes"]).startswith(b"BEGIN:VCALENDAR")
    message = wired.one()
    assert (message.state, message.medium, message.subject) == ("sent", "email", letter["subject"])
    assert message.calendar
    assert office.calls == ["token", "sendMail"]


def test_one_token_serves_many_letters(wired: Post, office: Graph) -> None:
    first = booked(wired, "graph")
    wired.run(1)
    wired.tell(first, "booking.updated", 2, time_slot=("11:00", "12:00"))
    wired.pass_time(30)
    wired.run(1)
    assert office.calls == ["token", "sendMail", "sendMail"]


def test_a_token_that_is_refused_is_replaced_at_once(wired: Post, office: Graph) -> None:
    booked(wired, "graph")
    office.faults.add("expire")
    wired.run()
    assert office.calls == ["token", "sendMail", "token", "sendMail"]
    assert (len(office.letters), wired.one().state) == (1, "sent")


def test_wrong_credentials_are_tried_again_and_show_no_secret(wired: Post, office: Graph) -> None:
    booked(wired, "graph", server={"client_secret": "old-secret"})
    wired.run(1)
    message = wired.one()
    assert (message.state, message.error_code) == ("queued", "invalid_client")
    assert "sign us in" in str(message.reason)
    assert "old-secret" not in str(message.reason)
    assert office.calls == ["token"]


def test_too_many_at_once_waits_as_asked(wired: Post, office: Graph) -> None:
    booked(wired, "graph")
    office.faults.add("busy", retry_after=30)
    wired.run()
    wired.pass_time(20)
    wired.run()
    assert office.calls.count("sendMail") == 1
    wired.pass_time(15)
    wired.run()
    assert (office.calls.count("sendMail"), wired.one().state) == (2, "sent")


def test_no_answer_after_it_was_taken_is_told_and_not_repeated(wired: Post, office: Graph) -> None:
    booked(wired, "graph")
    wired.deadline = 0.5
    office.faults.add("silent")
    wired.run()
    message = wired.one()
    assert (message.state, len(office.letters)) == ("sending", 1)
    assert "may have been sent" in str(message.reason)
    assert len(wired.events("message.unclear")) == 1
    wired.pass_time(200_000)
    wired.run()
    assert len(office.letters) == 1
    assert wired.deliveries("email")[0].state == "skipped"


def test_somebody_may_send_an_unclear_one_again(wired: Post, office: Graph) -> None:
    from app.deliveries import actions  # noqa: PLC0415
    from app.events.models import SYSTEM  # noqa: PLC0415

    booked(wired, "graph")
    office.faults.add("error")
    wired.run()
    (delivery,) = wired.deliveries("email")
    assert delivery.state == "skipped"
    actions.replay(wired.session, SYSTEM, delivery.id)
    wired.run()
    assert (len(office.letters), wired.one().state) == (1, "sent")


def test_a_worker_that_dies_after_the_call(wired: Post, office: Graph) -> None:
    booked(wired, "graph")
    wired.send_and_die()
    wired.run()
    assert (len(office.letters), wired.one().state) == (1, "sending")
    assert len(wired.events("message.unclear")) == 1


def test_an_address_that_does_not_exist(wired: Post, office: Graph) -> None:
    booking = booked(wired, "graph")
    office.faults.add("refuse", status=400, code="ErrorInvalidRecipients")
    wired.run()
    assert wired.one().state == "failed"
    assert wired.deliveries("email")[0].state == "skipped"
    wired.tell(booking, "booking.updated", 2, time_slot=("11:00", "12:00"))
    wired.run()
    assert wired.one(kind=Kind.CHANGE.value).reason == "E-mails do not arrive at this address."


def test_a_mailbox_has_its_limits_and_we_stay_within(wired: Post, office: Graph) -> None:
    """Sixty letters at once, with the clock wound on: the mailbox never complains."""
    office.minute, office.takes = 0.0, 0.01
    settings = a_writer(sms="off", email="graph")
    for number in range(12):
        guest = a_guest(sms_opt_in=False, phone=f"+6681234{number:04d}")
        wired.tell(a_booking(settings, guest))
    for _ in range(30):
        wired.run(1)
        wired.pass_time(2)
    assert states(wired.messages()) == {"sent": 12}
    assert (office.throttled, office.most_seen <= 4) == (0, True)


def test_the_stand_in_keeps_to_the_limits(wired: Post, office: Graph) -> None:
    """What would happen without a pace: the mailbox says 429."""
    office.takes = 0.05
    graph, account = wired.email._graph, None
    from app.messaging.accounts import account_of  # noqa: PLC0415
    from app.messaging.models import Medium  # noqa: PLC0415

    booked(wired, "graph")
    wired.dispatch()
    ((_, outgoing),) = wired.compose(wired.claim())
    account = account_of(a_writer(sms="off", email="graph"), Medium.EMAIL)
    assert account

    async def flood() -> list[int]:
        async with Client() as client:
            await graph.carry(client, outgoing)  # type: ignore[arg-type]
            calls = [graph.carry(client, outgoing) for _ in range(8)]  # type: ignore[arg-type]
            return [answer.status for answer in await asyncio.gather(*calls)]  # type: ignore[union-attr]

    assert 429 in asyncio.run(flood())


def test_by_smtp_as_real_alternatives(wired: Post, mail: MailServer) -> None:
    booking = booked(wired, "smtp", server={"port": mail.port}, sender_name="Pier 1")
    wired.run()
    (letter,) = mail.letters
    assert letter["To"] == booking.customer_email
    assert letter["From"] == "Pier 1 <desk@onebooking.test>"
    assert letter["Message-ID"] == f"<{wired.one().id}@onebooking.test>"
    kinds = [part.get_content_type() for part in letter.walk()]
    assert kinds == [
        "multipart/mixed",
        "multipart/alternative",
        *("text/plain", "text/html", "text/calendar", "text/calendar"),
    ]
    calendars = [part for part in letter.walk() if part.get_content_type() == "text/calendar"]
    assert all(part.get_param("method") == "PUBLISH" for part in calendars)
    assert wired.one().state == "sent"


@pytest.mark.parametrize(
    ("stage", "code", "state", "delivery"),
    [
        ("RCPT", 550, "failed", "skipped"),
        ("RCPT", 450, "queued", "ready"),
        ("DATA", 554, "failed", "skipped"),
        ("DATA", 451, "queued", "ready"),
    ],
)
def test_what_a_mail_server_says(
    wired: Post, mail: MailServer, stage: str, code: int, state: str, delivery: str
) -> None:
    booked(wired, "smtp", server={"port": mail.port})
    mail.fail(stage, code)
    wired.run(1)
    message = wired.one()
    assert (message.state, message.error_code) == (state, str(code))
    assert wired.deliveries("email")[0].state == delivery


def test_a_mail_server_that_breaks_off_after_the_letter(wired: Post, mail: MailServer) -> None:
    booked(wired, "smtp", server={"port": mail.port})
    mail.fail("DATA", 0)
    wired.run()
    assert (len(mail.letters), wired.one().state) == (1, "sending")
    assert len(wired.events("message.unclear")) == 1


def test_a_mail_server_that_is_away_or_refuses_us(wired: Post, mail: MailServer) -> None:
    booked(wired, "smtp", server={"port": mail.port, "password": "old"})
    booked(wired, "smtp", server={"port": 9, "user": "another"})
    wired.run(1)
    assert states(wired.messages()) == {"queued": 2}
    assert {m.error_code for m in wired.messages()} == {"535", None}
    assert mail.letters == []


def test_a_mail_server_in_our_own_network_is_not_called(wired: Post, mail: MailServer) -> None:
    from app.config import Settings  # noqa: PLC0415
    from app.outbound import policy  # noqa: PLC0415

    policy.configure(Settings(env="test"))
    booked(wired, "smtp", server={"port": mail.port})
    wired.run(1)
    assert wired.one().state == "queued"
    assert "not public" in str(wired.one().reason)
    assert json.dumps([str(letter) for letter in mail.letters]) == "[]"
