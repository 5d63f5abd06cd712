"""What is remembered of a guest's number and address, and when it is forgiven."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.customers.models import Customer
from app.messaging import health
from app.messaging.codes import reason_of, trouble_of
from app.messaging.models import Medium
from app.messaging.results import Trouble

NOW = datetime(2026, 11, 21, tzinfo=UTC)
SMS = Medium.SMS


@pytest.fixture
def guest() -> Customer:
    return Customer(
        phone="+66812345678",
        sms_opt_in=True,
        sms_health="good",
        sms_failures=0,
        email_health="good",
        email_failures=0,
    )


@pytest.mark.parametrize(
    ("code", "trouble"),
    [
        ("21211", Trouble.PERMANENT),
        ("21614", Trouble.PERMANENT),
        ("21635", Trouble.PERMANENT),
        ("30005", Trouble.PERMANENT),
        ("30006", Trouble.PERMANENT),
        ("21610", Trouble.CONSENT),
        ("63014", Trouble.CONSENT),
        ("30003", Trouble.TRANSIENT),
        ("30008", Trouble.TRANSIENT),
        ("20429", Trouble.TRANSIENT),
        ("30007", Trouble.CONTENT),
        ("21606", Trouble.CONTENT),
        ("20003", Trouble.CONFIGURATION),
        ("21608", Trouble.CONFIGURATION),
        ("21612", Trouble.CONFIGURATION),
        ("21408", Trouble.CONFIGURATION),
        ("99999", Trouble.CONTENT),
        (None, Trouble.CONTENT),
    ],
)
def test_the_class_of_a_code(code: str | None, trouble: Trouble) -> None:
    assert trouble_of(code) is trouble
    assert reason_of(code).endswith(".")


def test_a_number_that_cannot_be_reached_is_doubted_then_given_up(guest: Customer) -> None:
    for expected in ("doubtful", "doubtful", "bad"):
        health.failed(guest, SMS, Trouble.TRANSIENT, "30003", NOW)
        assert guest.sms_health == expected
    assert guest.sms_problem == "30003"
    assert health.may_sms(guest) == (False, "SMS do not arrive at this number.")


def test_what_is_doubted_may_still_be_tried_and_recovers(guest: Customer) -> None:
    health.failed(guest, SMS, Trouble.TRANSIENT, "30003", NOW)
    assert health.may_sms(guest)[0]
    health.arrived(guest, SMS, NOW)
    assert (guest.sms_health, guest.sms_failures, guest.sms_problem) == ("good", 0, None)


def test_a_wrong_number_is_bad_at_once_and_a_new_one_good(guest: Customer) -> None:
    health.failed(guest, SMS, Trouble.PERMANENT, "21614", NOW)
    assert guest.sms_health == "bad"
    health.mended(guest, SMS, NOW)
    assert health.may_sms(guest)[0]


@pytest.mark.parametrize("trouble", [Trouble.CONTENT, Trouble.CONFIGURATION])
def test_what_is_not_their_fault_is_not_held_against_them(
    guest: Customer, trouble: Trouble
) -> None:
    health.failed(guest, SMS, trouble, "30007", NOW)
    assert (guest.sms_health, guest.sms_failures) == ("good", 0)


def test_stop_is_not_forgiven_by_a_late_report(guest: Customer) -> None:
    health.stopped(guest, NOW)
    health.arrived(guest, SMS, NOW)
    health.failed(guest, SMS, Trouble.TRANSIENT, "30003", NOW)
    assert guest.sms_health == "stopped"
    assert health.may_sms(guest) == (False, "The guest has answered STOP.")


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"sms_opt_in": False}, "not agreed"),
        ({"phone": None}, "no phone number"),
        ({"phone": "+6621234567"}, "no mobile number"),
        ({"phone": "+34912345678"}, "no mobile number"),
        ({"phone": "+12025550143"}, None),
        ({"phone": "+447400123456"}, None),
    ],
)
def test_who_may_get_an_sms(guest: Customer, fields: dict[str, object], word: str | None) -> None:
    for name, value in fields.items():
        setattr(guest, name, value)
    may, why = health.may_sms(guest)
    assert may is (word is None)
    assert word is None or word in why


def test_who_may_be_e_mailed(guest: Customer) -> None:
    assert health.may_email(guest, "gale@example.com")[0]
    assert not health.may_email(guest, None)[0]
    assert not health.may_email(guest, "erased@guest.invalid")[0]
    health.failed(guest, Medium.EMAIL, Trouble.PERMANENT, "550", NOW)
    assert not health.may_email(guest, "gale@example.com")[0]
