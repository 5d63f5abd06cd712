"""Reading venues and what belongs to them. What can be booked when: `availability`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, Text, cast, func, select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.extensions import Base
from app.staff.permissions import Permission
from app.staff.scope import Scope
from app.venues.lasting import LAST_DAY, last_day, said
from app.venues.models import (
    Activity,
    ActivityPrice,
    Departure,
    DiveSite,
    OpeningHours,
    SlotClosure,
    SlotUsage,
    SpecialHours,
    Venue,
)
from app.web import decode_cursor, encode_cursor
from app.websites.models import Website

VIEW = Permission.VENUES_VIEW
MANAGE = Permission.VENUES_MANAGE
Row = TypeVar("Row", bound=Base)


@dataclass(frozen=True)
class Listed:
    """A venue and the business it belongs to."""

    venue: Venue
    website: str
    currency: str


@dataclass(frozen=True)
class Sailing:
    """A departure, what it is of, and how many guests it holds."""

    departure: Departure
    activity: Activity
    used: int

    @property
    def capacity(self) -> int | None:
        """Its own, else the activity's; None without limit."""
        own = self.departure.capacity
        return self.activity.capacity if own is None else own

    @property
    def last_day(self) -> date:
        """Its own, else as many days on as the activity takes."""
        return last_day(self.activity, self.departure)

    @property
    def days_said(self) -> str:
        """`12–16 Mar`; empty where it takes one day."""
        first, last = self.departure.day, self.last_day
        return said(first, last) if last != first else ""


def page(
    session: Session, scope: Scope, website_id: str = "", after: str = "", limit: int = 100
) -> tuple[list[Listed], str | None]:
    """The venues somebody may look at, by name; and the cursor of the next stretch.

    Raises InvalidPayload for a cursor that is none of ours.
    """
    key = func.lower(Venue.name)
    query = (
        select(Venue, Website.name, Website.currency, key)
        .join(Website, Website.id == Venue.website_id)
        .where(scope.clause(Venue.website_id, VIEW))
        .order_by(key, cast(Venue.id, Text))
        .limit(limit + 1)
    )
    if website_id:
        query = query.where(Venue.website_id == website_id)
    if after:
        name, last_id = decode_cursor(after, 2)
        query = query.where((key > name) | ((key == name) & (cast(Venue.id, Text) > last_id)))
    rows = session.execute(query).all()
    found = [Listed(row[0], row[1], row[2]) for row in rows[:limit]]
    following = len(rows) > limit
    return found, encode_cursor([rows[limit - 1][3], found[-1].venue.id]) if following else None


def get(session: Session, scope: Scope, venue_id: UUID, permission: Permission = VIEW) -> Venue:
    """One venue. Raises NotFound when it is not visible, Forbidden when it is only that."""
    return _checked(session.get(Venue, venue_id), scope, permission)


def lock(session: Session, scope: Scope, venue_id: UUID) -> Venue:
    """One to be changed: two managers wait for each other, bookings wait for nobody."""
    query = select(Venue).where(Venue.id == venue_id).with_for_update(key_share=True)
    venue = session.scalar(query.execution_options(populate_existing=True))
    return _checked(venue, scope, MANAGE)


def _checked(venue: Venue | None, scope: Scope, permission: Permission) -> Venue:
    if venue is None:
        raise NotFound("This venue does not exist.")
    scope.demand(permission, venue.website_id, seen_with=VIEW)
    return venue


def part(session: Session, venue: Venue, table: type[Row], row_id: UUID) -> Row:
    """An activity, a site, a special day or a closure of this venue. Raises NotFound."""
    row: Any = session.get(table, row_id)
    if row is None or row.venue_id != venue.id:
        raise NotFound("It does not exist at this venue.")
    found: Row = row
    return found


def departure(session: Session, venue: Venue, departure_id: UUID) -> Sailing:
    """A departure of this venue. Raises NotFound."""
    query = _sailings(venue.id).where(Departure.id == departure_id)
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("This departure does not exist.")
    return Sailing(row[0], row[1], row[2] or 0)


