"""The second wall: a web process that forgets its scope is shown nothing by PostgreSQL itself."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from app import create_app
from app.bookings.models import Booking
from app.customers.models import Customer
from app.deliveries.models import Delivery, Destination, SyncLog
from app.events.actions import record
from app.events.models import SYSTEM, Event, NewEvent
from app.extensions import db
from app.platforms.models import PlatformConnection, PlatformReservation
from app.runtime import embedded
from app.wall import ROLE, lifted, open_for, open_guests, wall
from tests.api.source import full_booking
from tests.factories import ApiKeyFactory, BookingFactory, VenueFactory, WebsiteFactory
from tests.harness.isolation import dispose

TABLES: tuple[Any, ...] = (
    *(Booking, Customer, Event, SyncLog, Delivery),
    *(PlatformConnection, PlatformReservation),
)
SOURCE_ID = "00000000-0000-4000-8000-000000000007"
OURS, THEIRS = frozenset({"ours"}), frozenset({"theirs"})
pytestmark = pytest.mark.committed


def fill(session: Session) -> None:
    """One row of every kind for each of two websites."""
    for website in ("ours", "theirs"):
        WebsiteFactory(id=website)
        ApiKeyFactory(website_id=website)
        booking = BookingFactory(website_id=website)
        event = NewEvent("booking.updated", "booking", str(booking.id), website_id=website)
        event_id = record(session, SYSTEM, event)
        place = Destination(key=f"website:{website}", channel="webhook", label=website)
        session.add_all([place, call_of(website)])
        session.flush()
        waiting = {"channel": "webhook", "lane": str(booking.id), "position": 1, "state": "failed"}
        ids = {"event_id": event_id, "destination_id": place.id, "website_id": website}
        session.add(Delivery(**ids, **waiting))
        connect(session, booking)
    session.commit()


def connect(session: Session, booking: Booking) -> None:
    """A platform of its website, and its reservation there."""
    venue, website = VenueFactory(website_id=booking.website_id), booking.website_id
    place = PlatformConnection(venue_id=venue.id, website_id=website, platform_type="covermanager")
    session.add(place)
    session.flush()
    ids = {"website_id": website, "connection_id": place.id, "booking_id": booking.id}
    session.add(PlatformReservation(**ids, is_ours=True, state="live"))


def call_of(website: str) -> SyncLog:
    """The log row of a call."""
    said = {"direction": "inbound", "event_type": "x", "door": "x", "status": "success"}
    return SyncLog(website_id=website, **said)


@pytest.fixture
def serving(app: Flask) -> Iterator[Flask]:
    """The app of a web process, where each of two websites has one row of every kind."""
    with app.app_context():
        fill(db.session())
        db.session.remove()
    serving = create_app(app.extensions["settings"], serves_web=True)
    yield serving
    dispose(serving)
    wall.stands = False


@pytest.fixture
def web(serving: Flask) -> Iterator[Session]:
    """A session of that process."""
    with serving.app_context():
        yield db.session()
        db.session.remove()


def counts(session: Session) -> set[int]:
    """How many rows queries without any scope see: one number where all tables agree."""
    return {session.scalar(select(func.count()).select_from(table)) or 0 for table in TABLES}


@pytest.mark.parametrize("cli", [True, False])
def test_commands_see_everything_and_served_pages_do_not(app: Flask, cli: bool) -> None:
    environment = os.environ | {"DATABASE_URL": app.extensions["settings"].database_url}
    program = "from wsgi import app; from app.wall import wall; print(wall.stands)"
    said = {"FLASK_RUN_FROM_CLI": "true"} if cli else {}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment | said, capture_output=True, check=True
    )
    assert done.stdout.split()[-1:] == [b"False" if cli else b"True"]


def test_the_launcher_makes_the_role_that_is_meant() -> None:
    """Named twice, since the launcher does not import the app."""
    assert embedded.DESK == ROLE


def test_a_query_that_forgot_its_scope_returns_nothing(web: Session) -> None:
    assert counts(web) == {0}
    assert web.scalar(text("SELECT current_user")) == ROLE


def test_it_returns_only_what_is_open(web: Session) -> None:
    open_for(web, OURS)
    assert counts(web) == {1}
    assert web.scalars(select(Booking.website_id)).all() == ["ours"]
    open_for(web, OURS | THEIRS)
    assert counts(web) == {2}


def test_who_may_see_everything_sees_everything(web: Session) -> None:
    open_for(web, None)
    assert counts(web) == {2}


def test_what_is_open_lasts_for_the_request_and_not_a_transaction_longer(web: Session) -> None:
    open_for(web, OURS)
    web.commit()
    assert counts(web) == {1}
    web.rollback()
    assert counts(web) == {1}
    with web.begin_nested() as undo:
        undo.rollback()
    assert counts(web) == {1}
    db.session.remove()
    assert counts(db.session()) == {0}  # the same connection, the next request


def test_a_failed_statement_leaves_nothing_open(web: Session) -> None:
    open_for(web, None)
    with pytest.raises(ProgrammingError, match="nothing"):
        web.execute(text("SELECT nothing FROM nowhere"))
    db.session.remove()
    assert counts(db.session()) == {0}


def test_rows_of_others_cannot_be_written(web: Session) -> None:
    open_for(web, OURS)
    changed = web.execute(update(Booking).where(Booking.website_id == "theirs").values(version=9))
    assert changed.rowcount == 0  # type: ignore[attr-defined]
    with pytest.raises(ProgrammingError, match="row-level security"):
        web.execute(update(Booking).values(website_id="theirs"))
    web.rollback()
    web.add(call_of("theirs"))
    with pytest.raises(ProgrammingError, match="row-level security"):
        web.flush()


def test_lifting_ends_where_it_says_also_on_an_error(web: Session) -> None:
    open_for(web, OURS)
    with lifted(web):
        assert counts(web) == {2}
        with lifted(web):
            assert counts(web) == {2}
        assert counts(web) == {2}
    assert counts(web) == {1}
    with pytest.raises(ZeroDivisionError), lifted(web):
        raise ZeroDivisionError
    assert counts(web) == {1}


def test_everybody_may_have_logged_what_they_did(web: Session) -> None:
    event = NewEvent("login.failed", "user", "nobody")
    record(web, SYSTEM, event)
    assert counts(web) == {0}


def test_a_key_opens_its_website_and_the_look_for_a_guest(web: Session, serving: Flask) -> None:
    """The guest of the other website is the same person: found by phone, not made again."""
    with lifted(web):
        theirs = web.scalars(select(Customer).order_by(Customer.created_at.desc())).first()
        assert theirs is not None
        known, phone = theirs.id, theirs.phone
    guest = {"name": "Demo Guest", "email": "guest@example.com", "phone": phone}
    headers = {"X-API-Key": "ours_sk_test"}
    client = FlaskClient(serving)
    for status in (201, 409):  # the refused call leaves its row, too
        body = full_booking(
            customer=guest, source_booking_id=str(uuid.UUID(SOURCE_ID)), guest_count=status
        )
        answer = client.post("/api/bookings/sync", json=body, headers=headers)
        assert answer.status_code == status
    open_for(web, OURS)
    made = web.scalars(
        select(Booking).where(Booking.source_booking_id == uuid.UUID(SOURCE_ID))
    ).one()
    assert made.customer_id == known
    logged = select(SyncLog.http_status).where(SyncLog.http_status.is_not(None))
    assert web.scalars(logged.order_by(SyncLog.id)).all() == [201, 409]


def test_making_a_booking_shows_all_guests_until_it_is_made(web: Session) -> None:
    guests = select(func.count()).select_from(Customer)
    open_for(web, OURS)
    open_guests(web)
    assert (web.scalar(guests), web.scalars(select(Booking.website_id)).all()) == (2, ["ours"])
    web.rollback()
    assert web.scalar(guests) == 1
    open_guests(web)
    web.commit()
    assert web.scalar(guests) == 1


def test_nobody_who_sees_nothing_sees_more_than_guests(web: Session) -> None:
    open_guests(web)
    assert web.scalar(select(func.count()).select_from(Booking)) == 0
