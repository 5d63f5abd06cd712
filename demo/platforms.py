"""The restaurant's accounts at two platforms, and what both sides hold of each other's bookings.

Its past is written as if the accounts had been there all the time: what came from CoverManager
and every table to come stands in the stand-in's book too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.bookings.models import Booking
from app.bookings.status import GONE, Status
from app.events.models import SYSTEM
from app.ids import new_id
from app.platforms.actions import tell
from app.platforms.drafts import draft
from app.platforms.models import PlatformConnection, PlatformReservation, ReservationState
from app.staff.scope import EVERYTHING
from app.venues.models import Venue
from demo.lives import PLATFORM, Story
from demo.restaurant import ANCHOR
from demo.standins.covermanager import anchor as covermanager
from demo.standins.covermanager.book import Book, Reservation
from demo.standins.covermanager.server import KEY
from demo.standins.restoo import anchor as restoo

RESTOO = UUID("c0000000-0000-4000-8000-000000000002")
STANDS_FOR_RESTOO = "https://restoo.invalid"
"""`RESTOO_URL` says where the demo finds it; a connection must name an address all the same."""
ACCOUNTS: tuple[tuple[UUID, str, Mapping[str, str], Mapping[str, str]], ...] = (
    (
        covermanager.CONNECTION,
        "covermanager",
        {"restaurant": covermanager.SLUG, "api_key": KEY},
        {},
    ),
    (
        RESTOO,
        "restoo",
        {
            "account": restoo.ACCOUNT,
            "api_key": restoo.KEY,
            "partner_id": restoo.PARTNER,
            "base_url": STANDS_FOR_RESTOO,
        },
        {"availability": "get"},
    ),
)
"""Id, platform, account, options; the first is asked first."""
WORDS = {
    Status.CHECKED_IN: "2",
    Status.COMPLETED: "8",
    Status.NO_SHOW: "-2",
    Status.CANCELLED: "-5",
    Status.REFUNDED: "-5",
}
"""CoverManager's word for each status; the others are 1, booked."""


def number_of(place: int) -> str:
    """What CoverManager calls the reservation at this place of its book, from 1."""
    return f"CM{place:04d}"


def number_stories(stories: Iterable[Story]) -> None:
    """Give those that came from CoverManager the ids under which they came."""
    theirs = [story for story in stories if story.source == PLATFORM]
    for place, story in enumerate(theirs, 1):
        story.source_id = uuid5(covermanager.CONNECTION, number_of(place))


def connect(session: Session, home: Path, now: datetime) -> None:
    """Connect the restaurant, and leave CoverManager's book where its stand-in keeps it."""
    venue = session.scalars(select(Venue).where(Venue.website_id == ANCHOR)).one()
    for place, (id_, type_, account, options) in enumerate(ACCOUNTS, 1):
        said = {"venue_id": venue.id, "platform_type": type_, "account": account}
        made = draft(session, EVERYTHING, {**said, "options": options})
        made.id, made.priority, made.is_enabled = id_, place, True
        made.webhook_secret = covermanager.HOOK_SECRET
        session.add(made)
        session.flush()
        tell(session, SYSTEM, made, "platform.connected", {"is_enabled": [None, True]})
    book = Book.load(covermanager.anchor(), None)
    book.path = kept_at(home, "covermanager")
    today = now.astimezone(ZoneInfo(venue.timezone)).date()
    connection = session.get_one(PlatformConnection, covermanager.CONNECTION)
    book.put(_reservations(session, connection, book, today))
    book.keep()


def kept_at(home: Path, platform: str) -> Path:
    """Where a stand-in keeps what it holds."""
    return home / f"{platform}-standin.json"


def _reservations(
    session: Session, connection: PlatformConnection, book: Book, today: date
) -> list[Reservation]:
    """What CoverManager holds of the restaurant's tables, theirs first."""
    known = {uuid5(covermanager.CONNECTION, number_of(n)): number_of(n) for n in range(1, 1000)}
    query = select(Booking).where(Booking.venue_id == connection.venue_id, Booking.kind == "table")
    bookings = list(session.scalars(query.order_by(Booking.created_at, Booking.id)))
    theirs = {b.id: known[b.source_booking_id] for b in bookings if b.source_booking_id in known}
    made, place = [], len(theirs)
    for booking in bookings:
        external = theirs.get(booking.id)
        is_to_come = booking.status == Status.CONFIRMED and booking.activity_date >= today
        if external is None and not is_to_come:
            continue
        if external is None:
            place += 1
        held = _reservation(booking, external or number_of(place), book)
        session.add(_row(connection, booking, held, is_ours=external is None))
        made.append(held)
    return sorted(made, key=lambda each: each.id)


def _reservation(booking: Booking, external: str, book: Book) -> Reservation:
    first, _, last = booking.customer_name.partition(" ")
    code, phone = _phone(booking)
    said = {
        "restaurant": covermanager.SLUG,
        "first_name": first,
        "last_name": last,
        "email": booking.customer_email,
        "int_call_code": code,
        "phone": phone,
        "commentary": booking.special_requests or "",
        "ref": "" if booking.source == PLATFORM else booking.booking_ref,
    }
    day, hour, people = f"{booking.activity_date}", booking.time_slot, booking.guest_count
    place = book.restaurant(covermanager.SLUG)
    table = book.free_table(place, day, hour, people)
    word = WORDS.get(Status(booking.status), "1")
    made = Reservation(external, place.slug, day, hour, people, word, table, said)
    book.reservations[external] = made
    return made


def _phone(booking: Booking) -> tuple[str, str]:
    """Country code and the rest, digits alone."""
    code, typed = booking.customer_country_code or "", booking.customer_phone or ""
    digits = filter(str.isdecimal, typed.removeprefix(code))
    return code.lstrip("+"), "".join(digits)


def _row(
    connection: PlatformConnection, booking: Booking, held: Reservation, *, is_ours: bool
) -> PlatformReservation:
    is_live = Status(booking.status) not in GONE
    return PlatformReservation(
        id=new_id(),
        website_id=connection.website_id,
        connection_id=connection.id,
        booking_id=booking.id,
        external_id=held.id,
        is_ours=is_ours,
        state=ReservationState.LIVE if is_live else ReservationState.CANCELLED,
        raw_status=held.status,
        version=booking.version,
    )
