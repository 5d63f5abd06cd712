"""The SMS of a code: at once, once, and written down nowhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from app.config import Settings
from app.deliveries import housekeeping, lanes
from app.deliveries.channel import Channels
from app.deliveries.dispatch import dispatch
from app.deliveries.models import SyncLog
from app.extensions import db
from app.messaging import hearing
from app.messaging.code_channel import CodeChannel, said, sender
from app.messaging.models import MessageSettings
from demo.standins.twilio import Twilio
from tests.desk import browser_of
from tests.factories import WebsiteFactory, person
from tests.messaging.conftest import _loopback, clock, office, phones, wired
from tests.messaging.post import Post, a_booking, a_guest
from tests.signin.phone import NUMBER, Phone, a_trek_shop, number, pass_time

__all__ = ["_loopback", "clock", "office", "phones", "wired"]


@dataclass
class CodePost(Post):
    """The machine with the channel of codes."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.codes = CodeChannel(self.settings)

    @property
    def channels(self) -> dict[str, Any]:
        return {**super().channels, "sign_in": self.codes}

    def dispatch(self) -> None:
        dispatch(self.session, Channels(*self.channels.values()))


@pytest.fixture
def post(app: Flask, wired: Post) -> CodePost:
    """Wired to the stand-in for Twilio."""
    a_trek_shop(sms="twilio")
    db.session.commit()
    return CodePost(wired.session, wired.settings)


@pytest.fixture
def asked(app: Flask, post: CodePost) -> Phone:
    """A phone that waits for its code."""
    phone = Phone(app)
    assert phone.ask().status_code == 200
    return phone


def test_the_text_holds_the_code_and_signs_in(asked: Phone, post: CodePost, phones: Twilio) -> None:
    post.run()
    (sent,) = phones.messages
    assert sent["to"] == NUMBER
    assert sent["body"].startswith(f"{asked.code()} is your sign-in code for Peak Treks.")
    assert asked.type(sent["body"][:6]).status_code == 200
    message = post.one(kind="sign_in_code")
    assert (message.state, message.provider_id, message.segments) == ("sent", sent["sid"], 1)
    assert post.deliveries("sign_in")[0].state == "delivered"


def test_it_is_written_down_nowhere(asked: Phone, post: CodePost, phones: Twilio) -> None:
    post.run()
    code = asked.code()
    message = post.one(kind="sign_in_code")
    assert message.body == phones.messages[0]["body"].replace(code, "••••••")
    assert (message.recipient, message.customer_id) == (f"…{NUMBER[-3:]}", None)
    (log_row,) = post.session.query(SyncLog).all()
    assert "••••••" in str(log_row.request_body)
    for words in (log_row.request_body, log_row.response_body, str(log_row.request_headers)):
        assert code not in str(words)
        assert NUMBER[1:] not in str(words)
    assert phones.messages[0]["sid"] in str(log_row.response_body)


def test_who_reads_all_messages_reads_no_code(app: Flask, post: CodePost) -> None:
    """Also where SMS are kept here instead of being sent."""
    db.session.execute(text("UPDATE message_settings SET sms_by = 'capture'"))
    phone = Phone(app)
    phone.ask()
    post.run()
    message = post.one(kind="sign_in_code")
    assert message.state == "sent"
    desk = browser_of(app, person("superadmin"))
    for path in ("/messages", f"/messages/{message.id}", "/sync", "/audit"):
        page = desk.get(path, follow_redirects=True)
        assert page.status_code == 200, path
        assert phone.code() not in page.text
        assert NUMBER[4:] not in page.text
    assert "Sign-in code" in desk.get("/messages").text


def test_what_has_ended_is_not_sent(asked: Phone, post: CodePost, phones: Twilio) -> None:
    pass_time(300)
    post.run()
    assert phones.calls == []
    assert post.one(kind="sign_in_code").state == "held_back"
    assert post.deliveries("sign_in")[0].state == "skipped"


def test_only_the_newest_code_is_sent(asked: Phone, post: CodePost, phones: Twilio) -> None:
    pass_time(31)
    asked.ask()
    post.run()
    assert [sent["body"][:6] for sent in phones.messages] == [asked.code()]


def test_carriers_may_not_deliver_it_later_than_it_works(
    asked: Phone, post: CodePost, phones: Twilio
) -> None:
    pass_time(100)
    post.dispatch()
    ((_, outgoing),) = post.compose(post.claim())
    real = outgoing.context.secret  # type: ignore[union-attr]
    assert b"ValidityPeriod=199" in real.body or b"ValidityPeriod=200" in real.body


@pytest.mark.parametrize("fault", ["silent", "error", "error_taken"])
def test_what_may_have_been_sent_is_not_sent_again(
    asked: Phone, post: CodePost, phones: Twilio, fault: str
) -> None:
    post.deadline = 0.5
    phones.faults.add(fault)
    post.run(1)
    post.pass_time(120)
    post.run()
    assert phones.calls == ["create"]
    assert "may have been sent" in str(post.one(kind="sign_in_code").reason)


