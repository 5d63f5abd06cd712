"""Tokens of customers: whose they are, where they work, and when no more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, select

from app.api.customer import tokens
from app.api.partner.tokens import write_token as partner_token
from app.config import Settings
from app.extensions import db
from app.ids import new_id
from app.signin import devices
from app.staff import tokens as staff_tokens
from tests.factories import ApiKeyFactory, CustomerFactory, person
from tests.signin.people import SignedInCustomer, signed_in_customer

DEVICES = "/api/v1/customer/auth/devices"
FIRST, SECOND = "a" * 40, "b" * 40


@pytest.fixture
def ann(app: Flask, db_session: object) -> SignedInCustomer:
    return signed_in_customer(app, first_name="Ann")


def status(client: FlaskClient, token: str) -> int:
    return client.get(DEVICES, headers={"Authorization": f"Bearer {token}"}).status_code


def token_of(who: SignedInCustomer) -> str:
    return who.headers["Authorization"].removeprefix("Bearer ")


def test_a_token_shows_ones_own_devices_alone(
    app: Flask, client: FlaskClient, ann: SignedInCustomer
) -> None:
    signed_in_customer(app, first_name="Bob")
    answer = client.get(DEVICES, headers=ann.headers)
    assert answer.status_code == 200, answer.text
    (shown,) = answer.json["devices"]  # type: ignore[index]
    assert (shown["id"], shown["is_this_one"]) == (str(ann.device.id), True)


def test_an_ended_device_is_out_at_once(client: FlaskClient, ann: SignedInCustomer) -> None:
    assert devices.end_all(db.session(), ann.customer.id, "staff", datetime.now(UTC)) == 1
    assert status(client, token_of(ann)) == 401


@pytest.mark.parametrize("gone", ["erased_at", "merged_into_id"])
def test_whoever_is_gone_is_out(client: FlaskClient, ann: SignedInCustomer, gone: str) -> None:
    value = CustomerFactory.create().id if gone == "merged_into_id" else datetime.now(UTC)
    setattr(ann.customer, gone, value)
    db.session.commit()
    assert status(client, token_of(ann)) == 401


def claims_of(app: Flask, token: str) -> dict[str, Any]:
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found


FORGED: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "another audience": lambda said: {**said, "aud": "onebooking:staff"},
    "another issuer": lambda said: {**said, "iss": "somebody"},
    "no jti": lambda said: {name: said[name] for name in said if name != "jti"},
    "no exp": lambda said: {name: said[name] for name in said if name != "exp"},
    "no sid": lambda said: {name: said[name] for name in said if name != "sid"},
    "exp is no number": lambda said: {**said, "exp": "later"},
    "exp beyond all time": lambda said: {**said, "exp": 10**30},
    "sub is nobody": lambda said: {**said, "sub": "nobody"},
    "another customer's sub": lambda said: {**said, "sub": said["sid"]},
    "it has ended": lambda said: {**said, "exp": said["iat"] - 1},
    "it has not begun": lambda said: {**said, "iat": said["iat"] + 7200},
}


@pytest.mark.parametrize("how", FORGED)
def test_every_claim_counts(
    app: Flask, client: FlaskClient, ann: SignedInCustomer, how: str
) -> None:
    """Signed with our own key, so that nothing but the claim is at fault."""
    said, ((kid, key),) = claims_of(app, token_of(ann)), _keys(app).items()
    genuine = jwt.encode(said, key, algorithm="HS256", headers={"kid": kid})
    assert status(client, genuine) == 200
    forged = jwt.encode(FORGED[how](said), key, algorithm="HS256", headers={"kid": kid})
    assert status(client, forged) == 401


def _keys(app: Flask) -> dict[str, bytes]:
    return tokens._keys(app.extensions["settings"])


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_other_signatures_do_not_count(
    app: Flask, client: FlaskClient, ann: SignedInCustomer
) -> None:
    said, ((kid, key),) = claims_of(app, token_of(ann)), _keys(app).items()
    none = jwt.encode(said, "", algorithm="none", headers={"kid": kid})
    other = jwt.encode(said, key, algorithm="HS512", headers={"kid": kid})
    strange = jwt.encode(said, b"x" * 32, algorithm="HS256", headers={"kid": kid})
    unnamed = jwt.encode(said, key, algorithm="HS256")
    unknown = jwt.encode(said, key, algorithm="HS256", headers={"kid": "../0"})
    cut = token_of(ann)[:-2]
    for token in (none, other, strange, unnamed, unknown, cut, "", "a.b.c", "é.é.é"):
        assert status(client, token) == 401


def test_no_token_works_at_another_door(
    app: Flask, client: FlaskClient, ann: SignedInCustomer
) -> None:
    settings = app.extensions["settings"]
    owner = person("superadmin", address="owner@onebooking.test")
    login = {"email": "owner@onebooking.test", "password": "a quiet green morning"}
    staff = client.post("/api/v1/auth/login", json=login).json["access_token"]  # type: ignore[index]
    key = ApiKeyFactory.create()
    assert owner.name
    partner = partner_token(settings, key, datetime.now(UTC))
    assert status(client, staff) == status(client, partner) == 401
    for door in ("/api/bookings", "/api/websites", "/api/partner/bookings"):
        assert client.get(door, headers=ann.headers).status_code == 401
    assert client.get("/octo/products", headers=ann.headers).status_code == 403  # OCTO's own word
    assert staff_tokens.read_token(settings, token_of(ann)) is None


def test_keys_rotate() -> None:
    """The first signs, all verify; whoever is taken off the list signs nobody in any more."""
    old = Settings(env="test", customer_token_keys=f"one={FIRST}")
    both = Settings(env="test", customer_token_keys=f"two={SECOND},one={FIRST}")
    new = Settings(env="test", customer_token_keys=f"two={SECOND}")
    ids = (new_id(), new_id(), datetime.now(UTC))
    before, after = tokens.write_token(old, *ids), tokens.write_token(both, *ids)
    assert jwt.get_unverified_header(after)["kid"] == "two"
    reads = [
        [tokens.read_token(each, token) is not None for each in (old, both, new)]
        for token in (before, after)
    ]
    assert reads == [[True, True, False], [False, True, True]]


@pytest.mark.parametrize("keys", ["one", "=x", "one=", f"one={FIRST},one={SECOND}"])
def test_keys_that_cannot_be_read_are_refused(keys: str) -> None:
    with pytest.raises(ValueError, match="CUSTOMER_TOKEN_KEYS"):
        Settings(env="test", customer_token_keys=keys).customer_token_key_list()


def test_the_database_says_what_time_it_is(
    app: Flask, client: FlaskClient, ann: SignedInCustomer
) -> None:
    """A server whose clock is wrong, by years even, judges as the others do."""
    for wrong in (timedelta(days=-800), timedelta(days=800)):
        with time_machine.travel(datetime.now(UTC) + wrong, tick=False):
            assert status(client, token_of(ann)) == 200
    now = db.session.execute(select(func.clock_timestamp())).scalar_one()
    settings = app.extensions["settings"]
    ids = (ann.customer.id, ann.device.id)
    ended = tokens.write_token(settings, *ids, now - tokens.life(settings))
    with time_machine.travel(now - timedelta(days=20), tick=False):
        assert status(client, ended) == 401


def test_who_calls_is_found_in_two_queries(
    app: Flask, client: FlaskClient, ann: SignedInCustomer
) -> None:
    said: list[str] = []
    engine = db.engine
    event.listen(engine, "before_cursor_execute", lambda *args: said.append(args[2]))
    assert status(client, token_of(ann)) == 200
    asked = [each for each in said if each.startswith("SELECT") and "current_setting" not in each]
    assert len([each for each in asked if "customer" in each]) == 2  # the caller, and the answer
