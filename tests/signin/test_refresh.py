"""Staying signed in: tokens that rotate, families that end, devices and profiles."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from app.crypto import hash_email
from app.customers.models import Customer
from app.events.models import Event
from app.extensions import db
from app.signin import devices, pruning
from app.signin.models import CustomerDevice, OtpChallenge, RefreshToken
from app.signin.rules import rules
from tests.factories import CustomerFactory
from tests.signin.phone import NUMBER, Phone, bearer, number, pass_time

DAY = 86_400


@pytest.fixture
def tokens(phone: Phone) -> dict[str, Any]:
    """Signed in."""
    return phone.sign_in(device="My phone")


def refresh(phone: Phone, token: str) -> Any:
    return phone.post("refresh", {"refresh_token": token})


def works(phone: Phone, tokens: dict[str, Any]) -> bool:
    answer = phone.client.get("/api/v1/customer/auth/profile", headers=bearer(tokens))
    return answer.status_code == 200


def device() -> CustomerDevice:
    query = select(CustomerDevice).execution_options(populate_existing=True)
    return db.session.scalars(query).one()


def test_each_token_is_exchanged_for_the_next(phone: Phone, tokens: dict[str, Any]) -> None:
    second = refresh(phone, tokens["refresh_token"]).get_json()
    third = refresh(phone, second["refresh_token"]).get_json()
    found = {each["refresh_token"] for each in (tokens, second, third)}
    assert len(found) == 3
    assert works(phone, second)
    assert works(phone, third)
    rows = db.session.scalars(select(RefreshToken).order_by(RefreshToken.created_at)).all()
    assert [row.parent_id for row in rows] == [None, rows[0].id, rows[1].id]
    assert [row.used_at is None for row in rows] == [False, False, True]
    assert not {bytes(row.token_hash).decode("latin1") for row in rows} & found


def test_a_token_that_comes_twice_ends_its_family(phone: Phone, tokens: dict[str, Any]) -> None:
    other = Phone(phone.app, number(1)).sign_in()
    newer = refresh(phone, tokens["refresh_token"]).get_json()
    assert refresh(phone, tokens["refresh_token"]).status_code == 401
    assert not works(phone, tokens)
    assert not works(phone, newer)
    assert refresh(phone, newer["refresh_token"]).status_code == 401, "the thief's as well"
    assert works(phone, other), "nobody else's"
    found = select(CustomerDevice.revoked_because).where(CustomerDevice.label == "My phone")
    assert db.session.scalars(found).one() == "reuse"
    ended = select(Event.meta).where(Event.name == "customer.signed_out")
    assert db.session.scalars(ended).one() == {"because": "reuse"}


def test_what_was_never_given_out_ends_nothing(phone: Phone, tokens: dict[str, Any]) -> None:
    assert refresh(phone, "x" * 43).status_code == 401
    assert refresh(phone, tokens["access_token"]).status_code in (400, 401)
    assert works(phone, tokens)


def test_a_token_ends_after_ninety_days(phone: Phone, tokens: dict[str, Any]) -> None:
    pass_time(90 * DAY + 1)
    assert refresh(phone, tokens["refresh_token"]).status_code == 401
    assert device().revoked_at is None, "that it is late is no theft"


def test_signing_out_ends_all_tokens_of_the_device(phone: Phone, tokens: dict[str, Any]) -> None:
    answer = phone.post("logout", {}, headers=bearer(tokens))
    assert answer.get_json() == {"success": True, "device_id": str(device().id)}
    assert not works(phone, tokens)
    assert refresh(phone, tokens["refresh_token"]).status_code == 401
    assert device().revoked_because == "signed_out"


def test_devices_are_listed_and_ended(phone: Phone, tokens: dict[str, Any]) -> None:
    pass_time(40)
    second = phone.sign_in(device="Lost phone")
    place = "/api/v1/customer/auth/devices"
    listed = phone.client.get(place, headers=bearer(tokens)).get_json()["devices"]
    assert {(each["label"], each["is_this_one"]) for each in listed} == {
        ("My phone", True),
        ("Lost phone", False),
    }
    lost = next(each["id"] for each in listed if not each["is_this_one"])
    stranger = Phone(phone.app, number(1)).sign_in()
    assert phone.client.delete(f"{place}/{lost}", headers=bearer(stranger)).status_code == 404
    assert phone.client.delete(f"{place}/{lost}", headers=bearer(tokens)).status_code == 200
    assert not works(phone, second)
    assert works(phone, tokens)
    left = phone.client.get(place, headers=bearer(tokens)).get_json()["devices"]
    assert [each["label"] for each in left] == ["My phone"]


def test_whoever_is_merged_or_erased_is_signed_out(phone: Phone, tokens: dict[str, Any]) -> None:
    customer = db.session.scalars(select(Customer)).one()
    now = db.session.scalar(select(func.now()))
    assert now is not None
    assert devices.end_all(db.session(), customer.id, "erased", now) == 1
    assert devices.end_all(db.session(), customer.id, "erased", now) == 0
    assert not works(phone, tokens)
    assert refresh(phone, tokens["refresh_token"]).status_code == 401


def test_a_profile_is_completed(phone: Phone, tokens: dict[str, Any]) -> None:
    place = "/api/v1/customer/auth/profile"
    said = {"name": "Asha Gurung", "email": "asha@example.com"}
    answer = phone.client.put(place, json=said, headers=bearer(tokens))
    assert answer.status_code == 200, answer.text
    profile = phone.client.get(place, headers=bearer(tokens)).get_json()["profile"]
    assert {name: profile[name] for name in said} == said
    assert (profile["phone"], profile["is_complete"]) == (NUMBER, True)
    customer = db.session.scalars(select(Customer)).one()
    assert (customer.first_name, customer.last_name) == ("Asha", "Gurung")
    assert customer.email_hash == hash_email("asha@example.com")
    told = db.session.scalars(select(Event).where(Event.name == "customer.updated")).one()
    assert "asha" not in str(told.changes).lower()
    assert told.opened(customer.key)["email"] == [None, "asha@example.com"]
    phone.client.put(place, json={"email": None}, headers=bearer(tokens))
    after = phone.client.get(place, headers=bearer(tokens)).get_json()["profile"]
    assert (after["name"], after["email"]) == ("Asha Gurung", None)


@pytest.mark.parametrize("theirs", [{"phone": None}, {"phone": "+66812345678"}])
def test_nobody_is_found_by_an_email_that_is_another_s(
    phone: Phone, tokens: dict[str, Any], theirs: dict[str, Any]
) -> None:
    """It is written to, and the answer does not tell that somebody has it."""
    digest = hash_email("asha@example.com")
    other = CustomerFactory.create(email="asha@example.com", email_hash=digest, **theirs)
    place = "/api/v1/customer/auth/profile"
    said = {"email": "asha@example.com"}
    answer = phone.client.put(place, json=said, headers=bearer(tokens))
    assert answer.get_json()["profile"]["email"] == "asha@example.com"
    found = db.session.scalars(select(Customer).where(Customer.email_hash == digest)).all()
    assert [each.id for each in found] == [other.id]


@pytest.mark.parametrize("said", [{"name": ""}, {"phone": "+66812345678"}, {"email": "x"}])
def test_what_cannot_be_taken_is_named(
    phone: Phone, tokens: dict[str, Any], said: dict[str, Any]
) -> None:
    place = "/api/v1/customer/auth/profile"
    assert phone.client.put(place, json=said, headers=bearer(tokens)).status_code == 400


def test_what_is_over_is_forgotten(phone: Phone, tokens: dict[str, Any]) -> None:
    session = db.session()
    refresh(phone, tokens["refresh_token"])
    assert [step(session) for step in STEPS] == [0, 0, 0]
    pass_time(2 * DAY + 60)
    assert [step(session) for step in STEPS] == [1, 0, 0]
    pass_time(90 * DAY)
    row = device()
    row.last_seen_at = row.last_seen_at - (rules.token_life + 2 * pruning.COUNTED)
    session.flush()
    assert [step(session) for step in STEPS] == [0, 2, 1]
    left = [session.scalar(select(func.count()).select_from(each)) for each in TABLES]
    assert left == [0, 0, 0]


STEPS = (pruning.challenges, pruning.tokens, pruning.devices)
TABLES = (OtpChallenge, RefreshToken, CustomerDevice)
