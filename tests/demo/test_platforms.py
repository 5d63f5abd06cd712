"""What the demo's restaurant holds, and what its stand-in for CoverManager holds, is the same."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.bookings.models import Booking
from app.deliveries.models import Delivery
from app.platforms.models import PlatformConnection, PlatformReservation
from demo.platforms import WORDS, kept_at
from demo.standins.covermanager.anchor import anchor
from demo.standins.covermanager.book import Book
from tests.demo.test_load import home


@pytest.fixture
def book(loaded: Flask) -> Book:
    """As the stand-in finds it when it starts."""
    return Book.load(anchor(), kept_at(home(loaded), "covermanager"))


def test_both_platforms_are_connected_in_an_order(hub: Session) -> None:
    query = select(PlatformConnection).order_by(PlatformConnection.priority)
    there = hub.scalars(query).all()
    assert [each.platform_type for each in there] == ["covermanager", "restoo"]
    assert all(each.is_enabled and each.configuration for each in there)


def test_each_side_knows_the_reservations_of_the_other(hub: Session, book: Book) -> None:
    query = select(PlatformReservation, Booking).join(
        Booking, Booking.id == PlatformReservation.booking_id
    )
    found = [(row[0], row[1]) for row in hub.execute(query)]
    assert {row.external_id for row, _ in found} == set(book.reservations)
    for row, booking in found:
        held = book.reservations[str(row.external_id)]
        told = (held.date, held.hour, held.people)
        day = booking.activity_date.isoformat()
        assert told == (day, booking.time_slot, booking.guest_count)
        assert held.status == row.raw_status
        assert held.status in {"1", *WORDS.values()}
    assert {booking.source == "platform" for _, booking in found} == {True, False}


def test_every_table_to_come_is_there_and_nothing_waits(hub: Session, book: Book) -> None:
    coming = hub.scalars(
        select(Booking.id).where(
            Booking.website_id == "the-anchor",
            Booking.kind == "table",
            Booking.status == "confirmed",
            Booking.starts_at > datetime.now(UTC),
        )
    ).all()
    known = set(hub.scalars(select(PlatformReservation.booking_id)))
    assert coming
    assert known.issuperset(coming)
    assert hub.scalars(select(Delivery.id).where(Delivery.channel == "platform")).all() == []


def test_a_new_reservation_there_has_a_new_number(book: Book) -> None:
    said = {"restaurant": anchor().slug, "date": "2030-01-07", "hour": "20:00", "people": "2"}
    book.path = None
    before = set(book.reservations)
    made = book.reserve({**said, "first_name": "New"}, force=False)
    assert made.id not in before
