"""What guests choose from the menu: checked, with its name and price as they are today."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.errors import Fault, InvalidPayload
from app.menus.models import MenuItem, MenuSection
from app.menus.queries import REGULAR, dishes, served
from app.venues.models import Activity

MOST = 99
"""Of one dish in one line."""
TYPES = {"regular": "regular tables", "sunday_lunch": "Sunday lunch"}
Choice = dict[str, Any]
"""As `BookingItem.as_json` says it."""


@dataclass(frozen=True)
class Selection:
    """A dish that a guest wants."""

    menu_item_id: UUID
    quantity: int = 1
    guest_name: str | None = None
    special_requests: str | None = None


@dataclass(frozen=True)
class Occasion:
    """What is being chosen for."""

    activity: Activity
    day: date
    party: int
    kept: Sequence[Choice] = ()
    """What the booking holds already: that stays as it was agreed, also when it is sold out."""
    strict: bool = True
    """Whether everybody must have chosen, where the activity asks for it."""
    field: str = "menu_selections"
    """What faults call it."""

    @property
    def booking_type(self) -> str:
        return self.activity.booking_type or REGULAR


def choose(session: Session, occasion: Occasion, wanted: Sequence[Selection]) -> list[Choice]:
    """The choices as a booking keeps them. Raises InvalidPayload with every fault, each naming
    its line and its dish."""
    there = dishes(session, occasion.activity.venue_id, {each.menu_item_id for each in wanted})
    kept = {choice["menu_item_id"]: choice for choice in occasion.kept}
    agreed = _agreed(occasion, wanted)
    faults, found, mains = [], [], 0
    for number, each in enumerate(wanted):
        item, section = there.get(each.menu_item_id, (None, None))
        fault = _fault(occasion, each, item, section, each.menu_item_id in agreed)
        if fault is not None:
            faults.append(Fault(f"{occasion.field}.{number}.{fault[0]}", fault[1]))
        elif item is not None and section is not None:
            found.append(_choice(each, item, kept.get(str(item.id))))
            mains += each.quantity if section.is_main else 0
    if not faults and occasion.strict and occasion.activity.needs_choices:
        faults += _missing(occasion, mains)
    if faults:
        raise InvalidPayload("The menu choices are not right yet.", faults)
    return found


def on_offer(
    session: Session, activity: Activity, day: date, kept: Sequence[Choice] = ()
) -> list[tuple[str, list[tuple[str, str]]]]:
    """What can be chosen, as a form offers it: (section, [(id, dish)]); first what was chosen
    already and is not served any more."""
    kind = activity.booking_type or REGULAR
    sections = [
        (found.section.name, [(str(item.id), item.name) for item in found.items])
        for found in served(session, activity.venue_id, day, kind)
    ]
    known = {item_id for _, items in sections for item_id, _ in items}
    gone = {each["menu_item_id"]: each["name"] for each in kept if each["menu_item_id"]}
    rest = [(item_id, name) for item_id, name in gone.items() if item_id not in known]
    return [("Chosen before", rest), *sections] if rest else sections


def wanted_again(kept: Sequence[Choice]) -> list[Selection]:
    """What is chosen already, to be looked at anew; dishes that left the menu are not."""
    return [
        Selection(
            UUID(each["menu_item_id"]),
            each["quantity"],
            each["guest_name"],
            each["special_requests"],
        )
        for each in kept
        if each["menu_item_id"]
    ]


def mains_missing(session: Session, activity: Activity, party: int, kept: Sequence[Choice]) -> int:
    """How many guests have not chosen a main dish, where everybody should; 0 where nobody must."""
    if not activity.needs_choices:
        return 0
    there = dishes(session, activity.venue_id, {each.menu_item_id for each in wanted_again(kept)})
    return mains_short(
        party, kept, {item_id for item_id, (_, part) in there.items() if part.is_main}, there
    )


def mains_short(
    party: int, kept: Sequence[Choice], mains: Collection[UUID], known: Collection[UUID]
) -> int:
    """The same, where one knows the main dishes and the whole menu; what left it counts as one."""
    chosen = 0
    for each in kept:
        item_id = UUID(each["menu_item_id"]) if each["menu_item_id"] else None
        if item_id is None or item_id not in known or item_id in mains:
            chosen += int(each["quantity"])
    return max(party - chosen, 0)


def cost(choices: Sequence[Mapping[str, Any]]) -> Decimal:
    """What the choices come to."""
    lines = (Decimal(str(each["price"])) * each["quantity"] for each in choices)
    return sum(lines, Decimal(0))


def _agreed(occasion: Occasion, wanted: Sequence[Selection]) -> set[UUID]:
    """The dishes of which no more are wanted than the booking holds already."""
    left: Counter[UUID] = Counter()
    for again in wanted_again(occasion.kept):
        left[again.menu_item_id] += again.quantity
    held = set(left)
    for each in wanted:
        left[each.menu_item_id] -= each.quantity
    return {item_id for item_id in held if left[item_id] >= 0}


def _fault(
    occasion: Occasion,
    wanted: Selection,
    item: MenuItem | None,
    section: MenuSection | None,
    is_kept: bool,
) -> tuple[str, str] | None:
    """What is wrong with one line: (field, sentence)."""
    if item is None or section is None:
        return "menu_item_id", "There is no such dish on this menu."
    if not 1 <= wanted.quantity <= MOST:
        return "quantity", f"Must be from 1 to {MOST}."
    if section.booking_type not in (None, occasion.booking_type):
        only = TYPES.get(section.booking_type or "", "other bookings")
        return "menu_item_id", f"{item.name} is for {only} only."
    if not is_kept and not (item.is_available and section.is_active):
        return "menu_item_id", f"{item.name} is not available."
    if not item.is_dated(occasion.day):
        day = f"{occasion.day.day} {occasion.day:%B %Y}"
        return "menu_item_id", f"{item.name} is not served on {day}."
    return None


def _choice(wanted: Selection, item: MenuItem, kept: Choice | None) -> Choice:
    name, price = item.name, item.price
    if kept is not None:
        name, price = kept["name"], Decimal(str(kept["price"]))
    whole = price == price.to_integral_value()
    return {
        "menu_item_id": str(item.id),
        "name": name,
        "price": int(price) if whole else float(price),
        "quantity": wanted.quantity,
        "guest_name": wanted.guest_name or None,
        "special_requests": wanted.special_requests or None,
    }


def _missing(occasion: Occasion, mains: int) -> list[Fault]:
    """Everybody chooses one main dish."""
    if mains == occasion.party:
        return []
    if mains > occasion.party:
        words = f"There are {mains} main dishes for a party of {occasion.party}."
    else:
        words = f"Every guest chooses a main dish: {occasion.party - mains} still missing."
    return [Fault(occasion.field, words)]