def departures(session: Session, venue_id: UUID, first: date, last: date) -> list[Sailing]:
    """The departures of these days, in the order of time."""
    query = _sailings(venue_id).where(Departure.day.between(first, last))
    ordered = query.order_by(Departure.day, Departure.time, Activity.position, Activity.name)
    return [Sailing(row[0], row[1], row[2] or 0) for row in session.execute(ordered)]


def _sailings(venue_id: UUID) -> Select[Departure, Activity, int]:
    slot = cast(Departure.id, Text)
    same = (
        (SlotUsage.activity_id == Departure.activity_id)
        & (SlotUsage.day == Departure.day)
        & (SlotUsage.slot == slot)
    )
    return (
        select(Departure, Activity, SlotUsage.used)
        .join(Activity, Activity.id == Departure.activity_id)
        .outerjoin(SlotUsage, same)
        .where(Activity.venue_id == venue_id)
    )


def activities(session: Session, venue_ids: Sequence[UUID]) -> Sequence[Activity]:
    """The activities of these venues, in the order that managers gave them."""
    query = select(Activity).where(Activity.venue_id.in_(venue_ids))
    return session.scalars(query.order_by(Activity.position, Activity.name, Activity.id)).all()


def prices(session: Session, activity_id: UUID) -> Sequence[ActivityPrice]:
    """The price categories of an activity, in their order."""
    query = select(ActivityPrice).where(ActivityPrice.activity_id == activity_id)
    return session.scalars(query.order_by(ActivityPrice.position, ActivityPrice.id)).all()


def week(session: Session, venue_id: UUID) -> Sequence[OpeningHours]:
    """The stretches of a usual week, in their order."""
    query = select(OpeningHours).where(OpeningHours.venue_id == venue_id)
    return session.scalars(query.order_by(OpeningHours.weekday, OpeningHours.opens)).all()


def special_days(session: Session, venue_id: UUID, first: date) -> Sequence[SpecialHours]:
    """The special days from `first` on, by date."""
    query = select(SpecialHours).where(SpecialHours.venue_id == venue_id, SpecialHours.day >= first)
    return session.scalars(query.order_by(SpecialHours.day).limit(200)).all()


def sites(session: Session, venue_id: UUID) -> Sequence[DiveSite]:
    """The dive sites, by name."""
    query = select(DiveSite).where(DiveSite.venue_id == venue_id)
    return session.scalars(query.order_by(func.lower(DiveSite.name), DiveSite.id)).all()


def sites_and_tables(session: Session, venue_id: UUID) -> tuple[bool, bool]:
    """Whether divers go anywhere from here (it has dive sites, or sells dives), and whether guests
    have tables here (then there is a menu)."""
    of_kind = {
        kind: select(Activity.id).where(Activity.venue_id == venue_id, Activity.kind == kind)
        for kind in ("dive", "table")
    }
    own = select(DiveSite.id).where(DiveSite.venue_id == venue_id)
    dives, tables = (of_kind[kind].exists() for kind in ("dive", "table"))
    sites, has_tables = session.execute(select(dives | own.exists(), tables)).one()
    return bool(sites), bool(has_tables)


def closures(session: Session, venue_id: UUID, first: date, last: date) -> Sequence[SlotClosure]:
    """What is closed on these days, by day."""
    query = select(SlotClosure).where(
        SlotClosure.venue_id == venue_id, SlotClosure.day.between(first, last)
    )
    return session.scalars(query.order_by(SlotClosure.day, SlotClosure.created_at)).all()


def zone_name(session: Session, venue_id: UUID | None, website: Website) -> str:
    """The time zone by whose clock a booking begins: of its venue, else of the website."""
    venue = session.get(Venue, venue_id) if venue_id is not None else None
    return venue.timezone if venue is not None else website.timezone


def last_day_of(session: Session, departure_id: UUID | None) -> date | None:
    """The last day of a departure."""
    query = select(LAST_DAY).join_from(Departure, Activity, Activity.id == Departure.activity_id)
    found: date | None = session.scalar(query.where(Departure.id == departure_id))
    return found


def zones(session: Session, venue_ids: Collection[UUID]) -> dict[str, ZoneInfo]:
    """The time zones of these venues, by their ids."""
    query = select(Venue.id, Venue.timezone).where(Venue.id.in_(venue_ids))
    rows = session.execute(query) if venue_ids else ()
    return {str(row.id): ZoneInfo(row.timezone) for row in rows}
