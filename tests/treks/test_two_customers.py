"""Two customers at every address of the app: what is one's does not exist for the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from app.extensions import db
from app.staff.guards import declared
from app.travelers.models import Traveler
from app.waiting.models import WaitingEntry
from tests.factories import BookingFactory
from tests.signin.people import SignedInCustomer, signed_in_customer
from tests.treks.shop import Shop

BASE = "/api/v1/customer/"
FOR_SALE = {"trek_id", "batch_id"}
"""Parts of an address that belong to nobody."""
NOBODYS = "01a1fe19-94e8-7c4f-97d8-d486f580d7d5"
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


def own_things(shop: Shop, ann: SignedInCustomer) -> dict[str, Any]:
    """One thing of Ann's for every name in the addresses."""
    booking = shop.book(ann, [{"name": "Ann", "age": 40}])
    traveler = Traveler(customer_id=ann.customer.id, name="Ann", age=40)
    place = {"website_id": "ours", "departure_id": shop.later.id, "guests": 2}
    entry = WaitingEntry(customer_id=ann.customer.id, **place)
    db.session.add_all([traveler, entry])
    db.session.flush()
    return {
        "booking_id": booking["booking_id"],
        "traveler_id": traveler.id,
        "waiting_id": entry.id,
        "device_id": signed_in_customer(shop.app, ann.customer).device.id,
    }


def sent(endpoint: str) -> dict[str, Any]:
    """A body that is none the wiser: what is not there is not there, whatever one wants of it."""
    bodies: dict[str, dict[str, Any]] = {}
    return bodies.get(endpoint, {})


def rules(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Every call of the app that asks for a token."""
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith(BASE):
            continue
        access = declared(app.view_functions[rule.endpoint])
        assert access is not None
        assert access.open_because
        for method in sorted((rule.methods or set()) & METHODS):
            yield rule, method


def test_what_is_mine_is_nobody_elses(app: Flask, shop: Shop) -> None:
    ann, ben = signed_in_customer(app), signed_in_customer(app)
    ids = own_things(shop, ann)
    tried = 0
    for rule, method in rules(app):
        if not rule.arguments - FOR_SALE:
            continue
        unknown = rule.arguments - ids.keys() - FOR_SALE
        assert not unknown, f"say in `own_things` what {unknown} of {rule.rule} is"
        with app.test_request_context():
            address = app.url_for(rule.endpoint, **{n: ids[n] for n in rule.arguments})
        call: dict[str, Any] = {"method": method, "json": sent(rule.endpoint)}
        theirs = shop.client.open(address, headers=ben.headers, **call)
        assert theirs.status_code == 404, f"{theirs.status_code}: {method} {address}"
        stranger = shop.client.open(address, **call)
        assert stranger.status_code == 401, f"{stranger.status_code}: {method} {address}"
        nobody: dict[str, Any] = dict.fromkeys(
            rule.arguments, "01a1fe19-94e8-7c4f-97d8-d486f580d7d5"
        )
        with app.test_request_context():
            missing = app.url_for(rule.endpoint, **nobody)
        absent = shop.client.open(missing, headers=ben.headers, **call)
        assert without_id(absent.get_json()) == without_id(theirs.get_json())
        tried += 1
    assert tried >= 4
    mine = shop.client.get(f"{BASE}bookings/{ids['booking_id']}", headers=ann.headers)
    assert mine.get_json()["booking"]["version"] == 1  # nobody touched it


def test_lists_show_what_is_mine(app: Flask, shop: Shop) -> None:
    ann, ben = signed_in_customer(app), signed_in_customer(app)
    ids = own_things(shop, ann)
    found = set()
    for rule, method in rules(app):
        if method != "GET" or rule.arguments or rule.rule == f"{BASE}treks":
            continue
        shown = {
            who: shop.client.get(rule.rule, headers=each.headers).text
            for who, each in (("ann", ann), ("ben", ben))
        }
        assert not [name for name, value in ids.items() if str(value) in shown["ben"]], rule.rule
        found |= {name for name, value in ids.items() if str(value) in shown["ann"]}
    named = {name for rule, _ in rules(app) for name in rule.arguments}
    assert found >= ids.keys() & named


def test_tokens_of_nobody_open_nothing(app: Flask, shop: Shop) -> None:
    for rule, method in rules(app):
        if rule.rule.startswith((f"{BASE}treks", f"{BASE}auth")) or rule.arguments:
            continue
        for token in ("", "Bearer nonsense", "Basic abc"):
            headers = {"Authorization": token}
            answer = shop.client.open(rule.rule, method=method, json={}, headers=headers)
            assert answer.status_code == 401, f"{answer.status_code}: {method} {rule.rule}"


def without_id(body: dict[str, Any]) -> dict[str, Any]:
    """An answer without the number of its request."""
    return {name: value for name, value in body.items() if name != "request_id"}


@pytest.mark.parametrize("source", ["phone", "website", "partner"])
def test_what_was_booked_elsewhere_is_not_in_the_app(app: Flask, shop: Shop, source: str) -> None:
    """A phone that was given to a desk opens no booking, even if it is the same person's."""
    ann = signed_in_customer(app)
    other = BookingFactory.create(website_id="ours", customer_id=ann.customer.id, source=source)
    assert shop.as_guest(ann, "GET", "/bookings")["bookings"] == []
    address = f"{BASE}bookings/{other.id}"
    for method in ("GET", "PUT", "DELETE"):
        answer = shop.client.open(address, method=method, json={}, headers=ann.headers)
        assert answer.status_code == 404
