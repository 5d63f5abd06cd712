"""The demo source website, in a directory of its own; and a hub with the demo in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.extensions import db
from demo.load import load_demo
from demo.settings import SiteSettings
from demo.source_site import create_site
from demo.source_site.site import Site
from tests.harness import servers
from tests.harness.isolation import dispose, make_app

SECRET = "whsec_c2VjcmV0IG9mIHRoZSB0ZXN0cyBhbmQgbm9ib2R5IGVsc2U="
FORM = {
    "package_name": "World A+",
    "activity_date": f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d}",
    "time_slot": "10:00",
    "guest_count": "2",
    "customer_name": "Ada Sample",
    "customer_email": "ada@example.com",
    "customer_country_code": "+1",
    "customer_phone": "(202) 555-0147",
    "transport_type": "hotel_pickup",
    "hotel_name": "Palm Example Resort",
    "room_number": "7",
    "addon_0": "1",
    "special_requests": "Vegetarian",
}


@pytest.fixture
def demo_settings(tmp_path: Path) -> SiteSettings:
    """Nobody listens at the hub's address."""
    return SiteSettings(
        data_dir=tmp_path,
        onebooking_api_url="http://127.0.0.1:9",
        onebooking_webhook_secret=SECRET,
        onebooking_api_key="",
        website_id="hanuman-world",
    )


@pytest.fixture
def demo_app(demo_settings: SiteSettings) -> Flask:
    app = create_site(demo_settings)
    app.testing = True
    return app


@pytest.fixture
def site(demo_app: Flask) -> Site:
    found: Site = demo_app.extensions["site"]
    return found


@pytest.fixture
def visitor(demo_app: Flask) -> FlaskClient:
    """A browser on the demo site."""
    return demo_app.test_client()


@pytest.fixture
def booked(visitor: FlaskClient, site: Site) -> Callable[..., dict[str, Any]]:
    """Books through the form; returns the booking as the site holds it."""

    def book(**changes: str) -> dict[str, Any]:
        answer = visitor.post("/book", data=FORM | changes)
        assert answer.status_code == 303, answer.get_data(as_text=True)
        own = answer.headers["Location"].split("/")[-1].partition("?")[0]
        booking: dict[str, Any] = site.store.read()["bookings"][own]
        return booking

    return book


@pytest.fixture(scope="package")
def loaded(
    worker_id: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flask]:
    """A hub with the demo in it, for tests that only look."""
    url = servers.new_database(f"{worker_id}_demo")
    app = make_app(url, redis_url, data_dir=tmp_path_factory.mktemp("data"))
    assert load_demo(app) is True
    yield app
    dispose(app)
    servers.drop(url)


@pytest.fixture
def hub(loaded: Flask) -> Iterator[Session]:
    with loaded.app_context():
        yield db.session()
        db.session.rollback()
