"""A customer keeps travelers through the app."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from app.customers import queries as customers
from app.events.models import Event
from app.extensions import db
from app.travelers import queries
from app.travelers.models import Traveler
from tests.signin.people import SignedInCustomer, signed_in_customer

BASE = "/api/v1/customer/travelers"
ALICE = {
    "name": "Alice Smith",
    "age": 25,
    "gender": "female",
    "emergency_contact_name": "Bob Smith",
    "emergency_contact_phone": "+919876543212",
    "medical_notes": "Asthma, carries a spray",
}


@pytest.fixture
def ann(app: Flask, db_session: object) -> SignedInCustomer:
    return signed_in_customer(app, phone="+919876543210")


def call(
    client: FlaskClient, who: SignedInCustomer, method: str, path: str = "", **kwargs: Any
) -> TestResponse:
    return client.open(BASE + path, method=method, headers=who.headers, **kwargs)


def add(client: FlaskClient, who: SignedInCustomer, **more: Any) -> dict[str, Any]:
    answer = call(client, who, "POST", json={**ALICE, **more})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.get_json()["traveler"]
    return made


def test_kept_changed_and_removed(client: FlaskClient, ann: SignedInCustomer) -> None:
    made = add(client, ann, phone="98765 43219")
    assert made["phone"] == "+919876543219"
    path = f"/{made['id']}"
    changed = call(client, ann, "PUT", path, json={"birth_date": "2000-05-01"}).get_json()
    assert (changed["traveler"]["birth_date"], changed["traveler"]["age"]) == ("2000-05-01", 26)
    assert changed["traveler"]["gender"] == "female"  # what is left out stays
    assert call(client, ann, "GET", path).get_json() == changed
    assert call(client, ann, "GET").get_json()["travelers"] == [changed["traveler"]]
    assert call(client, ann, "DELETE", path).status_code == 200
    assert call(client, ann, "GET").get_json()["travelers"] == []
    again = {call(client, ann, m, path, json={}).status_code for m in ("GET", "PUT", "DELETE")}
    assert again == {404}
    assert db.session.get_one(Traveler, made["id"]).deleted_at is not None


def test_every_fault_of_a_call_is_told(client: FlaskClient, ann: SignedInCustomer) -> None:
    body = {"name": "A", "age": 30, "birth_date": "2010-01-01", "phone": "??"}
    answer = call(client, ann, "POST", json={**body, "emergency_contact_name": "B"})
    assert answer.status_code == 400
    named = {fault["field"] for fault in answer.get_json()["details"]}
    assert named == {"age", "phone", "emergency_contact_phone"}
    assert call(client, ann, "POST", json={"age": 3}).get_json()["details"][0]["field"] == "name"
    assert call(client, ann, "GET").get_json()["travelers"] == []


def test_what_is_kept_is_somebody_elses_secret(client: FlaskClient, ann: SignedInCustomer) -> None:
    made = add(client, ann)
    stored = db.session.execute(text("SELECT medical_notes FROM travelers")).scalar_one()
    assert "Asthma" not in stored
    call(client, ann, "PUT", f"/{made['id']}", json={"name": "Alicia", "medical_notes": "Nuts"})
    query = select(Event).where(Event.subject_id == made["id"]).order_by(Event.id)
    events = db.session.scalars(query).all()
    assert [event.name for event in events] == ["traveler.added", "traveler.changed"]
    assert not any(word in str(e.changes) for e in events for word in ("Ali", "Nuts", "987654"))
    key = customers.data_key(db.session(), ann.customer.id)
    assert events[1].opened(key)["name"] == ["Alice Smith", "Alicia"]


def test_not_more_than_a_hundred(
    client: FlaskClient, ann: SignedInCustomer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MOST", 2)
    first = add(client, ann)
    add(client, ann)
    assert call(client, ann, "POST", json=ALICE).status_code == 409
    call(client, ann, "DELETE", f"/{first['id']}")
    add(client, ann)


def test_sent_twice_is_one(client: FlaskClient, ann: SignedInCustomer) -> None:
    headers = {**ann.headers, "Idempotency-Key": "once-and-once-only"}
    answers = [client.post(BASE, json=ALICE, headers=headers).get_json() for _ in range(2)]
    assert answers[0]["traveler"]["id"] == answers[1]["traveler"]["id"]
    assert len(call(client, ann, "GET").get_json()["travelers"]) == 1
