"""The message to who waited for a place: told once, in time, and only while it is held."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.bookings.models import Booking
from app.messaging.models import MessageSettings
from tests.messaging.conftest import Clock
from tests.messaging.post import NOON, Post, a_booking, a_guest, a_writer, states


@pytest.fixture
def settings(post: Post) -> MessageSettings:
    return a_writer()


@pytest.fixture
def held(settings: MessageSettings) -> Booking:
    until = NOON + timedelta(hours=12)
    more = {"status": "pending", "source": "customer_app", "hold_expires_at": until}
    return a_booking(settings, a_guest(), **more)


def test_it_says_until_when_and_where(post: Post, held: Booking) -> None:
    post.want(held, "place_offered")
    post.run()
    assert {(m.medium, m.state) for m in post.messages()} == {("sms", "sent"), ("email", "sent")}
    for message in post.messages():
        assert "/my/" in (message.body or "")
        assert "We hold it" in (message.body or "")


@pytest.mark.parametrize("change", [{"status": "confirmed"}, {"hold_expires_at": NOON}])
def test_not_once_it_is_taken_or_over(post: Post, held: Booking, change: dict[str, object]) -> None:
    post.want(held, "place_offered")
    for name, value in change.items():
        setattr(held, name, value)
    post.run()
    assert states(post.messages()) == {"held_back": 2}
    assert {m.reason for m in post.messages()} == {"The place is not held any more."}


@pytest.mark.parametrize(("hours", "state"), [(12, "queued"), (11.5, "sent")])
def test_in_the_night_an_sms_waits_where_two_hours_are_left_in_the_morning(
    post: Post, held: Booking, clock: Clock, hours: float, state: str
) -> None:
    clock.move(hours=10)  # 22:00
    held.hold_expires_at = NOON + timedelta(hours=10 + hours, minutes=5)
    post.want(held, "place_offered")
    post.run()
    assert post.one(medium="sms").state == state
    assert post.one(medium="email").state == "sent"
