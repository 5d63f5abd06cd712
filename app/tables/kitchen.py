"""What the kitchen prepares on a day: dishes summed, and what each party gets."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.menus.models import BookingItem
from app.menus.queries import Section
from app.tables.dayview import Party, Sitting

GONE = "No longer on the menu"


@dataclass(frozen=True)
class Dish:
    """How often a dish is wanted, in all and by time, and what guests ask for with it."""

    name: str
    section: str
    quantity: int
    by_time: Sequence[tuple[str, int]]
    allergens: Sequence[str] = ()


@dataclass(frozen=True)
class Allergy:
    """An allergy, and who has it: (time, party)."""

    name: str
    parties: Sequence[tuple[str, Party]]


@dataclass(frozen=True)
class Prepared:
    """A sitting as the kitchen sees it."""

    sitting: Sitting
    dishes: Sequence[Dish]
    allergies: Sequence[Allergy]
    parties: Sequence[tuple[str, Party]]

    @property
    def quantity(self) -> int:
        """Dishes in all."""
        return sum(dish.quantity for dish in self.dishes)

    @property
    def missing(self) -> int:
        """Guests who have not chosen a main dish."""
        return sum(party.missing for _, party in self.parties)


def prepared(found: Sequence[Sitting], menu: Sequence[Section]) -> list[Prepared]:
    """The sittings in which somebody is awaited; who did not come is left out."""
    made = []
    for sitting in found:
        coming = [
            (time.label, party)
            for time in sitting.times
            for party in time.parties
            if party.is_awaited
        ]
        if coming:
            made.append(Prepared(sitting, _dishes(coming, menu), _allergies(coming), coming))
    return made


def _dishes(coming: Sequence[tuple[str, Party]], menu: Sequence[Section]) -> list[Dish]:
    """In the order of the menu; what left it comes last, by its name of then."""
    wanted: defaultdict[tuple[UUID | None, str], Counter[str]] = defaultdict(Counter)
    known = {item.id: (part.section, item) for part in menu for item in part.items}
    order: dict[UUID | None, int] = {item_id: place for place, item_id in enumerate(known)}
    for time, party in coming:
        for item in party.booking.items:
            wanted[_key(item, known)][time] += item.quantity
    made = []
    for (item_id, name), times in sorted(
        wanted.items(), key=lambda pair: (order.get(pair[0][0], len(order)), pair[0][1])
    ):
        section, dish = known[item_id] if item_id else (None, None)
        made.append(
            Dish(
                dish.name if dish else name,
                section.name if section else GONE,
                times.total(),
                sorted(times.items()),
                dish.allergens if dish else (),
            )
        )
    return made


def _key(item: BookingItem, known: Collection[UUID]) -> tuple[UUID | None, str]:
    """Two dishes are the same by their id; without one by the name they had."""
    if item.menu_item_id is not None and item.menu_item_id in known:
        return item.menu_item_id, ""
    return None, item.name


def _allergies(coming: Sequence[tuple[str, Party]]) -> list[Allergy]:
    """Most frequent first; guests write them as they like."""
    found: dict[str, list[tuple[str, Party]]] = {}
    names: dict[str, str] = {}
    for time, party in coming:
        for word in party.booking.allergies or []:
            key = str(word).strip().casefold()
            names.setdefault(key, str(word).strip())
            there = found.setdefault(key, [])
            if key and (time, party) not in there:
                there.append((time, party))
    made = [Allergy(names[key].capitalize(), there) for key, there in found.items() if there]
    return sorted(made, key=lambda allergy: (-len(allergy.parties), allergy.name))
