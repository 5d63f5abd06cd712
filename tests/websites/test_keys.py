"""Keys and secrets: shown once, replaced with an overlap, ended at once."""

import re
import zlib
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from app.apikeys import actions, queries
from app.crypto import hash_secret
from app.errors import Conflict, NotFound
from app.events.models import SYSTEM, Event
from app.extensions import db
from app.staff.scope import EVERYTHING
from app.websites import actions as websites
from app.websites.models import Website
from tests.factories import WebsiteFactory

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
OVERLAP = timedelta(hours=24)
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
    assert re.fullmatch(r"ours_sk_[A-Za-z0-9]{32}_[0-9a-f]{8}", issued.clear_text)
    body, _, checksum = issued.clear_text.rpartition("_")
    assert int(checksum, 16) == zlib.crc32(body.encode())
    assert issued.key.key_hash == hash_secret(issued.clear_text)
    assert issued.clear_text.startswith(issued.key.prefix)
    assert len(issued.key.prefix) == len("ours_sk_") + 4
    assert works(issued.clear_text, NOW)
    assert not works(issued.clear_text[:-1], NOW)


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


def test_a_second_rotation_does_not_lengthen_the_first(website: Website) -> None:
    old = actions.issue(db.session(), SYSTEM, website.id, "Server")
    actions.rotate(db.session(), SYSTEM, website.id, old.key.id, OVERLAP, NOW)
    actions.rotate(db.session(), SYSTEM, website.id, old.key.id, OVERLAP, NOW + timedelta(hours=23))
    assert not works(old.clear_text, NOW + OVERLAP)


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
