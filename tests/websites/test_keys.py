"""Keys and secrets: shown once, replaced with an overlap, ended at once."""

import re
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from app.apikeys import actions, queries, spelling
from app.apikeys.models import KeyScope
from app.crypto import hash_secret
from app.errors import Conflict, InvalidPayload, NotFound
from app.events.models import SYSTEM, Event
from app.extensions import db
from app.staff.scope import EVERYTHING
from app.websites import actions as websites
from app.websites.models import Website
from tests.factories import WebsiteFactory

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
OVERLAP = timedelta(hours=24)
HOUR = timedelta(hours=1)
pytestmark = pytest.mark.usefixtures("db_session")


@pytest.fixture
def website() -> Website:
    made: Website = WebsiteFactory.create(id="ours")
    return made


def works(clear_text: str, now: datetime) -> bool:
    caller = queries.find(db.session(), clear_text)
    return caller is not None and caller.works_at(now)


def test_a_key_is_kept_as_its_hash(website: Website) -> None:
    issued = actions.issue(db.session(), SYSTEM, website.id, "Server")
    assert re.fullmatch(r"ours_sk_[A-Za-z0-9]{36}", issued.clear_text)
    assert issued.key.key_hash == hash_secret(issued.clear_text)
    assert issued.clear_text.startswith(issued.key.prefix)
    assert len(issued.key.prefix) == len("ours_sk_") + 4
    assert works(issued.clear_text, NOW)
    assert not works(issued.clear_text[:-1], NOW)


def test_check_digits_are_the_crc_in_base62() -> None:
    key = spelling.new_clear_text("hanuman-world")
    body, digits = key[:-6], key[-6:]
    number = 0
    for digit in digits:
        number = number * 62 + spelling.BASE62.index(digit)
    assert number == zlib.crc32(body.encode())
    assert spelling.check_digits("") == "000000"


def test_a_mistyped_key_is_told_without_looking_it_up() -> None:
    key = spelling.new_clear_text("hanuman-world")
    assert not spelling.is_mistyped(key)
    for place in range(key.index("_sk_") + 4, len(key)):
        other = "a" if key[place] != "a" else "b"
        assert spelling.is_mistyped(key[:place] + other + key[place + 1 :])
    assert spelling.is_mistyped(key.replace("hanuman", "hanumam"))
    agreed_on = ("test_sk_xxxxx", "hanuman-world_sk_demo", "ours_sk_" + "a" * 32 + "_0123abcd", "")
    assert not any(map(spelling.is_mistyped, agreed_on))


def test_a_key_that_was_agreed_on(website: Website) -> None:
    issued = actions.issue(db.session(), SYSTEM, website.id, "Demo", clear_text="test_sk_xxxxx")
    assert issued.clear_text == "test_sk_xxxxx"
    assert works("test_sk_xxxxx", NOW)


def test_old_and_new_key_overlap(website: Website) -> None:
    old = actions.issue(db.session(), SYSTEM, website.id, "Server")
    new = actions.rotate(db.session(), SYSTEM, website.id, old.key.id, OVERLAP, NOW)
    assert new.key.scopes == old.key.scopes
    for clear_text, last in ((old.clear_text, False), (new.clear_text, True)):
        assert works(clear_text, NOW + OVERLAP - timedelta(seconds=1))
        assert works(clear_text, NOW + OVERLAP) is last


def test_a_key_is_replaced_once(website: Website) -> None:
    old = actions.issue(db.session(), SYSTEM, website.id, "Server")
    actions.rotate(db.session(), SYSTEM, website.id, old.key.id, OVERLAP, NOW)
    with pytest.raises(Conflict):
        actions.rotate(db.session(), SYSTEM, website.id, old.key.id, OVERLAP, NOW + HOUR)
    assert old.key.expires_at == NOW + OVERLAP


@pytest.mark.parametrize(("term", "left"), [(timedelta(days=90), OVERLAP), (2 * HOUR, 2 * HOUR)])
def test_a_new_key_lasts_as_long_as_the_old_one_was_to(
    website: Website, term: timedelta, left: timedelta
) -> None:
    with time_machine.travel(NOW, tick=False):
        values: dict[str, Any] = {"scopes": ["write:bookings"], "allowed_ips": ["::1"]}
        values["expires_at"] = NOW + term
        old = actions.issue(db.session(), SYSTEM, website.id, "Server", **values)
        old.key.created_at = NOW
        new = actions.rotate(db.session(), SYSTEM, website.id, old.key.id, OVERLAP, NOW)
    assert (old.key.expires_at, new.key.expires_at) == (NOW + left, NOW + term)
    assert (new.key.scopes, new.key.allowed_ips) == (["write:bookings"], ["::1"])


