"""The page on which staff write down what a party at a table eats."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request, url_for

from app.bookings import dining, queries
from app.bookings.models import Booking
from app.errors import Conflict, Fault, InvalidPayload
from app.extensions import db
from app.menus.choosing import Selection, on_offer
from app.staff.context import current_actor, current_scope
from app.staff.guards import requires
from app.staff.permissions import Permission
from app.venues.models import Activity
from app.web import go, page, say

choices = Blueprint("choices", __name__, url_prefix="/bookings/<uuid:booking_id>/choices")

EDIT = Permission.BOOKINGS_EDIT
PARTS = ("menu_item_id", "quantity", "guest_name", "special_requests")
LONGEST = {"guest_name": 100, "special_requests": 200}
MOST_LINES, MOST_EMPTY = 200, 20
Line = Mapping[str, str]


@choices.get("")
@requires(EDIT)
def form(booking_id: UUID) -> Response:
    """The dishes chosen, and empty lines for those who have not."""
    booking = _table(booking_id)
    lines = [{part: _text(choice[part]) for part in PARTS} for choice in booking.menu_choices]
    empty = min(max(booking.guest_count - len(lines), 1), MOST_EMPTY)
    return _page(booking, [*lines, *({} for _ in range(empty))])


@choices.post("")
@requires(EDIT)
def save(booking_id: UUID) -> Response:
    """Keep the dishes, or show the form again with what is wrong."""
    booking, lines = _table(booking_id), list(_typed(request.form))
    version = request.form.get("version", "")
    session = db.session()
    try:
        wanted = _selections(lines)
        number = int(version) if version.isdecimal() and len(version) < 19 else booking.version
        changed = dining.choose_for(
            session, current_actor(), current_scope(), booking_id, wanted, number
        )
    except (InvalidPayload, Conflict) as error:
        session.rollback()
        return _page(_table(booking_id), [*lines, {}], error)
    session.commit()
    say("Saved." if changed else "Nothing was changed.", "success" if changed else "info")
    return go(url_for("bookings.show", booking_id=booking_id))


def _table(booking_id: UUID) -> Booking:
    """Raises NotFound and Forbidden, and Conflict for what is no table."""
    booking = queries.get(db.session(), current_scope(), booking_id, EDIT)
    dining.demand_takes_choices(booking)
    return booking


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _typed(form: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The lines of the form that say anything."""
    for number in range(MOST_LINES):
        names = {part: f"choice-{number}-{part}" for part in PARTS}
        if names["menu_item_id"] not in form:
            return
        line = {part: form.get(name, "").strip() for part, name in names.items()}
        if line["menu_item_id"] or line["guest_name"] or line["special_requests"]:
            yield line


def _selections(lines: list[dict[str, str]]) -> list[Selection]:
    """What was typed. Raises InvalidPayload with every fault."""
    faults: list[Fault] = []
    found = []
    for number, line in enumerate(lines):
        fault = _fault(line)
        if fault is not None:
            faults.append(Fault(f"menu_selections.{number}.{fault[0]}", fault[1]))
            continue
        found.append(
            Selection(
                UUID(line["menu_item_id"]),
                int(line["quantity"] or 1),
                line["guest_name"] or None,
                line["special_requests"] or None,
            )
        )
    if faults:
        raise InvalidPayload("The menu choices are not right yet.", faults)
    return found


def _fault(line: Line) -> tuple[str, str] | None:
    try:
        UUID(line["menu_item_id"])
    except ValueError:
        return "menu_item_id", "Choose a dish, or clear the line."
    if line["quantity"] and not (line["quantity"].isdecimal() and len(line["quantity"]) < 4):
        return "quantity", "Type a whole number."
    for part, most in LONGEST.items():
        if len(line[part]) > most or "\x00" in line[part]:
            return part, f"At most {most} characters."
    return None


def _page(
    booking: Booking, lines: list[Any], error: InvalidPayload | Conflict | None = None
) -> Response:
    session = db.session()
    activity = session.get_one(Activity, booking.activity_id)
    offered = on_offer(session, activity, booking.activity_date, booking.menu_choices)
    details = error.details if error else []
    faults = [(each.field.removeprefix("menu_selections."), each.message) for each in details]
    if error and not faults:
        faults = [("", error.message)]
    return page(
        "bookings/choices.html",
        status=422 if error else 200,
        b=booking,
        lines=lines,
        offered=offered,
        faults=[(_input(place), words) for place, words in faults],
        missing=dining.mains_missing(session, booking),
    )


def _input(place: str) -> str:
    """The id of the input that a fault is about: `0.quantity` is `choice-0-quantity`."""
    number, _, part = place.partition(".")
    return f"choice-{number}-{part}" if part else ""
