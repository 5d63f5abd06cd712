"""A manifest as a file: one line for everybody who goes, named or not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.bookings.status import Status
from app.events.actions import record
from app.events.models import Actor, NewEvent
from app.manifest.queries import Trip
from app.manifest.view import Party
from app.sheets import as_csv
from app.travelers.models import BookingTraveler

HEAD = (
    *("Reference", "Booked by", "Phone of who booked", "Status", "Traveler", "Primary contact"),
    *("Age", "Gender", "Phone", "Emergency contact", "Emergency phone", "Special requirements"),
)
HEALTH = "Medical notes"
LAST = ("Arrived", "Guest asks", "Staff note")
NOT_NAMED = "(not named)"


def as_file(trip: Trip, parties: Sequence[Party], *, health: bool) -> bytes:
    """CSV, with medical notes only where `health` says so."""
    head = (*HEAD, *([HEALTH] if health else []), *LAST)
    zone = ZoneInfo(trip.venue.timezone)
    lines = [line for party in parties for line in _lines(party, zone, health=health)]
    return as_csv([(title(trip), [head, *lines])])


def title(trip: Trip) -> str:
    """What and when: `Summit trek, 2026-11-22 06:30`."""
    return f"{trip.activity.name}, {trip.departure.day} {trip.departure.time:%H:%M}"


def note(session: Session, actor: Actor, trip: Trip, people: int, *, health: bool) -> None:
    """Write down that somebody takes a manifest along: which, of how many, and nothing of them."""
    event = NewEvent(
        name="manifest.exported",
        subject_type="departure",
        subject_id=str(trip.departure.id),
        website_id=trip.venue.website_id,
        meta={"departure": title(trip), "people": people, "medical_notes": health},
    )
    record(session, actor, event)


def _lines(party: Party, zone: ZoneInfo, *, health: bool) -> Iterator[list[Any]]:
    for traveler in party.travelers:
        yield _line(party, _described(traveler, health=health), _clock(traveler, zone))
    for _ in range(party.unnamed):
        nothing = [""] * (len(HEAD) - 5 + health)
        yield _line(party, [NOT_NAMED, *nothing], "yes" if party.is_here else "")


def _line(party: Party, person: list[Any], arrived: str) -> list[Any]:
    booking = party.booking
    booked = [booking.booking_ref, booking.customer_name, booking.customer_phone]
    words = [booking.special_requests, booking.admin_notes]
    return [*booked, Status(booking.status).label, *person, arrived, *words]


def _described(traveler: BookingTraveler, *, health: bool) -> list[Any]:
    return [
        traveler.name,
        "yes" if traveler.is_primary else "",
        traveler.age,
        traveler.gender,
        traveler.phone,
        traveler.emergency_contact_name,
        traveler.emergency_contact_phone,
        traveler.special_requirements,
        *([traveler.medical_notes] if health else []),
    ]


def _clock(traveler: BookingTraveler, zone: ZoneInfo) -> str:
    at = traveler.checked_in_at
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}" if at else ""


def file_name(trip: Trip) -> str:
    """`manifest-2026-11-22-0630.csv`: what goes stays out of names of files."""
    return f"manifest-{trip.departure.day}-{trip.departure.time:%H%M}.csv"
