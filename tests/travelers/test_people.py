"""Travelers and phones where their customer is exported, erased or merged."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from app.api.models import Receipt
from app.bookings.models import Booking
from app.customers.models import Customer
from app.extensions import db
from app.privacy import actions, export, merging, queries
from app.privacy.rotation import vaults
from app.signin.models import CustomerDevice, OtpChallenge
from app.staff.scope import EVERYTHING, Scope
from app.travelers.models import BookingTraveler, Traveler
from tests.bookings.made import MIA
from tests.signin.people import signed_in_customer
from tests.travelers.parties import NOW, a_party, profile

APP = "/api/v1/customer/travelers"
SECRETS = ("Alice", "Asthma", "Bob Smith", "+919876543212", "Vegetarian")


def held(customer_id: Any, scope: Scope = EVERYTHING) -> dict[str, Any]:
    person = queries.person(db.session(), scope, customer_id)
    return export.gather(db.session(), scope, person, NOW)


def test_everything_is_taken_along(app: Flask, db_session: object) -> None:
    booking = a_party("Alice Smith", "Ben Smith")
    ann = signed_in_customer(app, db.session.get_one(Customer, booking.customer_id))
    found = held(ann.customer.id)
    assert {each["name"] for each in found["travelers"]} == {"Alice Smith", "Ben Smith"}
    assert found["bookings"][0]["travelers"][0]["medical_notes"] == "Asthma"
    assert found["devices"][0]["label"] == "Test phone"
    assert not any("token" in name or "hash" in name for name in found["devices"][0])
    assert "Asthma" in json.dumps(found["history"])


def test_medical_notes_are_for_few(app: Flask, db_session: object) -> None:
    booking = a_party("Alice Smith")
    few = frozenset({"bookings:view", "customers:view", "customers:export"})
    for more, seen in ((frozenset(), False), (frozenset({"customers:health"}), True)):
        scope = Scope(by_website={"ours": few | more})
        told = json.dumps(held(booking.customer_id, scope))
        assert ("Asthma" in told) is seen
        assert "Vegetarian" in told


def test_who_is_erased_took_nobody_along(app: Flask, db_session: object) -> None:
    booking = a_party("Alice Smith", "Ben Smith")
    customer = db.session.get_one(Customer, booking.customer_id)
    phone, ann = customer.phone, signed_in_customer(app, customer)
    code = {"nonce": b"1", "code_hash": b"2", "attempts_left": 3, "address": "10.0.0.1"}
    db.session.add(OtpChallenge(phone=phone, expires_at=NOW, **code))
    db.session.flush()
    kept = {**ann.headers, "Idempotency-Key": "a-key-of-anns"}
    client = app.test_client()
    assert client.post(APP, json={"name": "Cara"}, headers=kept).status_code == 201
    assert db.session.scalar(select(func.count()).select_from(Receipt)) == 1
    actions.erase(db.session(), MIA, EVERYTHING, customer.id, booking.booking_ref, NOW)
    db.session.expire_all()
    rows = db.session.scalars(select(BookingTraveler)).all()
    assert [row.as_json()["name"] for row in rows] == ["Erased guest"] * 2
    assert [row.is_primary for row in rows] == [True, False]
    assert db.session.get_one(Booking, booking.id).traveler_count == 2
    left = json.dumps([row.as_json() for row in rows] + held(customer.id)["travelers"])
    assert not any(word in left for word in SECRETS)
    assert db.session.scalar(select(func.count()).select_from(OtpChallenge)) == 0
    device = db.session.get_one(CustomerDevice, ann.device.id)
    assert (device.label, device.address, device.revoked_because) == ("Erased", "", "erased")
    assert db.session.scalar(select(func.count()).select_from(Receipt)) == 0
    assert client.get(APP, headers=ann.headers).status_code == 401


def test_merged_and_back(app: Flask, db_session: object) -> None:
    booking = a_party("Alice Smith")
    kept = a_party("Zoe").customer_id
    gone = booking.customer_id
    ann = signed_in_customer(app, db.session.get_one(Customer, gone))
    done = merging.merge(db.session(), MIA, EVERYTHING, kept, gone)
    mine = select(Traveler.name).where(Traveler.customer_id == kept).order_by(Traveler.name)
    assert db.session.scalars(mine).all() == ["Alice Smith", "Zoe"]
    assert db.session.get_one(Booking, booking.id).travelers[0]["name"] == "Alice Smith"
    headers = ann.headers
    assert app.test_client().get("/api/v1/customer/travelers", headers=headers).status_code == 401
    profile(kept, "Later")
    merging.undo(db.session(), MIA, EVERYTHING, kept, done.id, datetime.now(UTC))
    assert db.session.scalars(mine).all() == ["Later", "Zoe"]
    theirs = select(Traveler.name).where(Traveler.customer_id == gone)
    assert db.session.scalars(theirs).all() == ["Alice Smith"]


def test_their_secrets_are_re_encrypted_with_all_others() -> None:
    found = {vault.table.name: {c.name for c in vault.columns} for vault in vaults(db.metadata)}
    for name in ("travelers", "booking_travelers"):
        assert found[name] == {"special_requirements", "medical_notes"}
