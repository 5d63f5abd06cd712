"""Whoever brings the secret of a connection is heard; a storm of them asks for one pull."""

from __future__ import annotations

import io
import sys
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from app.extensions import db
from app.logs import configure_logs
from app.platforms.models import PlatformConnection
from tests.desk import build_house
from tests.factories import VenueFactory

pytestmark = pytest.mark.usefixtures("db_session")
SECRET = "correct-horse-of-the-test"
NEVER = None


@pytest.fixture
def connection(app: Flask, db_session: object) -> PlatformConnection:
    build_house(app)
    made = PlatformConnection(
        website_id="ours",
        venue_id=VenueFactory.create(website_id="ours").id,
        platform_type="covermanager",
        webhook_secret=SECRET,
    )
    db.session.add(made)
    db.session.flush()
    return made


def address(connection: PlatformConnection, *more: str) -> str:
    return "/".join((f"/api/webhooks/platforms/{connection.platform_type}/{connection.id}", *more))


def wanted(connection: PlatformConnection) -> datetime | None:
    db.session.expire_all()
    return connection.sync_wanted_at


def test_the_secret_is_heard_in_a_header_or_in_the_address(
    client: FlaskClient, connection: PlatformConnection
) -> None:
    said = client.post(address(connection), headers={"X-Platform-Secret": SECRET}, data=b"\xff{")
    assert (said.status_code, said.json) == (202, {"success": True, "pulled": True})
    assert wanted(connection)
    connection.sync_wanted_at = None
    assert client.post(address(connection, SECRET)).status_code == 202
    assert wanted(connection)


@pytest.mark.parametrize("secret", ["", "wrong", SECRET + "x", "ü"])
def test_another_secret_is_not(
    client: FlaskClient, connection: PlatformConnection, secret: str
) -> None:
    where = address(connection)
    said = client.post(where, headers={"X-Platform-Secret": secret.encode().decode("latin-1")})
    assert (said.status_code, wanted(connection)) == (401, NEVER)
    connection.webhook_secret = None
    assert client.post(where, headers={"X-Platform-Secret": ""}).status_code == 401


def test_another_connection_or_type_is_not_there(
    client: FlaskClient, connection: PlatformConnection
) -> None:
    bring = {"X-Platform-Secret": SECRET}
    other = address(connection).replace("covermanager", "restoo")
    assert client.post(other, headers=bring).status_code == 404
    nobody = address(connection).replace(str(connection.id), str(uuid4()))
    assert client.post(nobody, headers=bring).status_code == 404
    assert client.post(nobody[:-4], headers=bring).status_code == 404
    assert client.get(address(connection), headers=bring).status_code == 405
    assert wanted(connection) is NEVER


def test_one_that_is_switched_off_is_not_pulled(
    client: FlaskClient, connection: PlatformConnection
) -> None:
    connection.is_enabled = False
    said = client.post(address(connection, SECRET))
    assert (said.status_code, said.json) == (202, {"success": True, "pulled": False})
    assert wanted(connection) is NEVER


def test_a_large_body_is_refused_unread(
    client: FlaskClient, connection: PlatformConnection
) -> None:
    said = client.post(address(connection, SECRET), data=b"x" * (64 * 1024 + 1))
    assert said.status_code == 413


def test_a_storm_writes_once_and_pulls_begin_apart(
    client: FlaskClient, connection: PlatformConnection
) -> None:
    begun = datetime.now(UTC)
    state = {"started_at": begun.isoformat()}
    db.session.execute(update(PlatformConnection).values(sync_state=state))
    answers = [client.post(address(connection, SECRET)) for _ in range(30)]
    assert {each.status_code for each in answers} == {202}
    assert wanted(connection) == begun + timedelta(seconds=10)
    for each in answers:  # a slow machine may get back between two what the one before took
        left, most = (_number(each.headers[name]) for name in ("RateLimit", "RateLimit-Policy"))
        assert left < most, "counted for the address they come from"


def _number(header: str) -> int:
    """`"provider";r=299;t=1` or `"provider";q=300;w=60`: the first number."""
    return int(header.split(";")[1].partition("=")[2])


def test_secrets_in_addresses_are_not_logged(
    client: FlaskClient, connection: PlatformConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, lines = structlog.get_config(), io.StringIO()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", lines)
        configure_logs()
    client.post(address(connection, SECRET))
    client.post(address(connection, "a-wrong-secret"))
    structlog.configure(**kept)
    said = lines.getvalue()
    assert said.count("/<secret>") == 2
    assert SECRET not in said
    assert "a-wrong-secret" not in said
