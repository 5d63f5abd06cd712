"""Waiting through the app: what a customer says and reads, and that it is theirs alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.bookings.links import manage_url
from app.customers.models import Customer
from app.extensions import db
from tests.api.documented import faults_of
from tests.harness.counting import counted_queries
from tests.signin.people import SignedInCustomer, signed_in_customer
from tests.waiting.made import Trek, a_trek, end, offered

BASE = "/api/v1/customer"


@dataclass(frozen=True)
class App:
    """The app on somebody's phone."""

    client: FlaskClient
    who: SignedInCustomer
    trek: Trek

    def join(self, guests: int, trek: Trek | None = None, key: str = "") -> TestResponse:
        there = trek or self.trek
        path = f"{BASE}/treks/{there.activity_id}/batches/{there.departure_id}/waiting"
        sent = {**self.who.headers, "Idempotency-Key": key}
        return self.told(self.client.post(path, json={"guests": guests}, headers=sent))

    def list(self) -> list[dict[str, Any]]:
        answer = self.told(self.client.get(f"{BASE}/waiting", headers=self.who.headers))
        assert answer.status_code == 200
        return list(answer.json["waiting"]) if answer.json else []

    def leave(self, waiting_id: str) -> TestResponse:
        path = f"{BASE}/waiting/{waiting_id}"
        return self.told(self.client.delete(path, headers=self.who.headers))

    def told(self, answer: TestResponse) -> TestResponse:
        """Every answer is as the document says."""
        assert faults_of(self.client.application, answer) == []
        return answer


@pytest.fixture
def amy(app: Flask, trek: Trek) -> App:
    return App(app.test_client(), signed_in_customer(app, first_name="Amy"), trek)


@pytest.fixture
def ben(app: Flask, trek: Trek) -> App:
    return App(app.test_client(), signed_in_customer(app, first_name="Ben"), trek)


def test_from_joining_to_the_offer(amy: App, ben: App, trek: Trek) -> None:
    assert amy.join(2).status_code == 409
    booked = trek.book(8)
    answer = amy.join(4)
    assert answer.status_code == 201
    assert answer.json
    said = answer.json["waiting"]
    assert (said["state"], said["guests"], said["position"]) == ("waiting", 4, 1)
    assert said["trek"]["id"] == str(trek.activity_id)
    assert ben.join(2).json["waiting"]["position"] == 2  # type: ignore[index]
    end(booked)
    (mine,) = amy.list()
    assert (mine["state"], mine["position"]) == ("offered", None)
    assert mine["held_until"] == "2026-11-20T17:00:00Z"
    assert ben.list()[0]["state"] == "offered"
    held = offered(trek.join_of(amy.who.customer.id))
    assert (str(held.id), held.customer_id) == (mine["booking_id"], amy.who.customer.id)
    confirm = f"{BASE}/bookings/{held.id}/confirm"
    assert amy.client.post(confirm, json={}, headers=ben.who.headers).status_code == 404
    assert amy.client.post(confirm, json={}, headers=amy.who.headers).status_code == 200
    assert held.status == "confirmed"
    assert amy.list()[0]["state"] == "taken"
    assert amy.leave(mine["id"]).status_code == 409


def test_an_offer_is_taken_by_its_link_and_given_back_in_the_app(
    amy: App, ben: App, trek: Trek
) -> None:
    booked = trek.book(8)
    amy.join(8)
    ben.join(8)
    end(booked)
    mine = amy.list()[0]
    held = offered(trek.join_of(amy.who.customer.id))
    path = urlsplit(manage_url(held)).path
    shown = amy.client.get(path).text
    assert "Take the place" in shown
    (token, *_) = re.findall(r'name="csrf_token" value="([^"]+)"', shown)
    assert amy.client.post(f"{path}/confirm", data={"csrf_token": token}).status_code == 303
    assert amy.list()[0]["state"] == "taken"
    cancel = amy.client.delete(f"{BASE}/bookings/{mine['booking_id']}", headers=amy.who.headers)
    assert cancel.status_code == 200
    assert ben.list()[0]["state"] == "offered"


def test_two_customers_never_meet(amy: App, ben: App, trek: Trek) -> None:
    trek.book(8)
    mine = amy.join(4).json["waiting"]["id"]  # type: ignore[index]
    assert ben.list() == []
    assert ben.leave(mine).status_code == 404
    assert amy.leave(mine).status_code == 200
    assert amy.leave(mine).json["waiting"]["state"] == "left"  # type: ignore[index]
    assert amy.leave("00000000-0000-0000-0000-000000000000").status_code == 404


def test_a_repeated_call_joins_once(amy: App, trek: Trek) -> None:
    trek.book(8)
    first, second = (amy.join(4, key="one") for _ in range(2))
    assert first.json == second.json
    assert len(amy.list()) == 1
    path = f"{BASE}/treks/{trek.activity_id}/batches/{trek.departure_id}/waiting"
    body = {"guests": 3, "sms_opt_in": True}
    assert amy.client.post(path, json=body, headers=amy.who.headers).status_code == 201
    assert db.session.get_one(Customer, amy.who.customer.id).sms_opt_in
    assert amy.join(9).status_code == 400


@pytest.mark.parametrize("body", [{"guests": True}, {"guests": "2"}, {"guests": 2, "sms": True}])
def test_what_is_sent_is_read_to_the_letter(amy: App, trek: Trek, body: dict[str, Any]) -> None:
    trek.book(8)
    path = f"{BASE}/treks/{trek.activity_id}/batches/{trek.departure_id}/waiting"
    assert amy.client.post(path, json=body, headers=amy.who.headers).status_code == 400
    assert amy.list() == []


def test_only_what_is_for_sale_and_only_with_a_token(amy: App, trek: Trek) -> None:
    trek.book(8)
    other = a_trek("theirs", "Their pier", kind="activity")
    assert amy.join(2, other).status_code == 404
    path = f"{BASE}/treks/{other.activity_id}/batches/{trek.departure_id}/waiting"
    assert amy.client.post(path, json={"guests": 2}, headers=amy.who.headers).status_code == 404
    assert amy.client.get(f"{BASE}/waiting").status_code == 401


def test_a_long_list_takes_no_more_queries(app: Flask, amy: App, trek: Trek) -> None:
    trek.book(8)
    amy.join(2)
    with counted_queries(app) as few:
        amy.list()
    for number in range(4):
        other = a_trek("ours", f"Pier {number}")
        other.book(8)
        amy.join(2, other)
    db.session.commit()
    with counted_queries(app) as many:
        assert len(amy.list()) == 5
    assert len(many) == len(few) <= 12
