"""Schemathesis at every JSON door: whatever is sent, the answer is a documented one.

It makes its calls from the document that is served: the examples, every limit of every field, then
chance (always the same chance), and stories that follow the links; over HTTP, with real
credentials. What it must never find: a 5xx, an answer that is not documented or not of its shape,
faulty input that is taken, a call that works without its credentials.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import update

from app.api.schemas import examples
from app.api.schemas.customer_examples import BATCH, TRAVELER
from app.api.schemas.customer_examples import TREK as TREK_ID
from app.api.schemas.platforms import NEW
from app.extensions import db
from app.messaging.models import MessageSettings
from app.staff.actions import Lifetime, open_session
from app.staff.tokens import write_token
from app.staff.visitor import Visitor
from app.travelers.models import Traveler
from app.venues.models import Activity, Departure, OpeningHours
from demo.standins.covermanager.book import Book, Restaurant
from demo.standins.covermanager.server import Standin
from tests.factories import (
    ApiKeyFactory,
    BookingFactory,
    VenueFactory,
    WebsiteFactory,
    partner_at,
    person,
)
from tests.harness.live import Stack, StackFactory
from tests.signin.people import signed_in_customer
from tests.standins.serving import serving
from tests.venues.made import TREK, a_venue, an_activity

pytestmark = [pytest.mark.slow, pytest.mark.committed]

HOUR = Lifetime("api", timedelta(hours=1))
KEY = "hanuman-world_sk_fuzz"
RESELLER = "reef_sk_fuzz"
CUSTOMER: dict[str, str] = {}
OPEN, SHUT = time(9), time(17)
EXAMPLES, STORIES = 15, 40
SECONDS = 90
REFUSED = {
    "POST /api/v1/auth/login",  # nobody guesses a password
    "POST /api/v1/customer/auth/verify-otp",  # nor a code
    "POST /api/v1/customer/auth/refresh",
    "DELETE /api/v1/customer/auth/devices/{device_id}",
    # Further down a story than they go: `tests/treks` confirms.
    "POST /api/v1/customer/bookings/{booking_id}/confirm",
    # Nobody guesses its secret.
    "POST /api/webhooks/platforms/{platform_type}/{connection_id}",
    "POST /api/webhooks/platforms/{platform_type}/{connection_id}/{secret}",
    "PUT /api/table-bookings/{reference}",  # DELETE came first, and cancelled the example's
}
UNCHECKED = (
    # What a body must hold beyond its shape (free ids, moves of a status, …) no schema can say.
    "positive_data_acceptance",
    # Revoking a key twice is no fault, and a revoked key can still be looked at.
    "use_after_free",
)


def fill(app: Flask) -> str:
    """A website with a key and a booking, and somebody who may do everything: their token."""
    with app.app_context():
        WebsiteFactory.create(id="hanuman-world")
        own = ["manage:bookings", "manage:table_bookings"]
        ApiKeyFactory.create(website_id="hanuman-world", clear=KEY, scopes=own)
        BookingFactory.create(website_id="hanuman-world")
        venue = a_venue("hanuman-world")
        an_activity(venue, kind="dive")
        a_table_to_book()
        scopes = ["manage:bookings", "read:availability"]
        ApiKeyFactory.create(
            website_id=None, partner_id=partner_at(venue).id, clear=RESELLER, scopes=scopes
        )
        signed = open_session(
            db.session(), person("superadmin"), Visitor("127.0.0.1"), HOUR, datetime.now(UTC)
        )
        token = write_token(app.extensions["settings"], signed.session)
        a_trek_to_ask_for(app)
        db.session.commit()
        return token


def a_trek_to_ask_for(app: Flask) -> None:
    """A trek, SMS that are kept here, and a customer who is signed in: their token."""
    trek = an_activity(a_venue("hanuman-world", "Trailhead"), **TREK)
    db.session.execute(update(Activity).values(id=UUID(TREK_ID)).where(Activity.id == trek.id))
    leaves = {"day": date(2090, 3, 5), "time": time(6, 30), "capacity": 500}
    db.session.add(Departure(id=UUID(BATCH), activity_id=UUID(TREK_ID), **leaves))
    db.session.add(MessageSettings(website_id="hanuman-world", sms_by="capture"))
    signed = signed_in_customer(app)
    known = Traveler(id=UUID(TRAVELER), customer_id=signed.customer.id, name="Demo Traveler")
    db.session.add(known)
    CUSTOMER["token"] = signed.headers["Authorization"].partition(" ")[2]


def a_table_to_book() -> None:
    """What the examples of the document name: a venue, and a booking there."""
    there = VenueFactory.create(id=UUID(examples.VENUE), website_id="hanuman-world")
    week = [OpeningHours(venue_id=there.id, weekday=n, opens=OPEN, closes=SHUT) for n in range(7)]
    db.session.add_all(week)
    table = an_activity(there, name="Table", kind="table", times="12:30", capacity="")
    BookingFactory.create(
        website_id="hanuman-world",
        booking_ref=examples.REFERENCE,
        kind="table",
        venue_id=there.id,
        activity_id=table.id,
        activity_date=date(2090, 3, 5),
        starts_at=datetime(2090, 3, 5, 5, 30, tzinfo=UTC),
        time_slot="12:30",
    )


def covermanager() -> Standin:
    """Where the account of the document's example works."""
    said = NEW["CoverManager"]["account"]
    place = Restaurant(said["restaurant"], "Example", "Valletta")
    made = Standin(Book({place.slug: place}), {said["api_key"]: True})
    made.ways.per_minute = 10_000
    return made


