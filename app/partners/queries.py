"""Reading partners. Somebody sees those that may book at one of their websites."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, true, tuple_
from sqlalchemy.orm import Session

from app.errors import Forbidden, NotFound
from app.partners.models import Partner, PartnerVenue
from app.staff.permissions import Permission
from app.staff.scope import Scope
from app.venues.models import Venue
from app.web import Slice, bad_cursor, decode_cursor, encode_cursor
from app.websites.models import Website

VIEW = Permission.PARTNERS_VIEW
MANAGE = Permission.PARTNERS_MANAGE
MOST_NAMES = 500


@dataclass(frozen=True)
class Place:
    """A venue with its website, by name."""

    venue_id: UUID
    venue: str
    website_id: str
    website: str
    timezone: str
    """The venue's."""


def page(
    session: Session, scope: Scope, website_id: str = "", after: str = "", limit: int = 50
) -> Slice[Partner]:
    """The partners somebody may look at, by name; of one website where it is chosen.

    Raises InvalidPayload for a cursor that is not ours.
    """
    by_name = func.lower(Partner.name)
    query = select(Partner).where(visible(scope, website_id))
    if after:
        name, partner_id = decode_cursor(after, 2)
        query = query.where(tuple_(by_name, Partner.id) > tuple_(name, _uuid(partner_id)))
    rows = session.scalars(query.order_by(by_name, Partner.id).limit(limit + 1)).all()
    if len(rows) <= limit:
        return Slice(rows, None)
    last = rows[limit - 1]
    return Slice(rows[:limit], encode_cursor([last.name.lower(), last.id]))


def visible(scope: Scope, website_id: str = "") -> ColumnElement[bool]:
    """Condition that keeps the partners that may book where somebody sees partners."""
    websites = scope.websites(VIEW)
    if website_id:
        websites = frozenset({website_id}) if scope.can(VIEW, website_id) else frozenset()
    return true() if websites is None else _books_at(websites)


def _books_at(websites: Collection[str]) -> ColumnElement[bool]:
    there = select(PartnerVenue.partner_id).join(Venue, Venue.id == PartnerVenue.venue_id)
    return Partner.id.in_(there.where(Venue.website_id.in_(sorted(websites))))


def get(session: Session, scope: Scope, partner_id: UUID, permission: Permission = VIEW) -> Partner:
    """One partner. Raises NotFound when it is not visible, Forbidden when it is only that."""
    partner = session.get(Partner, partner_id)
    return _checked(session, partner, scope, permission)


def lock(session: Session, scope: Scope, partner_id: UUID, permission: Permission) -> Partner:
    """The same, with the row locked until the transaction ends."""
    query = select(Partner).where(Partner.id == partner_id).with_for_update(key_share=True)
    partner = session.scalar(query.execution_options(populate_existing=True))
    return _checked(session, partner, scope, permission)


def _checked(
    session: Session, partner: Partner | None, scope: Scope, permission: Permission
) -> Partner:
    websites = websites_of(session, partner.id) if partner else frozenset()
    if partner is None or not sees(scope, websites):
        raise NotFound("This partner does not exist.")
    if permission is MANAGE and not manages(scope, websites):
        raise Forbidden(
            "This partner books at several websites, and a change concerns them all. "
            "Only who manages partners at each of them may change it."
        )
    return partner


def sees(scope: Scope, websites: Collection[str]) -> bool:
    """Whether somebody may look at a partner that books at these websites."""
    return scope.can(VIEW) or any(scope.can(VIEW, each) for each in websites)


def manages(scope: Scope, websites: Collection[str]) -> bool:
    """Whether somebody may change a partner that books at these websites: at all of them."""
    return scope.can_at_all(MANAGE, websites)


def websites_of(session: Session, partner_id: UUID) -> frozenset[str]:
    """The websites at whose venues a partner may book."""
    query = select(Venue.website_id).distinct().join(PartnerVenue)
    return frozenset(session.scalars(query.where(PartnerVenue.partner_id == partner_id)))


def places_of(session: Session, partner_ids: Collection[UUID]) -> dict[UUID, list[Place]]:
    """Where each of these partners may book, by website and name."""
    query = (
        select(PartnerVenue.partner_id, *_PLACE)
        .join(Venue, Venue.id == PartnerVenue.venue_id)
        .join(Website, Website.id == Venue.website_id)
        .where(PartnerVenue.partner_id.in_(partner_ids))
        .order_by(Website.name, Venue.name)
    )
    found: dict[UUID, list[Place]] = {partner_id: [] for partner_id in partner_ids}
    for row in session.execute(query):
        found[row[0]].append(Place(*row[1:]))
    return found


_PLACE = (Venue.id, Venue.name, Website.id, Website.name, Venue.timezone)


def places(session: Session, scope: Scope, permission: Permission) -> list[Place]:
    """The venues of the websites where somebody holds a permission, by website and name."""
    query = select(*_PLACE).join(Website, Website.id == Venue.website_id)
    query = query.where(scope.clause(Website.id, permission), Venue.is_active)
    return [Place(*row) for row in session.execute(query.order_by(Website.name, Venue.name))]


def names(
    session: Session, websites: Collection[str] | None, also: Collection[UUID] = ()
) -> dict[UUID, str]:
    """Names of the partners that book at these websites (None: at any), and of those in `also`."""
    query = select(Partner.id, Partner.name)
    if websites is not None:
        query = query.where(or_(_books_at(websites), Partner.id.in_(also)))
    query = query.order_by(func.lower(Partner.name)).limit(MOST_NAMES)
    return {row.id: row.name for row in session.execute(query)}


def name_of(session: Session, partner_id: UUID) -> str | None:
    """The name in the badge of its bookings."""
    return session.scalar(select(Partner.name).where(Partner.id == partner_id))


def doors(session: Session, websites: Collection[str]) -> list[str]:
    """The doors of the partners that book at these websites, as destinations are named."""
    return [
        f"partner:{one}" for one in session.scalars(select(Partner.id).where(_books_at(websites)))
    ]


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise bad_cursor() from error
