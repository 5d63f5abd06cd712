"""One-time codes: who gets one, what it is good for, and what nobody can do with them."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog
import time_machine
from flask import Flask
from sqlalchemy import func, select, text

from app.api.limits import POLICIES
from app.config import Settings
from app.customers.models import Customer
from app.errors import RateLimited
from app.events.models import SYSTEM, Event
from app.extensions import db
from app.ids import new_id
from app.logs import configure_logs
from app.signin import codes
from app.signin.models import CustomerDevice, OtpChallenge
from app.signin.rules import BadRules, Rules, rules
from tests.factories import CustomerFactory
from tests.signin.phone import NUMBER, Phone, number, pass_time


@pytest.fixture
def unhurried(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the limits of codes are at work, not those of calls."""
    rates = dict.fromkeys(policy.name for policy in POLICIES)
    monkeypatch.setitem(app.extensions, "rates", rates)


@pytest.fixture
def log(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What is logged during the test."""
    kept, lines = structlog.get_config(), io.StringIO()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", lines)
        configure_logs()
    yield lines
    structlog.configure(**kept)


def count(table: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def test_a_phone_number_is_all_it_takes(phone: Phone) -> None:
    signed = phone.sign_in(device="Old phone")
    assert (signed["is_new"], signed["profile"]["phone"]) == (True, NUMBER)
    assert (signed["expires_in"], signed["refresh_expires_in"]) == (30 * 86_400, 90 * 86_400)
    customer = db.session.scalars(select(Customer)).one()
    assert (customer.source, customer.phone, customer.name) == ("customer_app", NUMBER, "Guest")
    assert customer.phone_verified_at is not None
    assert customer.signed_in_at is not None
    assert db.session.scalars(select(CustomerDevice.label)).one() == "Old phone"
    pass_time(40)
    again = phone.sign_in()
    assert (again["is_new"], again["profile"]["id"]) == (False, signed["profile"]["id"])


def test_the_answer_and_the_work_are_the_same_whoever_is_known(
    phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = Phone(phone.app, number(1))
    CustomerFactory.create(phone=known.number)
    first, second = known.ask(), phone.ask()
    assert first.json == second.json
    assert dict(first.headers) | {"X-Request-Id": "", "RateLimit": ""} == dict(second.headers) | {
        "X-Request-Id": "",
        "RateLimit": "",
    }
    assert known.type(known.wrong()).status_code == phone.type(phone.wrong()).status_code == 401
    found = select(Event.customer_id, Event.changes).where(Event.name == codes.WANTED)
    assert db.session.execute(found).all() == [(None, {}), (None, {})]


def test_a_code_works_once(phone: Phone) -> None:
    phone.ask()
    code = phone.code()
    assert phone.type(code).status_code == 200
    assert phone.type(code).status_code == 401
    assert count(CustomerDevice) == 1


def test_three_attempts_and_no_more(phone: Phone) -> None:
    phone.ask()
    right, wrong = phone.code(), phone.wrong()
    said = {phone.type(wrong).get_json()["error"] for _ in range(3)}
    assert phone.challenge().attempts_left == 0
    last = phone.type(right)
    assert (last.status_code, {last.get_json()["error"]}) == (401, said)


def test_a_code_ends_after_five_minutes(phone: Phone) -> None:
    phone.ask()
    code = phone.code()
    pass_time(299)
    assert phone.type(phone.wrong()).status_code == 401
    assert phone.challenge().attempts_left == 2, "it was still tried"
    pass_time(2)
    assert phone.type(code).status_code == 401
    assert phone.challenge().attempts_left == 2


def test_a_newer_code_takes_the_place_of_the_older(phone: Phone) -> None:
    phone.ask()
    old = phone.code()
    pass_time(31)
    phone.ask()
    assert count(OtpChallenge) == 2
    assert old == phone.code() or phone.type(old).status_code == 401
    assert phone.type(phone.code()).status_code == 200


def test_within_half_a_minute_nothing_more_is_sent(phone: Phone) -> None:
    first = phone.ask().get_json()
    pass_time(12)
    second = phone.ask().get_json()
    assert (first["resend_in"], first["expires_in"]) == (30, 300)
    assert (second["resend_in"], second["expires_in"]) == (18, 287)
    assert first["message"] == second["message"]
    assert count(OtpChallenge) == 1
    wanted = select(func.count()).where(Event.name == codes.WANTED)
    assert db.session.scalar(wanted) == 1


def test_a_code_of_one_phone_is_nothing_on_another(phone: Phone) -> None:
    other = Phone(phone.app, number(1))
    phone.ask()
    other.ask()
    assert phone.code() == other.code() or other.type(phone.code()).status_code == 401
    assert other.challenge().attempts_left == 2
    assert phone.challenge().attempts_left == 3


def test_who_never_asked_has_nothing_to_guess(phone: Phone) -> None:
    assert phone.type("123456").status_code == 401


@pytest.mark.parametrize("wrong_by", [timedelta(days=-1), timedelta(days=1)])
def test_a_server_with_a_wrong_clock_judges_as_the_others(
    phone: Phone, wrong_by: timedelta
) -> None:
    """Codes neither end early nor live on where the clock of one machine is off."""
    with time_machine.travel(datetime.now(UTC) + wrong_by, tick=False):
        phone.ask()
        code = phone.code()
    assert phone.type(code).status_code == 200
    pass_time(31)
    phone.ask()
    late = phone.code()
    pass_time(301)
    with time_machine.travel(datetime.now(UTC) + wrong_by, tick=False):
        assert phone.type(late).status_code == 401


def test_a_thousand_phones_from_one_address(phone: Phone) -> None:
    """Ranges differ, so it is the address that stops them: twenty in an hour, and then nobody."""
    session, told = db.session(), []
    for index in range(4000, 5000):
        try:
            who = (f"+97798{index:04d}1234", phone.address, "peaks")
            codes.request(session, SYSTEM, rules, *who)
            told.append("sent")
        except RateLimited:
            told.append("refused")
    assert told == ["sent"] * 20 + ["refused"] * 980
    assert count(OtpChallenge) == 20
    assert phone.ask().status_code == 429, "as the door says it"
    elsewhere = Phone(phone.app, number(1), "198.51.100.1")
    assert elsewhere.ask().status_code == 200, "others are not kept from it"


def test_the_door_itself_counts_calls(phone: Phone) -> None:
    """A flood is refused before anything looks for it in the database."""
    answers = [phone.type("123456").status_code for _ in range(25)]
    assert answers[:15] == [401] * 15
    assert answers[-1] == 429


@pytest.mark.usefixtures("unhurried")
def test_each_limit_stops_what_it_counts(phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(most: dict[str, tuple[int, int]], who: list[tuple[str, str]]) -> list[int]:
        db.session.execute(text("DELETE FROM otp_challenges"))
        db.session.commit()
        free = dict.fromkeys(rules.limits, (99, 99))
        monkeypatch.setattr(rules, "limits", free | most)
        found = []
        for each, address in who:
            found.append(Phone(phone.app, each, address).ask().status_code)
            pass_time(31)
        return found

    same = [(NUMBER, "203.0.113.7")] * 3
    assert asked({"phone": (2, 9)}, same) == [200, 200, 429]
    assert asked({"phone": (9, 2)}, same) == [200, 200, 429]
    near = [(number(n), f"203.0.113.{n}") for n in (1, 2, 3)]
    assert asked({"network": (2, 9)}, near) == [200, 200, 429]
    assert asked({"address": (2, 9)}, near) == [200, 200, 200]
    six = [(number(n), f"2001:db8:0:1{n:02x}::{n}") for n in (1, 2, 3)]
    assert asked({"network": (2, 9)}, six) == [200, 200, 429]
    row = [(f"+9779841234{n}", f"203.0.{n}.1") for n in (100, 101, 102)]
    assert asked({"range": (2, 9)}, row) == [200, 200, 429]
    far = [(number(n), f"203.0.{n}.1") for n in (1, 2, 3)]
    assert asked({"all": (2, 9)}, far) == [200, 200, 429]
    assert asked({}, far) == [200, 200, 200]


@pytest.mark.usefixtures("unhurried")
def test_an_hour_and_a_day_later_there_is_room_again(
    phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = dict.fromkeys(rules.limits, (99, 99))
    monkeypatch.setattr(rules, "limits", free | {"phone": (1, 2)})
    assert phone.ask().status_code == 200
    pass_time(60)
    refused = phone.ask()
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "3600")
    pass_time(3600)
    assert phone.ask().status_code == 200
    pass_time(3700)
    assert phone.ask().headers.get("Retry-After") == "86400"
    pass_time(86_400)
    assert phone.ask().status_code == 200


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ("9841234567", "Must be a mobile"),
        ("+97714123456", "Must be a mobile"),
        ("+9770", "Must be a mobile"),
        ("hello", "Must be a mobile"),
        ("+5511961234567", "not sent to numbers of this country"),
    ],
)
def test_codes_go_to_mobile_numbers_of_countries_on_the_list(
    phone: Phone, raw: str, why: str
) -> None:
    for path, body in (("request-otp", {}), ("verify-otp", {"otp": "123456"})):
        answer = phone.post(path, {"phone": raw, **body})
        assert answer.status_code == 400
        assert why in answer.get_json()["details"][0]["message"]
    assert count(OtpChallenge) == 0


def test_a_number_is_one_however_it_is_written(phone: Phone) -> None:
    phone.ask()
    written = Phone(phone.app, "00977 984-1234567")
    assert written.type(phone.code()).status_code == 200


@pytest.mark.parametrize("otp", ["12345", "1234567", "abcdef", "１２３４５６", 123456, None])
def test_what_is_no_code_costs_no_attempt(phone: Phone, otp: Any) -> None:
    phone.ask()
    assert phone.post("verify-otp", {"phone": NUMBER, "otp": otp}).status_code == 400
    assert phone.challenge().attempts_left == 3


def test_merged_people_are_led_to_the_record_that_was_kept(phone: Phone) -> None:
    kept = CustomerFactory.create(phone=number(1))
    CustomerFactory.create(phone=NUMBER, merged_into_id=kept.id)
    db.session.commit()
    signed = phone.sign_in()
    assert signed["profile"]["id"] == str(kept.id)
    db.session.refresh(kept)
    assert kept.phone_verified_at is None, "it was another number that was proved"


def test_a_house_without_sms_says_so(phone: Phone) -> None:
    db.session.execute(text("UPDATE message_settings SET sms_by = 'off'"))
    answer = phone.ask()
    assert (answer.status_code, count(OtpChallenge)) == (503, 0)


def test_neither_code_nor_phone_is_written_down(phone: Phone, log: io.StringIO) -> None:
    phone.ask()
    code = phone.code()
    phone.type(phone.wrong())
    phone.type(code)
    assert "request-otp" in log.getvalue()
    events = [
        json.dumps([e.changes, e.meta, e.subject_id, e.actor_id, e.actor_label])
        for e in db.session.scalars(select(Event))
    ]
    for words in (log.getvalue(), *events):
        assert NUMBER[4:] not in words
        assert code not in words
    for table in ("otp_challenges", "customer_devices", "refresh_tokens", "sync_logs", "messages"):
        for row in db.session.execute(text(f"SELECT * FROM {table}")).all():
            assert code not in str(row), table


def test_a_code_is_made_of_all_its_parts() -> None:
    """Another pepper, challenge, phone or nonce makes another code; each is six digits."""
    challenge_id = new_id()

    def made(**changes: Any) -> str:
        values = {"id": challenge_id, "phone": NUMBER, "nonce": b"n" * 16, **changes}
        pepper = values.pop("pepper", b"p" * 32)
        return codes.code_of(Rules(pepper=pepper), OtpChallenge(**values))

    found = [
        made(),
        made(pepper=b"q" * 32),
        made(id=new_id()),
        made(phone=number(1)),
        made(nonce=b"m" * 16),
    ]
    assert made() == found[0]
    assert len(set(found)) >= 4
    assert all(len(code) == 6 and code.isdigit() for code in found)
    spread = {made(nonce=bytes([n])).startswith("0") for n in range(200)}
    assert spread == {True, False}, "leading zeros are kept"


@pytest.mark.parametrize("setting", ["phone", "phone=5", "phone=5/x", "people=1/2"])
def test_limits_that_cannot_be_read_are_named(setting: str) -> None:
    with pytest.raises(BadRules, match="OTP_LIMITS"):
        Rules().configure(Settings(env="test", otp_limits=setting))


def test_limits_and_countries_can_be_set() -> None:
    own = Rules()
    own.configure(Settings(env="test", otp_limits="phone=1/2, all=3/4", otp_countries="np, br"))
    assert (own.limits["phone"], own.limits["all"], own.limits["range"]) == (
        (1, 2),
        (3, 4),
        (20, 40),
    )
    assert own.serves("BR")
    assert not own.serves("US")
    own.configure(Settings(env="test", otp_countries="*"))
    assert own.serves("AQ")
