"""A restaurant with a platform in memory, to be pulled: no calls, pages of any size, faults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine, delete, func, select, update

from app.bookings.models import Booking
from app.events.models import Outbox
from app.extensions import db
from app.platforms.base import (
    Account,
    Capability,
    Checked,
    FormField,
    Kind,
    Page,
    Platform,
    PlatformError,
    Reservation,
    Send,
    Wanted,
)
from app.platforms.models import PlatformConnection, PlatformReservation
from app.platforms.puller import look
from app.venues.models import Activity, Venue
from tests.tables.made import a_restaurant

STATUSES = {"on": "confirmed", "seated": "checked_in", "off": "cancelled", "reminded": "confirmed"}


@dataclass(repr=False)
class Shelf:
    """What the platform holds, and what happens when it is asked."""

    rows: dict[str, Reservation] = field(default_factory=dict)
    page_size: int = 1000
    faults: list[PlatformError] = field(default_factory=list)
    asked: list[tuple[date, date, int | None]] = field(default_factory=list)
    meanwhile: Callable[[], Any] = lambda: None
    """Called while it is asked."""
    endless: bool = False

    def put(self, external_id: str, **said: Any) -> Reservation:
        """A reservation as it stands there from now on: what is not said stays."""
        usual: dict[str, Any] = {
            "day": tomorrow(),
            "time": "20:00",
            "party_size": 2,
            "raw_status": "on",
        }
        before = self.rows.get(external_id) or Reservation(external_id, **usual)
        self.rows[external_id] = replace(before, **said)
        return self.rows[external_id]

    def page(self, first: date, last: date, page: int | None) -> Page:
        self.asked.append((first, last, page))
        self.meanwhile()
        if self.faults:
            raise self.faults.pop(0)
        found = [row for row in self.rows.values() if row.day is None or first <= row.day <= last]
        if self.endless:
            return Page(found, (page or 0) + 1)
        start = (page or 0) * self.page_size
        more = start + self.page_size < len(found)
        return Page(found[start : start + self.page_size], (page or 0) + 1 if more else None)


class Pub(Platform):
    platform_name = "Pub"
    capabilities = frozenset({Capability.LIST})

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    def check_wanted(self, wanted: Wanted) -> None:
        return None

    async def check_auth(self) -> Checked:
        raise NotImplementedError

    async def create_reservation(self, wanted: Wanted, *, force: bool = False) -> Reservation:
        raise NotImplementedError

    async def cancel_reservation(self, external_id: str, *a: Any, **k: Any) -> Reservation:
        raise NotImplementedError

    async def list_reservations(self, first: date, last: date, page: int | None = None) -> Page:
        return self.shelf.page(first, last, page)


def kind_of(shelf: Shelf) -> Kind:
    def opened(account: Account, send: Send) -> Pub:
        return Pub(shelf)

    return Kind("pub", "Pub", (FormField("token", "Token"),), (), STATUSES, opened)


def tomorrow() -> date:
    return datetime.now(UTC).date() + timedelta(days=1)


@dataclass(repr=False)
class House:
    """The Anchor and its connection; `pull` is what a worker does."""

    shelf: Shelf
    engine: Engine
    venue: Venue
    service: Activity
    connection_id: Any

    @property
    def connection(self) -> PlatformConnection:
        db.session.rollback()
        db.session.expire_all()
        return db.session.get_one(PlatformConnection, self.connection_id)

    def due(self) -> None:
        """It is time for a pull."""
        db.session.rollback()
        now = {"sync_due_at": None, "updated_at": PlatformConnection.updated_at}
        db.session.execute(update(PlatformConnection).values(now))
        db.session.commit()

    def pull(self, stopping: Callable[[float], bool] = lambda seconds: False) -> dict[str, Any]:
        """One turn, now. Returns how it stands."""
        self.due()
        assert look(self.engine, stopping)
        return self.connection.sync_state

    def bookings(self) -> dict[str, Booking]:
        """By the id of their reservation there."""
        db.session.rollback()
        db.session.expire_all()
        query = db.session.query(PlatformReservation.external_id, Booking).join(
            Booking, Booking.id == PlatformReservation.booking_id
        )
        return {str(row[0]): row[1] for row in query}

    def row(self, external_id: str) -> PlatformReservation:
        db.session.rollback()
        db.session.expire_all()
        query = db.session.query(PlatformReservation).filter_by(external_id=external_id)
        return query.one()


def a_house(shelf: Shelf) -> House:
    """In the database of the test, committed."""
    place = a_restaurant()
    connection = PlatformConnection(
        website_id="ours",
        venue_id=place.venue.id,
        platform_type="pub",
        configuration={"token": "pub-token-12"},
        webhook_secret="hush-hush-hush",
    )
    db.session.add(connection)
    db.session.commit()
    return House(shelf, db.engine, place.venue, place.lunch, connection.id)


def all_is_heard() -> None:
    """All that was to be dispatched has been: nothing is on its way."""
    db.session.rollback()
    db.session.execute(delete(Outbox))
    db.session.commit()


def ours(pub: House, **row: object) -> Booking:
    """A booking of the desk, and its reservation there."""
    pub.shelf.put("X0", name="Model")
    pub.pull()
    all_is_heard()
    booking = pub.bookings()["X0"]
    pub.shelf.rows.clear()
    values = {"is_ours": True, "external_id": "O1", **row}
    db.session.execute(update(PlatformReservation).values(**values))
    db.session.execute(
        update(Booking).values(source="phone", source_booking_id=uuid4(), booking_ref="TB-OURS")
    )
    db.session.commit()
    return booking


def count_bookings() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Booking)) or 0
