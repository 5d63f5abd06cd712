"""Reading menus. Menus hold nothing personal: who asks has seen to it that the venue is theirs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.menus.models import BookingItem, MenuItem, MenuSection
from app.venues.models import Venue

REGULAR = "regular"


@dataclass
class Section:
    """A section with its dishes."""

    section: MenuSection
    items: list[MenuItem] = field(default_factory=list)


def menu(session: Session, venue_id: UUID) -> list[Section]:
    """The whole menu of a venue in its order, also what is not served."""
    query = (
        select(MenuSection, MenuItem)
        .outerjoin(MenuItem, MenuItem.section_id == MenuSection.id)
        .where(MenuSection.venue_id == venue_id)
        .order_by(MenuSection.position, MenuSection.id, MenuItem.position, MenuItem.id)
    )
    found: dict[UUID, Section] = {}
    for section, item in session.execute(query):
        there = found.setdefault(section.id, Section(section))
        if item is not None:
            there.items.append(item)
    return list(found.values())


def served(
    session: Session, venue_id: UUID, day: date, booking_type: str | None = None
) -> list[Section]:
    """What can be chosen for a day; `booking_type`: only what goes with it."""
    found = []
    for each in menu(session, venue_id):
        wrong = booking_type and each.section.booking_type not in (None, booking_type)
        items = [item for item in each.items if item.is_served(day)]
        if each.section.is_active and items and not wrong:
            found.append(Section(each.section, items))
    return found


def dishes(
    session: Session, venue_id: UUID, item_ids: Collection[UUID]
) -> dict[UUID, tuple[MenuItem, MenuSection]]:
    """These dishes of a venue, by id; what is none of its is missing."""
    query = (
        select(MenuItem, MenuSection)
        .join(MenuSection, MenuSection.id == MenuItem.section_id)
        .where(MenuSection.venue_id == venue_id, MenuItem.id.in_(item_ids))
    )
    return {item.id: (item, section) for item, section in session.execute(query)}


def section(session: Session, venue: Venue, section_id: UUID) -> MenuSection:
    """One section of a venue. Raises NotFound."""
    found = session.get(MenuSection, section_id)
    if found is None or found.venue_id != venue.id:
        raise NotFound("This section is not on the menu.")
    return found


def item(session: Session, venue: Venue, item_id: UUID) -> tuple[MenuItem, MenuSection]:
    """One dish of a venue, with its section. Raises NotFound."""
    found = dishes(session, venue.id, [item_id]).get(item_id)
    if found is None:
        raise NotFound("This dish is not on the menu.")
    return found


def sections(session: Session, venue_id: UUID) -> Sequence[MenuSection]:
    """The sections of a venue in their order."""
    query = select(MenuSection).where(MenuSection.venue_id == venue_id)
    return session.scalars(query.order_by(MenuSection.position, MenuSection.id)).all()


def was_chosen(session: Session, item_id: UUID) -> bool:
    """Whether any guest ever chose a dish."""
    query = select(BookingItem.id).where(BookingItem.menu_item_id == item_id).limit(1)
    return session.scalar(query) is not None
