"""What the operator's machines read: doors, bookings, payments, messages, alerts; nobody's data."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import select

from app.alerts import calls, metrics
from app.alerts.calls import BOOKINGS, Recorder
from app.alerts.metrics import door_of
from app.alerts.models import Alert, CallMinute
from app.deliveries.models import Destination
from app.extensions import db
from app.payments.models import Payment
from tests.api.source import full_booking
from tests.factories import ApiKeyFactory, BookingFactory, WebsiteFactory

pytestmark = pytest.mark.usefixtures("db_session")
KEY = {"X-API-Key": "ours_sk_test"}


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    made = Recorder()
    monkeypatch.setattr(metrics, "recorder", made)
    monkeypatch.setattr(calls, "recorder", made)
    return made


def figures(client: FlaskClient) -> dict[tuple[str, ...], float]:
    found = {}
    for family in text_string_to_metric_families(client.get("/metrics").text):
        for sample in family.samples:
            found[sample.name, *sample.labels.values()] = sample.value
    return found


@pytest.mark.parametrize(
    ("blueprint", "door"),
    [
        ("api_sync", "sync"),
        ("api_partner_bookings", "partner"),
        ("api_tables", "tables"),
        ("octo", "octo"),
        ("octo_of", "octo"),
        ("api_reference", None),
        ("bookings", None),
        ("", None),
    ],
)
def test_doors(blueprint: str, door: str | None) -> None:
    assert door_of(blueprint) == door


def test_calls_are_counted_by_door(client: FlaskClient, recorder: Recorder) -> None:
    WebsiteFactory(id="ours")
    ApiKeyFactory(website_id="ours")
    before = figures(client)
    for body, status in ((full_booking(), 201), ({"event": "nonsense"}, 422)):
        answer = client.post("/api/bookings/sync", json=body, headers=KEY)
        assert answer.status_code in (status, 400)
    client.get("/login")
    client.get("/healthz")
    after = figures(client)

    def grown(*name: str) -> float:
        return after.get(name, 0) - before.get(name, 0)

    assert grown("onebooking_bookings_total", "sync", "accepted") == 1
    assert grown("onebooking_bookings_total", "sync", "refused") == 1
    assert grown("onebooking_api_seconds_count", "sync") == 2
    recorder.flush(db.session())
    rows = {row.door: row for row in db.session.scalars(select(CallMinute))}
    assert rows.keys() == {"sync", BOOKINGS}, "a page is no call"
    assert (rows["sync"].calls, rows["sync"].refusals, rows["sync"].errors) == (2, 1, 0)
    assert sum(rows["sync"].over.values()) == 2


def test_a_failure_of_ours_is_an_error(
    client: FlaskClient, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    WebsiteFactory(id="ours")
    ApiKeyFactory(website_id="ours")

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("app.api.sync.receive", broken)
    answer = client.post("/api/bookings/sync", json=full_booking(), headers=KEY)
    assert answer.status_code == 500
    (tally,) = [tally for (_, door), tally in recorder.take().items() if door == "sync"]
    assert (tally.calls, tally.errors) == (1, 1)


def test_counting_fails_no_call(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(Recorder, "call", broken)
    assert client.post("/api/bookings/sync", json={}).status_code == 401


def test_what_the_database_knows(client: FlaskClient) -> None:
    site = WebsiteFactory(id="ours")
    booking = BookingFactory(website_id="ours", status="completed")
    today = datetime.now(UTC).date()
    BookingFactory(website_id="ours", status="no_show", activity_date=today)
    BookingFactory(website_id="ours", status="completed", activity_date=today)
    for state in ("completed", "completed", "declined"):
        what = {"kind": "deposit", "amount": Decimal(5), "currency": "EUR", "state": state}
        db.session.add(Payment(website_id=site.id, booking_id=booking.id, **what))
    long = datetime.now(UTC) - timedelta(minutes=20)
    db.session.add(Destination(channel="webhook", key="x", label="x", failing_since=long))
    db.session.add(Alert(condition="destination", key="x", message="x"))
    db.session.flush()
    found = figures(client)
    assert found["onebooking_payments", "deposit", "completed"] == 2
    assert found["onebooking_payments", "deposit", "declined"] == 1
    assert found["onebooking_no_show_ratio",] == 0.5
    assert found["onebooking_destinations_failing",] == 1
    assert found["onebooking_alerts", "destination"] == 1
    assert found["onebooking_alerts", "database"] == 0
    assert found["onebooking_schedule_late",] == 0
