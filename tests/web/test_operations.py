"""What the operator's machines are told."""

from collections.abc import Iterator
from typing import Any

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app import operations
from app.deliveries.models import State
from app.deliveries.status import Backlog
from app.events.actions import record
from app.events.models import SYSTEM, NewEvent
from app.extensions import db, redis_holder

pytestmark = pytest.mark.usefixtures("db_session")


@pytest.fixture
def no_redis() -> Iterator[None]:
    kept = redis_holder._client
    redis_holder.configure("redis://127.0.0.1:9/0")
    yield
    redis_holder._client = kept


def figures(client: FlaskClient) -> dict[tuple[str, str], float]:
    found = {}
    for family in text_string_to_metric_families(client.get("/metrics").text):
        for sample in family.samples:
            found[sample.name, ",".join(sample.labels.values())] = sample.value
    return found


def test_the_process_is_alive_whatever_else_is_down(client: FlaskClient, no_redis: None) -> None:
    assert client.get("/healthz").get_json() == {"status": "alive"}


def test_ready(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.get_json() == {
        "status": "ready",
        "checks": {
            "database": "up",
            "redis": "up",
            "migrations": "current",
            "oldest_due_seconds": None,
            "oldest_undispatched_seconds": None,
        },
    }


def test_without_redis_it_works_on(client: FlaskClient, no_redis: None) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()["status"]) == (200, "degraded")


def test_before_the_migrations_it_does_not(client: FlaskClient) -> None:
    db.session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()["checks"]["migrations"]) == (503, "behind")


def test_without_the_database_it_does_not(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise OperationalError("SELECT 1", {}, Exception("no connection"))

    monkeypatch.setattr("sqlalchemy.orm.Session.execute", away)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()["status"]) == (503, "unready")


def test_an_old_due_delivery_is_told(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.operations.backlog", lambda _: Backlog(500.0, None))
    answer = client.get("/readyz").get_json()
    assert (answer["status"], answer["checks"]["oldest_due_seconds"]) == ("degraded", 500.0)


def test_requests_are_counted_by_route(client: FlaskClient) -> None:
    key = ("http_requests_total", "GET,/login,200")
    before = figures(client).get(key, 0)
    client.get("/login?next=/secret-place")
    client.get("/nowhere/at/all")
    after = figures(client)
    assert after[key] == before + 1
    assert after["http_request_seconds_count", "/login"] >= 1
    assert ("http_requests_total", "(any),(none),404") in after
    assert "secret-place" not in str(after)


def test_what_is_still_to_be_sent(client: FlaskClient) -> None:
    record(db.session(), SYSTEM, NewEvent("booking.updated", "booking", "1", dispatch=True))
    found = figures(client)
    assert found["onebooking_outbox_events", ""] == 1
    assert found["onebooking_deliveries", State.FAILED.value] == 0
    assert found["onebooking_oldest_undispatched_seconds", ""] > 0
    assert found["onebooking_oldest_due_seconds", ""] == 0


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("192.0.2.7", {}, 403),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, 403),
        ("192.0.2.7", {"Authorization": "Bearer the-token"}, 200),
        ("192.0.2.7", {"Authorization": "Bearer another"}, 403),
        ("192.0.2.7", {"Authorization": "Bearer "}, 403),
    ],
)
def test_who_may_read_the_figures(
    app: Flask,
    monkeypatch: pytest.MonkeyPatch,
    address: str,
    headers: dict[str, str],
    status: int,
) -> None:
    monkeypatch.setattr(app.extensions["settings"], "metrics_token", SecretStr("the-token"))
    overrides = {"REMOTE_ADDR": address}
    answer = app.test_client().get("/metrics", headers=headers, environ_overrides=overrides)
    assert answer.status_code == status


def test_an_empty_token_opens_nothing(app: Flask) -> None:
    answer = app.test_client().get(
        "/metrics",
        headers={"Authorization": "Bearer "},
        environ_overrides={"REMOTE_ADDR": "192.0.2.7"},
    )
    assert answer.status_code == 403


def test_redis_is_really_asked(redis: redis.Redis) -> None:
    assert operations._redis() == "up"
