"""Words of messages go when they are old, and with their guest; what is counted stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.bookings.models import Booking
from app.customers.models import Customer
from app.events.models import SYSTEM
from app.extensions import db
from app.messaging import forgetting
from app.messaging.models import Message
from app.privacy import actions, export
from app.privacy.queries import Person
from app.staff.scope import EVERYTHING
from app.websites.models import Website
from tests.messaging.post import MOBILE, Post, a_booking, a_guest, a_writer


@pytest.fixture
def booking(post: Post) -> Booking:
    made = a_booking(a_writer(manager_email="boss@onebooking.test"), a_guest())
    post.tell(made)
    post.run()
    return made


def words(message: Message) -> list[str | None]:
    return [message.recipient, message.subject, message.body, message.calendar]


def test_erasing_a_guest_clears_what_was_written_also_to_staff(
    post: Post, booking: Booking
) -> None:
    assert all(any(words(m)) for m in post.messages())
    now = datetime.now(UTC)
    ref = booking.booking_ref
    actions.erase(post.session, SYSTEM, EVERYTHING, booking.customer_id, ref, now)
    assert len(post.messages()) == 3
    assert not any(any(words(m)) for m in post.messages())
    assert {m.state for m in post.messages()} == {"sent"}


def test_what_is_due_to_an_erased_guest_is_not_sent(post: Post, booking: Booking) -> None:
    post.want(booking, "reminder")
    now = datetime.now(UTC)
    actions.erase(post.session, SYSTEM, EVERYTHING, booking.customer_id, booking.booking_ref, now)
    post.run()
    assert post.messages(kind="reminder") == []


def test_what_was_being_written_meanwhile_goes_later(post: Post, booking: Booking) -> None:
    now = datetime.now(UTC)
    actions.erase(post.session, SYSTEM, EVERYTHING, booking.customer_id, booking.booking_ref, now)
    post.one(medium="sms").body = "Dear Gale"
    db.session.flush()
    assert forgetting.clear_late(post.session) == 1
    assert forgetting.clear_late(post.session) == 0
    assert post.one(medium="sms").body is None


def test_old_words_go_after_the_days_of_their_website(post: Post, booking: Booking) -> None:
    website = db.session.get_one(Website, booking.website_id)
    website.keep_payloads_days = 30
    first, *rest = post.messages()
    first.created_at = datetime.now(UTC) - timedelta(days=31)
    db.session.flush()
    assert forgetting.clear_older(post.session) == 1
    assert forgetting.clear_older(post.session) == 0
    assert not any(words(first))
    assert all(any(words(message)) for message in rest)


def test_a_guest_takes_their_messages_along(post: Post, booking: Booking) -> None:
    found = export.gather(
        post.session,
        EVERYTHING,
        Person(db.session.get_one(Customer, booking.customer_id), [booking]),
        datetime.now(UTC),
    )
    taken = {(row["medium"], row["recipient"]) for row in found["messages"]}
    assert taken == {("sms", MOBILE), ("email", booking.customer_email)}
