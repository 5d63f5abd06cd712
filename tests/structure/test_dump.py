"""What a thief of the database finds: no e-mail address, no key, no secret."""

from __future__ import annotations

import subprocess

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.engine import make_url

from app.bookings import actions
from app.bookings.models import Booking
from app.events.models import Actor
from app.extensions import db
from app.runtime.embedded import PG_BIN
from app.staff.scope import EVERYTHING
from tests.api.source import Source
from tests.factories import PASSWORD, ApiKeyFactory, UserFactory, WebsiteFactory

STAFF = Actor(kind="user", id="1", label="Demo Person", door="staff")
SECRET = "whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I="


def dump(url: str) -> str:
    target = make_url(url)
    plain = target.set(drivername="postgresql").render_as_string(hide_password=False)
    command = [str(PG_BIN / "pg_dump"), "--dbname", plain, "--inserts"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.mark.committed
def test_no_address_key_or_secret_is_in_clear(
    app: Flask, client: FlaskClient, committed_database: str
) -> None:
    with app.app_context():
        website = WebsiteFactory.create(webhook_secret=SECRET, webhook_url="http://127.0.0.1:9/x")
        ApiKeyFactory.create(website_id=website.id, clear="key_in_clear_0123456789")
        UserFactory.create(address="colleague@onebooking.test")
        db.session.commit()
    source = Source(client, "key_in_clear_0123456789")
    customer = {"name": "Quiet Guest", "email": "quiet.guest@example.com", "phone": None}
    body = source.create(customer=customer, event_id="e1")
    source.update(body, customer={"email": "second.address@example.com"})
    assert source.post({**body, "guest_count": -1}).status_code == 400
    client.post("/login", data={"email": "colleague@onebooking.test", "password": PASSWORD})
    with app.app_context():
        booking = db.session.query(Booking).one()
        changes = {"customer_email": "third.address@example.com", "admin_notes": "secret note"}
        actions.edit(db.session(), STAFF, EVERYTHING, booking.id, changes, booking.version)
        db.session.commit()
    text = dump(committed_database)
    assert "Quiet Guest" in text, "the dump is the right one"
    for secret in (
        *("quiet.guest@", "second.address@", "third.address@", "colleague@onebooking"),
        *("key_in_clear_0123456789", SECRET, PASSWORD),
    ):
        assert secret not in text, secret
