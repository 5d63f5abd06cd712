"""What happens to the menu of a venue. Every change is told; the subject is the venue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Conflict
from app.events.models import Actor
from app.menus import queries
from app.menus.models import MenuItem, MenuSection
from app.menus.rules import ITEM, SECTION, clean_item, clean_section
from app.staff.scope import Scope
from app.venues import queries as venues
from app.venues.models import Venue
from app.venues.telling import apply, made, tell


def save_section(
    session: Session,
    actor: Actor,
    scope: Scope,
    venue_id: UUID,
    values: Mapping[str, Any],
    section_id: UUID | None = None,
) -> MenuSection:
    """Add a section at the end of the menu, or change some fields of one. No difference: nothing
    is written. Raises NotFound, Forbidden and InvalidPayload."""
    venue = venues.lock(session, scope, venue_id)
    if section_id is None:
        cleaned = clean_section(values)
        place = len(queries.sections(session, venue.id))
        section = MenuSection(venue_id=venue.id, position=place, **cleaned)
        session.add(section)
        session.flush()
        _tell(session, actor, venue, "menu.section_added", made(cleaned), section=section.name)
        return section
    section = queries.section(session, venue, section_id)
    stored = {name: getattr(section, name) for name in SECTION}
    difference = apply(section, clean_section({**stored, **values}))
    if difference:
        session.flush()
        _tell(session, actor, venue, "menu.section_updated", difference, section=section.name)
    return section


def save_item(
    session: Session,
    actor: Actor,
    scope: Scope,
    venue_id: UUID,
    values: Mapping[str, Any],
    *,
    item_id: UUID | None = None,
    section_id: UUID | None = None,
) -> MenuItem:
    """Add a dish at the end of a section, or change some fields of one; `section_id` moves it
    there. What is chosen already stays as it was agreed.

    Raises NotFound, Forbidden and InvalidPayload.
    """
    venue = venues.lock(session, scope, venue_id)
    section = queries.section(session, venue, section_id) if section_id else None
    if item_id is None:
        if section is None:
            raise ValueError("a new dish needs a section")
        cleaned = clean_item(values)
        item = MenuItem(section_id=section.id, position=_end(session, section.id), **cleaned)
        session.add(item)
        session.flush()
        _tell(session, actor, venue, "menu.dish_added", made(cleaned), dish=item.name)
        return item
    item, there = queries.item(session, venue, item_id)
    stored = {name: getattr(item, name) for name in ITEM}
    difference = apply(item, clean_item({**stored, **values}))
    if section is not None and section.id != there.id:
        item.section_id, item.position = section.id, _end(session, section.id)
        difference["section"] = [there.name, section.name]
    if difference:
        session.flush()
        _tell(session, actor, venue, "menu.dish_updated", difference, dish=item.name)
    return item


def move_section(
    session: Session, actor: Actor, scope: Scope, venue_id: UUID, section_id: UUID, *, up: bool
) -> MenuSection:
    """One place up or down; at the end it stays. Raises NotFound and Forbidden."""
    venue = venues.lock(session, scope, venue_id)
    section = queries.section(session, venue, section_id)
    if _swap(queries.sections(session, venue.id), section, up=up):
        session.flush()
        _tell(session, actor, venue, "menu.section_moved", {}, section=section.name)
    return section


def move_item(
    session: Session, actor: Actor, scope: Scope, venue_id: UUID, item_id: UUID, *, up: bool
) -> MenuItem:
    """The same for a dish within its section."""
    venue = venues.lock(session, scope, venue_id)
    item, section = queries.item(session, venue, item_id)
    if _swap(_items(session, section.id), item, up=up):
        session.flush()
        _tell(session, actor, venue, "menu.dish_moved", {}, dish=item.name)
    return item


def delete_section(
    session: Session, actor: Actor, scope: Scope, venue_id: UUID, section_id: UUID
) -> str:
    """Take an empty section away; its name. Raises NotFound, Forbidden, and Conflict while there
    are dishes in it."""
    venue = venues.lock(session, scope, venue_id)
    section = queries.section(session, venue, section_id)
    if _items(session, section.id):
        raise Conflict("There are dishes in this section: move or delete them first.")
    name = section.name
    session.delete(section)
    session.flush()
    _tell(session, actor, venue, "menu.section_deleted", {}, section=name)
    return name


def delete_item(session: Session, actor: Actor, scope: Scope, venue_id: UUID, item_id: UUID) -> str:
    """Take a dish away that nobody ever chose; its name. Raises NotFound, Forbidden, and Conflict
    where somebody did: then it can only be switched off."""
    venue = venues.lock(session, scope, venue_id)
    item, _ = queries.item(session, venue, item_id)
    if queries.was_chosen(session, item.id):
        raise Conflict("Guests have chosen this dish: switch it off instead.")
    name = item.name
    session.delete(item)
    session.flush()
    _tell(session, actor, venue, "menu.dish_deleted", {}, dish=name)
    return name


def _items(session: Session, section_id: UUID) -> Sequence[MenuItem]:
    query = select(MenuItem).where(MenuItem.section_id == section_id)
    return session.scalars(query.order_by(MenuItem.position, MenuItem.id)).all()


def _end(session: Session, section_id: UUID) -> int:
    return max((each.position + 1 for each in _items(session, section_id)), default=0)


def _swap(rows: Sequence[Any], row: Any, *, up: bool) -> bool:
    """Change places with the neighbour, and count all of them anew. Whether there is one."""
    order = list(rows)
    here = order.index(row)
    there = here - 1 if up else here + 1
    if not 0 <= there < len(order):
        return False
    order[here], order[there] = order[there], order[here]
    for place, each in enumerate(order):
        each.position = place
    return True


def _tell(
    session: Session,
    actor: Actor,
    venue: Venue,
    name: str,
    difference: Mapping[str, list[Any]],
    **meta: str,
) -> None:
    tell(session, actor, venue, name, difference, **meta)
