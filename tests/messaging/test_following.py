"""Which messages follow from what happens, to whom, and when."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.bookings.models import Booking
from app.events.models import Event
from app.messaging.deciding import (
    GUEST,
    KITCHEN,
    MANAGER,
    Place,
    kind_for,
    quiet_until,
    senseless,
    wait_until,
)
from app.messaging.models import Kind, Medium

NOW = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)
BANGKOK = Place("Asia/Bangkok", time(21), time(8))


def booking(**fields: Any) -> Booking:
    usual = {
        "kind": "activity",
        "status": "confirmed",
        "starts_at": NOW + timedelta(days=2),
        "activity_date": NOW.date() + timedelta(days=2),
    }
    return Booking(**{**usual, **fields})


def event(name: str = "booking.updated", **changes: Any) -> Event:
    said = {key: list(pair) for key, pair in changes.items()}
    return Event(name=name, changes=said, occurred_at=NOW, door="staff")


CREATED, MOVED = "booking.created", "booking.status_changed"


@pytest.mark.parametrize(
    ("happened", "about", "expected"),
    [
        (event(CREATED, status=(None, "confirmed")), {}, "confirmation"),
        (event(CREATED, status=(None, "pending")), {}, None),
        (
            event(CREATED, status=(None, "pending")),
            {"deposit_amount": Decimal(20), "status": "pending"},
            "deposit_request",
        ),
        (event(CREATED, status=(None, "cancelled")), {}, None),
        (event(MOVED, status=("pending", "confirmed")), {}, "confirmation"),
        (event(MOVED, status=("cancelled", "confirmed")), {}, "confirmation"),
        (event(MOVED, status=("checked_in", "confirmed")), {}, None),
        (event(MOVED, status=("confirmed", "cancelled")), {}, "cancellation"),
        (event(MOVED, status=("confirmed", "refunded")), {}, "cancellation"),
        (event(MOVED, status=("cancelled", "refunded")), {}, None),
        (event(MOVED, status=("pending", "expired")), {}, None),
        (event(MOVED, status=("completed", "refunded")), {}, None),
        (event(time_slot=("12:00", "13:00")), {}, "change"),
        (event(guest_count=(2, 3)), {}, "change"),
        (event(admin_notes=(None, "window")), {}, None),
        (event("message.wanted", kind=(None, "reminder")), {}, "reminder"),
        (event("message.failed", kind=(None, "change")), {}, "change"),
        (event("message.wanted", kind=(None, "poem")), {}, None),
        (event("payment.received", amount=(None, 20)), {}, None),
        (event(CREATED, status=(None, "confirmed")), {"partner_id": 1}, None),
        (
            event(CREATED, status=(None, "confirmed")),
            {"source_created_at": NOW - timedelta(days=3)},
            None,
        ),
    ],
)
def test_what_a_guest_is_told(happened: Event, about: dict[str, Any], expected: str | None) -> None:
    assert kind_for(happened, booking(**about), GUEST) == expected


def test_a_platform_tells_its_guests_itself_of_what_it_did() -> None:
    there = booking(source="platform")
    new = event(CREATED, status=(None, "confirmed"))
    new.door = "platform:7"
    assert kind_for(new, there, GUEST) is None
    assert kind_for(new, there, MANAGER) is Kind.STAFF_ALERT
    assert kind_for(event(time_slot=("12:00", "13:00")), there, GUEST) is Kind.CHANGE
    assert kind_for(event("message.wanted", kind=(None, "reminder")), there, GUEST)
    assert kind_for(new, booking(source="phone"), GUEST) is Kind.CONFIRMATION, "made by us"


def test_managers_hear_of_new_and_cancelled_bookings_also_of_partners() -> None:
    new = event(CREATED, status=(None, "confirmed"))
    assert kind_for(new, booking(partner_id=1), MANAGER) is Kind.STAFF_ALERT
    gone = event(MOVED, status=("confirmed", "cancelled"))
    assert kind_for(gone, booking(), MANAGER) is Kind.STAFF_ALERT
    assert kind_for(event(time_slot=("12:00", "13:00")), booking(), MANAGER) is None


def test_the_kitchen_hears_of_tables_and_of_what_concerns_it() -> None:
    new = event(CREATED, status=(None, "confirmed"))
    assert kind_for(new, booking(), KITCHEN) is None
    table = booking(kind="table")
    assert kind_for(new, table, KITCHEN) is Kind.KITCHEN_ALERT
    assert kind_for(event(allergies=(None, ["nuts"])), table, KITCHEN) is Kind.KITCHEN_ALERT
    assert kind_for(event(admin_notes=(None, "x")), table, KITCHEN) is None
    off = booking(kind="table", status="cancelled")
    assert kind_for(event(allergies=(None, ["nuts"])), off, KITCHEN) is None


def test_an_alert_goes_to_managers_alone() -> None:
    fired = event("alert.fired")
    assert kind_for(fired, None, MANAGER) is Kind.SYSTEM_ALERT
    assert kind_for(fired, None, GUEST) is None


@pytest.mark.parametrize(
    ("kind", "fields", "word"),
    [
        (Kind.CONFIRMATION, {}, None),
        (Kind.CONFIRMATION, {"status": "cancelled"}, "cancelled"),
        (Kind.REMINDER, {"starts_at": NOW - timedelta(minutes=1)}, "Too late"),
        (Kind.REMINDER, {"status": "no_show"}, "no-show"),
        (Kind.CHANGE, {"status": "pending"}, None),
        (Kind.CANCELLATION, {}, "not cancelled"),
        (Kind.CANCELLATION, {"status": "refunded"}, None),
        (Kind.DEPOSIT_REQUEST, {"status": "confirmed"}, "Nothing is to be paid"),
        (Kind.DEPOSIT_REQUEST, {"status": "pending"}, None),
        (
            Kind.DEPOSIT_REQUEST,
            {"status": "pending", "hold_expires_at": NOW - timedelta(seconds=1)},
            "Nothing is to be paid",
        ),
        (Kind.REVIEW_REQUEST, {}, "not there"),
        (
            Kind.REVIEW_REQUEST,
            {"status": "checked_in", "starts_at": NOW - timedelta(hours=3)},
            None,
        ),
        (
            Kind.REVIEW_REQUEST,
            {"status": "completed", "starts_at": NOW - timedelta(days=9)},
            "Too late",
        ),
        (Kind.KITCHEN_ALERT, {"starts_at": NOW - timedelta(hours=1)}, "Too late"),
    ],
)
def test_what_makes_no_sense_any_more(kind: Kind, fields: dict[str, Any], word: str | None) -> None:
    reason = senseless(kind, booking(**fields), BANGKOK, NOW)
    assert (reason is None) if word is None else (reason is not None and word in reason)


def test_a_visit_without_a_clock_time_lasts_until_its_day_ends() -> None:
    today = booking(starts_at=None, activity_date=NOW.date())
    assert senseless(Kind.REMINDER, today, BANGKOK, NOW) is None
    assert senseless(Kind.REMINDER, today, BANGKOK, NOW + timedelta(hours=13))


NIGHT = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)  # 22:00 in Bangkok


@pytest.mark.parametrize(
    ("now", "end"),
    [
        (NOW, None),
        (NIGHT, datetime(2026, 11, 22, 1, 0, tzinfo=UTC)),
        (NIGHT + timedelta(hours=6), datetime(2026, 11, 22, 1, 0, tzinfo=UTC)),
        (datetime(2026, 11, 22, 1, 0, tzinfo=UTC), None),
        (datetime(2026, 11, 21, 14, 0, tzinfo=UTC), datetime(2026, 11, 22, 1, 0, tzinfo=UTC)),
    ],
)
def test_quiet_hours_go_over_midnight(now: datetime, end: datetime | None) -> None:
    assert quiet_until(BANGKOK, now) == end


def test_quiet_hours_by_day_and_none_at_all() -> None:
    siesta = Place("Asia/Bangkok", time(12), time(15))
    assert quiet_until(siesta, NOW) == datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
    assert quiet_until(Place("Asia/Bangkok"), NIGHT) is None
    assert quiet_until(Place("Asia/Bangkok", time(9), time(9)), NIGHT) is None


@pytest.mark.parametrize(
    ("zone", "before", "end"),
    [  # the nights in which the clocks change: 8 o'clock is 8 o'clock
        ("Europe/Madrid", datetime(2026, 3, 28, 22, tzinfo=UTC), (2026, 3, 29, 6)),
        ("Europe/Madrid", datetime(2026, 10, 24, 22, tzinfo=UTC), (2026, 10, 25, 7)),
        ("America/New_York", datetime(2026, 3, 8, 4, tzinfo=UTC), (2026, 3, 8, 12)),
    ],
)
def test_quiet_hours_keep_to_the_clock_of_the_place(
    zone: str, before: datetime, end: tuple[int, int, int, int]
) -> None:
    assert quiet_until(Place(zone, time(21), time(8)), before) == datetime(*end, tzinfo=UTC)


def test_who_waits_in_the_night() -> None:
    far, near = booking(), booking(starts_at=NIGHT + timedelta(hours=9))
    morning = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
    sms, email = Medium.SMS, Medium.EMAIL
    assert wait_until(Kind.CONFIRMATION, sms, far, BANGKOK, NIGHT) is None
    assert wait_until(Kind.REMINDER, sms, far, BANGKOK, NIGHT) == morning
    assert wait_until(Kind.REMINDER, email, far, BANGKOK, NIGHT) == morning
    assert wait_until(Kind.CHANGE, sms, far, BANGKOK, NIGHT) == morning
    assert wait_until(Kind.CHANGE, email, far, BANGKOK, NIGHT) is None
    assert wait_until(Kind.CHANGE, sms, near, BANGKOK, NIGHT) is None, "else they stand there"
