"""Keys of partners: with a second half, for one partner, behind the second wall."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.apikeys import actions, spelling
from app.apikeys import queries as keys
from app.apikeys.models import ApiKey, KeyScope
from app.apikeys.owner import Owner
from app.crypto import hash_secret
from app.errors import NotFound
from app.events.models import SYSTEM, Event
from app.extensions import db
from app.partners import callers
from app.partners.actions import key_owner
from app.partners.models import Partner
from app.staff.context import now
from app.venues.models import Venue
from app.wall import opened_by_key
from tests.desk import House
from tests.factories import partner_at


@pytest.fixture
def owner_of_keys(partner: Partner) -> Owner:
    return key_owner(db.session(), partner)


def secrets_in(text: str) -> list[str]:
    return re.findall(r'id="secret-\d" type="text" value="([^"]+)"', text)


def test_a_partner_s_key_has_two_halves(owner_of_keys: Owner) -> None:
    issued = actions.issue(db.session(), SYSTEM, owner_of_keys, "Server")
    assert re.fullmatch(r"reef-travel_sk_[A-Za-z0-9]{36}", issued.clear_text)
    assert not spelling.is_mistyped(issued.clear_text)
    assert issued.second_half
    assert issued.key.secret_hash == hash_secret(issued.second_half)
    assert issued.key.is_joined_by(issued.second_half)
    assert not issued.key.is_joined_by(issued.second_half[:-1])
    assert issued.key.website_id is None
    assert issued.key.scopes == [KeyScope.MANAGE_BOOKINGS, KeyScope.READ_AVAILABILITY]


def test_a_website_s_key_has_one(partner: Partner) -> None:
    issued = actions.issue(db.session(), SYSTEM, "ours", "Server")
    assert issued.second_half is None
    assert not issued.key.is_joined_by("")
    assert callers.find(db.session(), issued.clear_text) is None


def test_who_is_behind_it(owner_of_keys: Owner, partner: Partner, pier: Venue) -> None:
    issued = actions.issue(db.session(), SYSTEM, owner_of_keys, "Server", allowed_ips=["::1"])
    partner.allowed_ips = ["203.0.113.7"]
    db.session.flush()
    found = callers.find(db.session(), issued.clear_text)
    assert found
    assert (found.partner.id, found.venues, found.websites) == (
        partner.id, {pier.id: "ours"}, frozenset({"ours"}),
    )  # fmt: skip
    assert found.allowed_ips == (["203.0.113.7"], ["::1"])
    assert found.works_at(now())
    assert callers.find(db.session(), issued.clear_text[:-1]) is None
    website = keys.find(db.session(), issued.clear_text)
    assert website
    assert website.website is None


def test_a_partner_without_venues_is_found_and_sees_nothing(house: House) -> None:
    nowhere = partner_at()
    issued = actions.issue(db.session(), SYSTEM, key_owner(db.session(), nowhere), "Server")
    found = callers.find(db.session(), issued.clear_text)
    assert found
    assert (found.venues, found.websites) == ({}, frozenset())
    opened_by_key(db.session(), found.websites)


def test_a_key_of_another_is_not_found(owner_of_keys: Owner, partner: Partner) -> None:
    key = actions.issue(db.session(), SYSTEM, owner_of_keys, "Server").key
    for other in ("ours", Owner(partner_id=partner_at().id)):
        with pytest.raises(NotFound):
            actions.revoke(db.session(), SYSTEM, other, key.id, now())
    assert key.works_at(now())


def test_the_pages_issue_replace_and_revoke(house: House, partner: Partner) -> None:
    browser: FlaskClient = house.browser("manager")
    base = f"/partners/{partner.id}/keys"
    form = {"name": "Server", "scopes": ["manage:bookings"]}
    answer = browser.post(base, data=form)
    key, half = secrets_in(answer.text)
    assert answer.headers["Cache-Control"] == "no-store"
    row = db.session.scalars(select(ApiKey)).one()
    assert row.is_joined_by(half)
    shown = browser.get(f"/partners/{partner.id}").text
    assert key not in shown
    assert half not in shown
    assert row.prefix in shown
    new, new_half = secrets_in(browser.post(f"{base}/{row.id}/rotate").text)
    assert half != new_half
    db.session.expire_all()
    for clear, works in ((key, False), (new, True)):
        found = callers.find(db.session(), clear)
        assert found
        assert found.works_at(now())
        assert found.works_at(now() + timedelta(days=2)) is works
    last = callers.find(db.session(), new)
    assert last
    browser.post(f"{base}/{last.key.id}/revoke")
    db.session.expire_all()
    assert not last.works_at(now())
    names = list(
        db.session.scalars(
            select(Event.name).where(Event.subject_type == "partner").order_by(Event.id)
        )
    )
    assert names == ["partner.key_issued", "partner.key_rotated", "partner.key_issued",
                     "partner.key_revoked"]  # fmt: skip


def test_an_edit_of_a_key_is_told(house: House, partner: Partner, owner_of_keys: Owner) -> None:
    key = actions.issue(db.session(), SYSTEM, owner_of_keys, "Server").key
    browser = house.browser("manager")
    there = f"/partners/{partner.id}/keys/{key.id}"
    assert 'value="Server"' in browser.get(there).text
    form = {"name": "Till", "scopes": ["read:bookings"], "allowed_ips": "203.0.113.7"}
    assert browser.post(there, data=form).location == f"/partners/{partner.id}"
    assert browser.post(there, data={**form, "scopes": []}).status_code == 422
    event = db.session.scalars(select(Event).where(Event.name == "partner.key_changed")).one()
    assert event.changes["name"] == ["Server", "Till"]
    assert (event.subject_type, event.subject_id, event.website_id) == (
        "partner", str(partner.id), "ours",
    )  # fmt: skip
