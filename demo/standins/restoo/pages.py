"""What the restaurant sees at Restoo, and does there."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4
from zoneinfo import ZoneInfo

from aiohttp import web

from demo.standins.desks import Desk, Field, Row
from demo.standins.restoo.book import CANCELLED, Book, Booking, Refused, pax_of

CALL_OFF = "Call off"


def desk(book: Book) -> list[web.RouteDef]:
    """The addresses of the page. Nobody is told what is done on it: Restoo has no webhooks."""
    return Desk(
        title="Stand-in for Restoo",
        about="What a restaurant sees at Restoo. Nothing here is real, and the hub cannot read it.",
        fields=lambda: _fields(book),
        rows=lambda: [_row(each) for each in _sorted(book)],
        book=lambda form: _book(book, form),
        act=lambda uuid, act: _act(book, uuid, act),
        told=lambda: None,
    ).routes()


def _fields(book: Book) -> list[Field]:
    today = datetime.now(UTC).astimezone(ZoneInfo(book.venue.timezone)).date()
    return [
        Field("date", "Day", "date", today.isoformat()),
        Field("hour", "Time", choices=book.venue.hours),
        Field("pax", "Guests", "number", "2"),
        Field("name", "Name", value="Pia Placeholder"),
        Field("phone", "Phone, with its country", "tel", "+34600111222"),
        Field("words", "Wishes"),
    ]


def _sorted(book: Book) -> list[Booking]:
    """From today on, the next first; then what was."""
    now = datetime.now(UTC).astimezone(ZoneInfo(book.venue.timezone))
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    rows = sorted(book.bookings.values(), key=lambda each: (each.begins, each.uuid))
    coming = [each for each in rows if each.begins >= today]
    return coming + [each for each in rows if each.begins < today][::-1]


def _row(each: Booking) -> Row:
    said, off = each.said, each.status == CANCELLED
    state = f"{each.status} ({each.reason})" if off else each.status
    when, name = f"{each.begins:%Y-%m-%d %H:%M}", said["customer"]["name"]
    shown = (each.uuid[:8], when, str(each.pax), name, "" if off else f"T{each.table + 1}")
    return Row(each.uuid, (*shown, said["bookingExternalId"], state), [] if off else [CALL_OFF])


def _book(book: Book, form: dict[str, str]) -> None:
    """A guest books at Restoo itself. Raises Refused."""
    zone, people = ZoneInfo(book.venue.timezone), form.get("pax", "")
    try:
        at = datetime.fromisoformat(f"{form.get('date')}T{form.get('hour')}").replace(tzinfo=zone)
    except ValueError:
        raise Refused("Which day, and when?") from None
    customer = {"name": form.get("name", "").strip(), "phoneE164": form.get("phone", "").strip()}
    book.make(
        {
            "bookingExternalId": f"Guest-{uuid4().hex[:6]}",
            "bookingAt": at.isoformat(timespec="seconds"),
            "pax": pax_of(int(people) if people.isdecimal() else 0),
            "customerSpecialRequests": form.get("words", ""),
            "customer": {name: value for name, value in customer.items() if value},
        }
    )


def _act(book: Book, uuid: str, act: str) -> None:
    """Raises Refused."""
    if act != CALL_OFF:
        raise Refused("There is no such act.")
    book.cancel(uuid, "OTHER")