def test_an_edit_is_cleaned_and_told(website: Website) -> None:
    key = actions.issue(db.session(), SYSTEM, website.id, "Server").key
    values = {
        "name": " Till ",
        "scopes": ["write:bookings", "read:availability"],
        "allowed_ips": ["10.1.2.3/8", " ", "2001:db8::1", "10.0.0.0/8"],
        "expires_at": NOW + HOUR,
    }
    for _ in range(2):
        actions.edit(db.session(), SYSTEM, website.id, key.id, values, NOW)
    assert (key.name, key.allowed_ips) == ("Till", ["10.0.0.0/8", "2001:db8::1"])
    event = db.session.scalars(select(Event).where(Event.name == "website.key_changed")).one()
    assert event.changes["name"] == ["Server", "Till"]
    assert event.changes["expires_at"] == [None, (NOW + HOUR).isoformat()]
    assert not key.allows(KeyScope.READ_BOOKINGS)
    assert key.allows(KeyScope.WRITE_BOOKINGS)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "x" * 101),
        ("scopes", []),
        ("scopes", ["root:everything"]),
        ("allowed_ips", ["example.com"]),
        ("allowed_ips", [f"10.0.0.{n}" for n in range(51)]),
        ("expires_at", NOW),
        ("expires_at", datetime(2100, 1, 1, tzinfo=UTC)),
    ],
)
def test_what_a_key_cannot_be(website: Website, field: str, value: object) -> None:
    key = actions.issue(db.session(), SYSTEM, website.id, "Server").key
    with pytest.raises(InvalidPayload) as refused:
        actions.edit(db.session(), SYSTEM, website.id, key.id, {field: value}, NOW)
    assert [fault.field for fault in refused.value.details] == [field]


def test_the_end_of_a_replaced_key_is_settled(website: Website) -> None:
    key = actions.issue(db.session(), SYSTEM, website.id, "Server").key
    actions.rotate(db.session(), SYSTEM, website.id, key.id, OVERLAP, NOW)
    actions.edit(db.session(), SYSTEM, website.id, key.id, {"name": "Old one"}, NOW)
    with pytest.raises(Conflict):
        actions.edit(db.session(), SYSTEM, website.id, key.id, {"expires_at": None}, NOW)
    with pytest.raises(Conflict):
        actions.edit(db.session(), SYSTEM, website.id, key.id, {"name": "X"}, NOW + OVERLAP)
    assert (key.name, key.expires_at) == ("Old one", NOW + OVERLAP)


def test_a_revoked_key_ends_at_once(website: Website) -> None:
    issued = actions.issue(db.session(), SYSTEM, website.id, "Server")
    actions.revoke(db.session(), SYSTEM, website.id, issued.key.id, NOW)
    actions.revoke(db.session(), SYSTEM, website.id, issued.key.id, NOW + OVERLAP)
    assert issued.key.revoked_at == NOW
    assert not works(issued.clear_text, NOW)
    with pytest.raises(Conflict):
        actions.rotate(db.session(), SYSTEM, website.id, issued.key.id, OVERLAP, NOW)


def test_a_key_of_another_website_is_out_of_reach(website: Website) -> None:
    issued = actions.issue(db.session(), SYSTEM, website.id, "Server")
    other = WebsiteFactory.create()
    for act in (
        lambda: actions.revoke(db.session(), SYSTEM, other.id, issued.key.id, NOW),
        lambda: actions.rotate(db.session(), SYSTEM, other.id, issued.key.id, OVERLAP, NOW),
    ):
        with pytest.raises(NotFound):
            act()
    assert works(issued.clear_text, NOW)


def test_a_switched_off_website_has_no_working_key(website: Website) -> None:
    issued = actions.issue(db.session(), SYSTEM, website.id, "Server")
    websites.switch(db.session(), SYSTEM, EVERYTHING, website.id, on=False)
    assert not works(issued.clear_text, NOW)
    websites.switch(db.session(), SYSTEM, EVERYTHING, website.id, on=True)
    assert works(issued.clear_text, NOW)


def test_the_log_names_keys_without_giving_them_away(website: Website) -> None:
    old = actions.issue(db.session(), SYSTEM, website.id, "Server")
    new = actions.rotate(db.session(), SYSTEM, website.id, old.key.id, OVERLAP, NOW)
    actions.revoke(db.session(), SYSTEM, website.id, old.key.id, NOW)
    secret = websites.rotate_webhook_secret(
        db.session(), SYSTEM, EVERYTHING, website.id, OVERLAP, NOW
    )
    events = db.session.scalars(select(Event).order_by(Event.id)).all()
    assert [event.name for event in events] == [
        "website.key_issued",
        "website.key_rotated",
        "website.key_issued",
        "website.key_revoked",
        "website.webhook_secret_rotated",
    ]
    written = "".join(f"{event.changes}{event.meta}" for event in events)
    for clear in (old.clear_text, new.clear_text, secret):
        assert clear not in written
    assert old.key.prefix in written


def test_use_is_noted_at_most_once_a_minute(website: Website) -> None:
    key = actions.issue(db.session(), SYSTEM, website.id, "Server").key
    for seconds, noted in ((0, 0), (59, 0), (60, 60)):
        queries.touch(db.session(), key, NOW + timedelta(seconds=seconds))
        db.session.expire_all()
        assert key.last_used_at == NOW + timedelta(seconds=noted)


def test_the_old_webhook_secret_signs_for_a_while(website: Website) -> None:
    first = website.webhook_secret
    with time_machine.travel(NOW, tick=False) as clock:
        second = websites.rotate_webhook_secret(
            db.session(), SYSTEM, EVERYTHING, website.id, OVERLAP, NOW
        )
        assert website.signing_secrets() == [second, first]
        clock.shift(OVERLAP)
        assert website.signing_secrets() == [second]
