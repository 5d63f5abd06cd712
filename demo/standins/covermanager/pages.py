"""What the restaurant sees at CoverManager, and does there: its guests book, come, and call off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from html import escape
from zoneinfo import ZoneInfo

from aiohttp import web

from demo.standins.covermanager.book import (
    BOOKED,
    CANCELLED,
    NO_SHOW,
    Book,
    Refused,
    Reservation,
    Restaurant,
)
from demo.standins.desks import Desk, Field, Row

SEATED, COMPLETED = "2", "8"
WORDS = {
    BOOKED: "Booked",
    SEATED: "Seated",
    COMPLETED: "Completed",
    NO_SHOW: "No-show",
    CANCELLED: "Called off",
}
ACTS = {"Seat": SEATED, "No-show": NO_SHOW, "Call off": CANCELLED}


def desk(book: Book, told: Callable[[], None]) -> list[web.RouteDef]:
    """The addresses of the page. `told` is called after each change made on it."""
    return Desk(
        title="Stand-in for CoverManager",
        about="What a restaurant sees at CoverManager. Nothing here is real.",
        fields=lambda: _fields(next(iter(book.restaurants.values()))),
        rows=lambda: [_row(each) for each in _sorted(book)],
        book=lambda form: _book(book, form),
        act=lambda reservation, act: _act(book, reservation, act),
        told=told,
    ).routes()


def _fields(place: Restaurant) -> list[Field]:
    return [
        Field("date", "Day", "date", _today(place).isoformat()),
        Field("hour", "Time", choices=place.hours),
        Field("people", "Guests", "number", "2"),
        Field("name", "Name", value="Pia Placeholder"),
        Field("phone", "Phone, with its country", "tel", "+34600111222"),
        Field("words", "Wishes"),
    ]


def _today(place: Restaurant) -> date:
    return datetime.now(UTC).astimezone(ZoneInfo(place.timezone)).date()


def _sorted(book: Book) -> list[Reservation]:
    """From today on, the next first; then what was."""
    place = next(iter(book.restaurants.values()))
    today = _today(place).isoformat()
    rows = sorted(book.reservations.values(), key=lambda each: (each.date, each.hour, each.id))
    coming = [each for each in rows if each.date >= today]
    return coming + [each for each in rows if each.date < today][::-1]


def _row(each: Reservation) -> Row:
    said = each.said
    name = f"{said.get('first_name', '')} {said.get('last_name', '')}".strip()
    table = "" if each.table is None else f"T{each.table + 1}"
    shown = (each.id, f"{each.date} {each.hour}", str(each.people), name, table)
    word = WORDS.get(each.status, each.status)
    acts = [label for label, status in ACTS.items() if each.holds_table and status != each.status]
    return Row(each.id, (*shown, str(said.get("ref", "")), word), acts)


def _book(book: Book, form: dict[str, str]) -> None:
    """A guest books at CoverManager. Raises Refused."""
    place = next(iter(book.restaurants))
    first, _, last = form.get("name", "").strip().partition(" ")
    code, phone = _split(form.get("phone", ""))
    said = {
        "restaurant": place,
        **{name: form.get(name, "") for name in ("date", "hour", "people")},
        "first_name": first,
        "last_name": last,
        "int_call_code": code,
        "phone": phone,
        "commentary": form.get("words", ""),
        "source": "web",
    }
    book.reserve(said, force=False)


def _split(phone: str) -> tuple[str, str]:
    digits = "".join(filter(str.isdecimal, phone))
    return (digits[:2], digits[2:]) if phone.strip().startswith("+") else ("", digits)


def _act(book: Book, reservation: str, act: str) -> None:
    """Raises Refused."""
    if act not in ACTS:
        raise Refused(f"There is no {escape(act)}.")
    if ACTS[act] == CANCELLED:
        book.cancel(reservation)
    else:
        book.find(reservation).status = ACTS[act]
        book.keep()
