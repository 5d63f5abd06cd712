"""The page on which staff write down who goes with a booking."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request, url_for

from app.bookings import naming, queries
from app.bookings.models import Booking
from app.bookings.naming import HEALTH, Named
from app.errors import Conflict, Fault, InvalidPayload
from app.extensions import db
from app.plain import plain
from app.staff.context import current_actor, current_scope
from app.staff.guards import requires
from app.staff.permissions import Permission
from app.travelers import queries as profiles
from app.travelers import rules
from app.travelers.models import Traveler
from app.web import go, page, say

travelers = Blueprint("travelers", __name__, url_prefix="/bookings/<uuid:booking_id>/travelers")

EDIT = Permission.BOOKINGS_EDIT
PARTS = ("row_id", "traveler_id", *rules.FIELDS)
MOST_LINES, MOST_EMPTY = 200, 10
Line = dict[str, str]


@travelers.get("")
@requires(EDIT)
def form(booking_id: UUID) -> Response:
    """Who goes, and empty lines for those whose names are missing."""
    booking = _booking(booking_id)
    lines = [_line(row, row_id=row["id"]) for row in booking.travelers]
    primary = next((n for n, row in enumerate(booking.travelers) if row["is_primary"]), 0)
    missing = booking.guest_count - len(lines)
    empty: list[Line] = [{} for _ in range(min(max(missing, 0), MOST_EMPTY))]
    return _page(booking, [*lines, *empty], primary, str(booking.version))


@travelers.post("")
@requires(EDIT)
def save(booking_id: UUID) -> Response:
    """Keep who goes, or show the form again with what is wrong, or with a saved traveler in it."""
    booking, (lines, primary) = _booking(booking_id), _typed(request.form)
    version = request.form.get("version", "")
    session = db.session()
    if saved := request.form.get("use"):
        line = _line(_values(_profile(booking, saved)), traveler_id=saved)
        return _page(booking, [*lines, line], primary, version)
    try:
        wanted = [
            Named(_id(line["row_id"]), _id(line["traveler_id"]), n == primary, _said(line))
            for n, line in enumerate(_checked(lines))
        ]
        number = int(version) if version.isdecimal() and len(version) < 19 else booking.version
        changed = naming.name_travelers(
            session, current_actor(), current_scope(), booking_id, wanted, number
        )
    except (InvalidPayload, Conflict) as error:
        session.rollback()
        return _page(_booking(booking_id), lines, primary, version, error)
    session.commit()
    say("Saved." if changed else "Nothing was changed.", "success" if changed else "info")
    return go(url_for("bookings.show", booking_id=booking_id))


def _booking(booking_id: UUID) -> Booking:
    """Raises NotFound and Forbidden, and Conflict for what is over."""
    booking = queries.get(db.session(), current_scope(), booking_id, EDIT)
    naming.demand_takes_travelers(booking)
    return booking


def _typed(form: Mapping[str, str]) -> tuple[list[Line], int]:
    """The lines of the form that say anything and stay, and which of them is called first."""
    chosen, primary = form.get("primary", "0"), 0
    lines: list[Line] = []
    for number, line in _lines(form):
        if str(number) == chosen:
            primary = len(lines)
        lines.append(line)
    return lines, primary


def _lines(form: Mapping[str, str]) -> Iterator[tuple[int, Line]]:
    for number in range(MOST_LINES):
        if f"t{number}-name" not in form:
            return
        line = {part: form.get(f"t{number}-{part}", "").strip() for part in PARTS}
        if any(line.values()) and not form.get(f"t{number}-remove"):
            yield number, line


def _checked(lines: Sequence[Line]) -> Sequence[Line]:
    """The same. Raises InvalidPayload for dates and ages that are none."""
    faults = []
    for place, line in enumerate(lines):
        if line["age"] and not (line["age"].isdecimal() and len(line["age"]) < 4):
            faults.append(Fault(f"{place}.age", "Type a whole number of years."))
        try:
            date.fromisoformat(line["birth_date"] or "2000-01-01")
        except ValueError:
            faults.append(Fault(f"{place}.birth_date", "Is not a date."))
    if faults:
        raise InvalidPayload("The travelers are not right yet.", faults)
    return lines


def _said(line: Line) -> dict[str, Any]:
    """What was typed, in the names of `rules.FIELDS`."""
    said: dict[str, Any] = {name: line[name] or None for name in rules.FIELDS}
    said["age"] = int(line["age"]) if line["age"] else None
    said["birth_date"] = date.fromisoformat(line["birth_date"]) if line["birth_date"] else None
    return said


def _id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise InvalidPayload("The form is broken. Load the page again.") from error


def _line(values: Mapping[str, Any], **ids: str) -> Line:
    """A line of the form; medical notes only for who may see them."""
    return {name: "" if values[name] is None else str(values[name]) for name in rules.FIELDS} | ids


def _profile(booking: Booking, saved: str) -> Traveler:
    found = _id(saved)
    return profiles.get(db.session(), booking.customer_id, found or booking.id)


def _values(profile: Traveler) -> dict[str, Any]:
    return {name: plain(getattr(profile, name)) for name in rules.FIELDS}


def _page(
    booking: Booking,
    lines: Sequence[Line],
    primary: int,
    version: str,
    error: InvalidPayload | Conflict | None = None,
) -> Response:
    session = db.session()
    used = {row["traveler_id"] for row in booking.travelers}
    used |= {line.get("traveler_id") for line in lines}
    saved = [
        each for each in profiles.kept(session, booking.customer_id) if str(each.id) not in used
    ]
    faults = [(each.field or "", each.message) for each in (error.details if error else [])]
    if isinstance(error, Conflict):
        version = str(booking.version)
    if error and not faults:
        faults = [("", error.message)]
    return page(
        "bookings/travelers.html",
        status=422 if error else 200,
        b=booking,
        lines=lines,
        primary=primary,
        version=version,
        saved=saved,
        genders=[("", "Not said"), *rules.GENDERS.items()],
        labels=rules.LABELS,
        sees_health=current_scope().can(HEALTH, booking.website_id),
        faults=[(_input(place), _named(place, words)) for place, words in faults],
        wrong={_input(place): words for place, words in faults},
    )


def _named(place: str, words: str) -> str:
    """`Traveler 2, age: Type a whole number of years.`"""
    number, _, part = place.partition(".")
    label = rules.LABELS.get(part, "").lower()
    return f"Traveler {int(number) + 1}, {label}: {words}" if part else words


def _input(place: str) -> str:
    """The id of the input that a fault is about: `0.age` is `t0-age`."""
    number, _, part = place.partition(".")
    return f"t{number}-{part}" if part else ""