def configure(home: Path, token: str) -> Path:
    """Schemathesis' own settings, with the credentials: they are on no command line."""
    path = home / "schemathesis.toml"
    path.write_text(
        f'[auth.openapi.bearer]\nbearer = "{token}"\n[auth.openapi.apiKey]\napi_key = "{KEY}"\n'
        f'[auth.openapi.partnerKey]\nbearer = "{RESELLER}"\n'
        f'[auth.openapi.customerToken]\nbearer = "{CUSTOMER["token"]}"\n'
        f"[generation]\nmax-examples = {EXAMPLES}\n"
        f"[phases.stateful.generation]\nmax-examples = {STORIES}\n"
        + "".join(f"[checks.{name}]\nenabled = false\n" for name in UNCHECKED)
    )
    return path


def fuzz(stack: Stack, token: str, report: Path) -> subprocess.CompletedProcess[str]:
    """One run. Its exit code is 0 when nothing was found."""
    program = Path(sys.executable).with_name("st")
    return subprocess.run(
        [
            *(program, f"--config-file={configure(stack.home, token)}", "run"),
            *(f"{stack.url}/api/openapi.json", "--seed=1", "--generation-deterministic"),
            *("--workers=2", "--continue-on-failure"),
            *("--report=json", f"--report-json-path={report}", "--no-color"),
            *("--suppress-health-check=all", "--warnings=off"),
        ],
        cwd=stack.home,
        env={**os.environ, "SCHEMATHESIS_HOOKS": ""},
        capture_output=True,
        text=True,
        timeout=4 * SECONDS,
        check=False,
    )


def test_whatever_is_sent_the_answer_is_documented(
    live_stack: StackFactory, tmp_path: Path
) -> None:
    tokens: list[str] = []
    report = tmp_path / "report.json"
    with serving(covermanager().app()) as platform:
        more = {"RATE_LIMITS": "off", "COVERMANAGER_URL": platform}
        stack = live_stack(workers=0, fill=lambda app: tokens.append(fill(app)), **more)
        run = fuzz(stack, tokens[0], report)
    assert run.returncode == 0, run.stdout[-20_000:] + run.stderr[-2_000:]
    found = json.loads(report.read_text())
    assert found["complete"]
    assert found["operations"]["tested"] == found["operations"]["total"] >= 15
    assert found["test_cases"]["generated"] > 1_000
    assert never_taken(found) <= REFUSED, "only refusals were seen there"


def never_taken(report: dict[str, Any]) -> set[str]:
    """The calls of which none succeeded."""
    return {
        call
        for call, phases in report["valid_rates"].items()
        if not any(rates["accepted"] for rates in phases.values())
    }