def test_a_worker_that_dies_sends_nothing_twice(
    asked: Phone, post: CodePost, phones: Twilio
) -> None:
    post.dispatch()
    post.carry(post.compose(post.claim()))
    due = "UPDATE deliveries SET lease_until = now() - interval '1 s' WHERE state = 'sending'"
    post.session.execute(text(due))
    housekeeping.keep_house(post.session, Channels(*post.channels.values()))
    post.run()
    assert phones.calls == ["create"]


def test_a_provider_that_is_busy_is_asked_again(
    asked: Phone, post: CodePost, phones: Twilio
) -> None:
    phones.faults.add("busy", retry_after=1)
    post.run(1)
    assert phones.messages == []
    post.pass_time(20)
    post.run()
    assert [sent["body"][:6] for sent in phones.messages] == [asked.code()]


def test_neither_quiet_hours_nor_consent_hold_it_back(
    app: Flask, post: CodePost, phones: Twilio, clock: Any
) -> None:
    clock.move(hours=18)  # eleven at night in Bangkok
    guest = a_guest(phone=NUMBER, sms_opt_in=False, sms_health="bad")
    Phone(app).ask()
    post.run()
    assert [sent["to"] for sent in phones.messages] == [guest.phone]


MANY = 10_000


def test_ten_thousand_reminders_wait_and_a_code_does_not(app: Flask, post: CodePost) -> None:
    """In the outbox and at the provider: the next claim holds the code, whatever else is due."""
    settings = post.session.query(MessageSettings).one()
    booking = a_booking(settings, a_guest(phone=number(9)))
    post.want(booking, "reminder")
    post.dispatch()
    (reminder,) = post.deliveries("sms")
    ids = {"event": reminder.event_id, "destination": reminder.destination_id, "many": MANY}
    post.session.execute(text("SET LOCAL statement_timeout = 0"))  # a page's, not a test's
    post.session.execute(
        text("""
            INSERT INTO deliveries
                (event_id, destination_id, channel, lane, position, state, can_wait, due_at)
            SELECT :event, :destination, 'sms', n || '-guest', 0, 'ready', true,
                clock_timestamp() - interval '1 hour'
            FROM generate_series(1, :many) AS n
        """),
        ids,
    )
    post.session.execute(
        text("""
            WITH made AS (
                INSERT INTO events (uid, name, subject_type, subject_id, website_id, booking_id,
                    actor_kind, actor_id, actor_label, door, request_id, ip, changes)
                SELECT gen_random_uuid(), e.name, e.subject_type, e.subject_id, e.website_id,
                    e.booking_id, 'system', 'system', 'x', 'x', '', '', e.changes
                FROM events e, generate_series(1, :many) WHERE e.id = :event
                RETURNING id, booking_id
            ) INSERT INTO outbox (event_id, booking_id) SELECT id, booking_id FROM made
        """),
        ids,
    )
    post.session.commit()
    Phone(app).ask()
    post.dispatch()
    assert len(post.deliveries("sign_in")) == 1, "the first round of the dispatcher takes it"
    claims = lanes.claim(post.session, 5, 16)
    assert "sign_in" in {claim.channel for claim in claims}


def test_the_report_of_the_provider_is_noted(asked: Phone, post: CodePost, phones: Twilio) -> None:
    post.run()
    message = post.one(kind="sign_in_code")
    sid = phones.messages[0]["sid"]
    form = {"MessageStatus": "undelivered", "MessageSid": sid, "ErrorCode": "30003"}
    assert hearing.token_for(post.session, message.id) == phones.token
    assert hearing.report(post.session, message.id, form, datetime.now(UTC))
    assert post.one(kind="sign_in_code").state == "undelivered"
    post.run()
    assert len(phones.messages) == 1, "no e-mail, no second text"


def test_which_website_sends(app: Flask, db_session: object) -> None:
    """The one that is named; else the first that has treks and can send."""
    settings = Settings(env="test")
    a_trek_shop(website_id="zebra")
    assert sender(db.session(), settings) == "zebra"
    first = a_trek_shop(website_id="alp")
    WebsiteFactory.create(id="aaa")
    db.session.add(MessageSettings(website_id="aaa", sms_by="capture"))
    db.session.flush()
    assert sender(db.session(), settings) == "alp"
    named = Settings(env="test", app_website="aaa")
    assert sender(db.session(), named) == "aaa"
    first.sms_by = "twilio"  # and nothing filled in
    db.session.flush()
    assert sender(db.session(), settings) == "zebra"
    assert sender(db.session(), Settings(env="test", app_website="nobody")) is None
    assert said("012345", "es", "Alp").startswith("012345 es su código")
