"""Bringing in many bookings of the past at once: the same rows, places and events as `writing`
makes one by one, in a few statements for all. Nobody is told of them: they are nothing new.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from app.bookings import standing, telling
from app.bookings.arrivals import TRAVELERS, here
from app.bookings.claims import HELD, claim_of, time_of, written_keys
from app.bookings.models import Booking
from app.bookings.stamps import Stamp
from app.bookings.writing import beside, with_empty
from app.customers.actions import Known
from app.events.actions import record_many
from app.events.models import Actor
from app.rows import insert_rows
from app.travelers.models import BookingTraveler
from app.venues import finding
from app.venues.capacity import take_all
from app.venues.models import Venue
from app.websites.models import Website

_BOOKINGS = cast(Table, Booking.__table__)
_TRAVELERS = cast(Table, BookingTraveler.__table__)
Row = dict[str, Any]


@dataclass(frozen=True)
class Brought:
    """A booking as it stood somewhere else."""

    values: Mapping[str, Any]
    """Fields, `stated_status` among them, and `activity_id`: None where nobody knows it here."""
    customer: Known
    source: str
    source_booking_id: UUID
    more: Mapping[str, Any] = field(default_factory=dict)
    """Columns that are no fields: `kind`, `source_status`, and when it was made or called off."""


def existing(session: Session, website_id: str, source_ids: Collection[UUID]) -> set[UUID]:
    """Which of these ids are used by a booking of the website."""
    query = select(Booking.source_booking_id).where(Booking.website_id == website_id)
    return set(session.scalars(query.where(Booking.source_booking_id.in_(source_ids))))


def enter_all(
    session: Session, actor: Actor, website: Website, brought: Sequence[Brought], now: datetime
) -> list[UUID]:
    """Insert bookings with their travelers and `booking.created`, and count their places, whether
    there is room or not. Their source ids are not used yet. Returns their ids, in this order.
    """
    if not brought:
        return []
    filled = [_filled(website, one, now) for one in brought]
    venues = _venues(session, filled)
    placed = _places(session, filled)
    rows = [
        _row(session, website, one, fields, places, now)
        for one, fields, places in zip(brought, filled, placed, strict=True)
    ]
    _insert(session, rows)
    events = [
        telling.of_new(row, fields, one.customer.key, dispatch=False)
        for one, fields, row in zip(brought, filled, rows, strict=True)
    ]
    record_many(session, actor, events)
    del venues  # their clocks were at hand until here
    standing.follow_all(session, [standing.of_values(row) for row in rows])
    return [row["id"] for row in rows]


def _venues(session: Session, filled: Sequence[Row]) -> Sequence[Venue]:
    """The venues, read once: the session knows them as long as somebody holds them."""
    ids = {fields["venue_id"] for fields in filled} - {None}
    return session.scalars(select(Venue).where(Venue.id.in_(ids))).all()


def _filled(website: Website, one: Brought, now: datetime) -> Row:
    """All fields; every one counts as set now."""
    fields = with_empty(website, one.values, dict.fromkeys(one.values, Stamp(now)))
    return fields | {"arrived_count": here(fields[TRAVELERS])}


def _places(session: Session, filled: Sequence[Row]) -> list[Row]:
    """Count the places of all, and return the columns that say where. Fills in the departures."""
    there = {time_of(fields) for fields in filled if fields["activity_id"]}
    found = finding.places_of(session, there) if there else {}
    places = [found[time_of(fields)] if fields["activity_id"] else None for fields in filled]
    placed: list[Row] = []
    for fields, place in zip(filled, places, strict=True):
        where = {"slot_key": place.key, "slot_keys": written_keys(place.sits)} if place else {}
        placed.append({**dict.fromkeys(HELD), **where})
        fields["departure_id"] = place.departure_id if place else None
    claims = [claim_of({**fields, **held}) for fields, held in zip(filled, placed, strict=True)]
    pairs = zip(claims, places, strict=True)
    over = iter(take_all(session, [(one, place.limits) for one, place in pairs if one and place]))
    for fields, claim in zip(filled, claims, strict=True):
        fields["overbooked"] = next(over) if claim else False
    return placed


def _row(
    session: Session, website: Website, one: Brought, fields: Row, places: Row, now: datetime
) -> Row:
    """All columns of a booking; of those that follow from the fields, history knows better."""
    follows = beside(session, website, fields, dict.fromkeys(one.values, Stamp(now)), now)
    named = {"customer_id": one.customer.id, "source": one.source}
    named["source_booking_id"] = one.source_booking_id
    named["traveler_count"] = len(fields[TRAVELERS])
    return {**fields, **places, **follows, **named, **one.more}


def _insert(session: Session, rows: Sequence[Row]) -> None:
    insert_rows(session, _BOOKINGS, rows)
    going = [
        {**who, "booking_id": row["id"], "website_id": row["website_id"], "position": place}
        for row in rows
        for place, who in enumerate(row[TRAVELERS])
    ]
    insert_rows(session, _TRAVELERS, going)
