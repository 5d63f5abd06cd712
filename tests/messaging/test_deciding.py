"""What becomes of a message when its turn comes: the whole way, with messages kept here."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import event as sql_events

from app.alerts.models import Alert
from app.bookings.models import Booking
from app.deliveries import actions
from app.deliveries.channel import Unsendable
from app.events.actions import record
from app.events.models import SYSTEM, NewEvent
from app.extensions import db
from app.messaging.models import MessageSettings, MessageState
from app.messaging.results import Fate, Result, Trouble
from app.messaging.rows import fail
from app.payments.models import Payment
from tests.factories import partner_at, person
from tests.messaging.conftest import Clock
from tests.messaging.post import Post, a_booking, a_guest, a_writer, states


@pytest.fixture
def settings(post: Post) -> MessageSettings:
    return a_writer(manager_email="boss@onebooking.test", kitchen_email="chef@onebooking.test")


@pytest.fixture
def booking(settings: MessageSettings) -> Booking:
    return a_booking(settings, a_guest())


def test_one_booking_tells_whom_it_concerns(post: Post, booking: Booking) -> None:
    booking.kind = "table"
    post.tell(booking)
    post.run()
    told = {(m.medium, m.audience, m.kind) for m in post.messages()}
    assert told == {
        ("sms", "guest", "confirmation"),
        ("email", "guest", "confirmation"),
        ("email", "manager", "staff_alert"),
        ("email", "kitchen", "kitchen_alert"),
    }
    assert {m.recipient for m in post.messages(audience="kitchen")} == {"chef@onebooking.test"}
    assert post.one(audience="manager").customer_id is None
    lanes = {delivery.lane for delivery in post.deliveries("email")}
    assert lanes == {f"{booking.id}:{who}" for who in ("guest", "manager", "kitchen")}


def test_a_website_without_settings_sends_nothing(post: Post, booking: Booking) -> None:
    db.session.delete(db.session.get_one(MessageSettings, booking.website_id))
    post.tell(booking)
    post.run()
    assert post.messages() == []
    assert post.deliveries("email") == []


def test_guests_of_partners_are_left_to_their_partners(
    post: Post, settings: MessageSettings
) -> None:
    booked = a_booking(settings, a_guest(), partner_id=partner_at().id)
    post.tell(booked)
    post.run()
    assert {m.audience for m in post.messages()} == {"manager"}


def test_in_the_night_a_change_waits_as_sms_and_a_confirmation_does_not(
    post: Post, booking: Booking, clock: Clock
) -> None:
    clock.move(hours=10)  # 22:00
    post.tell(booking)
    post.run()
    assert post.one(medium="sms").state == "sent"
    booking.version = 2
    post.tell(booking, "booking.updated", 2, guest_count=(2, 3))
    post.run()
    waiting = post.one(medium="sms", kind="change")
    assert (waiting.state, waiting.reason) == ("queued", "Quiet hours: it waits until 08:00.")
    assert post.one(medium="email", kind="change", audience="guest").state == "sent"
    delivery = post.deliveries("sms")[-1]
    assert (delivery.state, delivery.tries) == ("ready", 0)
    post.make_due()
    ((_, what),) = post.compose(post.claim())
    assert isinstance(what, Unsendable)
    assert what.until == datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
    clock.move(hours=11)
    post.make_due()
    post.run()
    assert post.one(medium="sms", kind="change").state == "sent"


def test_a_reminder_that_comes_too_late_is_held_back(
    post: Post, booking: Booking, clock: Clock
) -> None:
    post.want(booking, "reminder")
    clock.move(days=3)
    post.run()
    assert states(post.messages()) == {"held_back": 2}
    assert {m.reason for m in post.messages()} == {"Too late: the visit has begun."}


def test_a_reminder_for_a_booking_that_was_cancelled_meanwhile(
    post: Post, booking: Booking
) -> None:
    post.want(booking, "reminder")
    booking.status = "cancelled"
    post.run()
    assert {m.reason for m in post.messages()} == {"The booking is cancelled by now."}


def test_of_two_changes_only_the_last_is_told(post: Post, booking: Booking) -> None:
    post.tell(booking, "booking.updated", 2, guest_count=(2, 3))
    post.tell(booking, "booking.updated", 3, time_slot=("12:00", "13:00"))
    booking.version = 3
    post.run()
    assert [m.kind for m in post.messages(medium="sms")] == ["change"]
    assert [d.state for d in post.deliveries("sms")] == ["skipped", "delivered"]


def test_what_can_wait_lets_the_others_go_first(post: Post, booking: Booking) -> None:
    post.want(booking, "reminder")
    post.tell(booking)
    post.dispatch()
    waits = {d.event_id: d.can_wait for d in post.deliveries("sms")}
    assert list(waits.values()) == [True, False]


def test_only_an_sms_where_that_is_enough(
    post: Post, booking: Booking, settings: MessageSettings
) -> None:
    settings.sms_first = ["reminder"]
    post.want(booking, "reminder")
    post.run()
    assert [m.medium for m in post.messages()] == ["sms"]


def test_an_e_mail_where_no_sms_can_go(post: Post, settings: MessageSettings) -> None:
    settings.sms_first = ["reminder"]
    post.want(a_booking(settings, a_guest(sms_health="bad")), "reminder")
    post.run()
    assert {m.medium: m.state for m in post.messages()} == {"sms": "held_back", "email": "sent"}


@pytest.mark.parametrize(("sms_first", "mails"), [(["reminder"], 1), ([], 1)])
def test_an_sms_that_does_not_arrive_goes_on_as_an_e_mail_once(
    post: Post, booking: Booking, settings: MessageSettings, sms_first: list[str], mails: int
) -> None:
    settings.sms_first = sms_first
    post.want(booking, "reminder")
    post.run()
    result = Result(Fate.REFUSED, "Out of reach.", Trouble.TRANSIENT, "30003")
    assert fail(post.session, post.one(medium="sms"), MessageState.UNDELIVERED, result)
    post.run()
    assert len(post.messages(medium="email")) == mails
    assert states(post.messages(medium="email")) == {"sent": 1}


def test_a_deposit_is_asked_for(post: Post, settings: MessageSettings) -> None:
    booked = a_booking(settings, a_guest(), status="pending", deposit_amount=Decimal(20))
    owed = Payment(
        website_id=settings.website_id,
        booking_id=booked.id,
        kind="deposit",
        amount=Decimal(20),
        currency="THB",
    )
    db.session.add(owed)
    db.session.flush()
    post.tell(booked)
    post.run()
    kinds = {m.kind for m in post.messages()}
    assert kinds == {"deposit_request"}


def test_alerts_go_to_each_manager_once(post: Post, settings: MessageSettings) -> None:
    boss = person("admin", settings.website_id)
    person("staff", settings.website_id)
    chief = person("superadmin")
    alert = Alert(condition="sms_delivery", message="SMS do not arrive.", website_id=None)
    db.session.add(alert)
    db.session.flush()
    for name in ("alert.fired", "alert.resolved"):
        event = NewEvent(
            name,
            "alert",
            str(alert.id),
            meta={"condition": "sms_delivery", "message": alert.message},
            dispatch=True,
        )
        record(post.session, SYSTEM, event)
    post.run()
    sent = post.messages()
    assert [(m.kind, m.audience, m.state) for m in sent] == [
        ("system_alert", "manager", "sent"),
        ("system_alert", "manager", "sent"),
    ]
    assert {str(m.recipient) for m in sent} <= {
        f"{boss.email}, {chief.email}",
        f"{chief.email}, {boss.email}",
    }


def test_sent_once_more_on_purpose(post: Post, booking: Booking) -> None:
    post.tell(booking)
    post.run()
    first = post.one(medium="email", audience="guest").sent_at
    (delivery,) = [d for d in post.deliveries("email") if d.lane.endswith("guest")]
    actions.replay(post.session, SYSTEM, delivery.id)
    post.run()
    again = post.one(medium="email", audience="guest")
    assert again.state == "sent"
    assert first
    assert again.sent_at
    assert again.sent_at > first


def test_a_batch_is_written_in_few_queries(post: Post, settings: MessageSettings) -> None:
    for number in range(20):
        post.want(a_booking(settings, a_guest(phone=f"+6681234{number:04d}")), "reminder")
    post.dispatch()
    claims = [claim for claim in post.claim() if claim.channel == "sms"]
    assert len(claims) == 20
    db.session.flush()
    db.session.expire_all()
    counted = {1: 0, 20: 0}
    for number in counted:
        asked: list[str] = []

        def note(*args: object, asked: list[str] = asked) -> None:
            asked.append(str(args[2]))

        engine = db.engine
        sql_events.listen(engine, "before_cursor_execute", note)
        try:
            post.sms.compose(post.session, claims[:number])
        finally:
            sql_events.remove(engine, "before_cursor_execute", note)
        counted[number] = len([one for one in asked if one.lstrip().startswith("SELECT")])
        db.session.expire_all()
    assert counted[20] <= counted[1] + 2, counted
