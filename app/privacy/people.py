"""The guests of the websites that somebody works for: the list, and what their bookings come to.

Figures are counted from the bookings that are visible: nobody learns what a guest did elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, defer

from app.bookings import amounts
from app.bookings.models import Booking
from app.bookings.status import ARRIVED, ARRIVING, GONE, Status
from app.customers.models import Customer
from app.partners.models import Partner
from app.privacy.finding import look_up
from app.staff.permissions import Permission
from app.staff.scope import Scope
from app.web import Slice, bad_cursor, decode_cursor, encode_cursor

VIEW = Permission.CUSTOMERS_VIEW
ROWS = 50
REPEAT, NO_SHOWS, TROUBLE = "repeat", "no_shows", "trouble"
ONLY = {REPEAT: "Came back", NO_SHOWS: "With no-shows", TROUBLE: "With message trouble"}


@dataclass(frozen=True)
class Wanted:
    """What the list is narrowed to."""

    q: str = ""
    only: str = ""
    """One of ONLY."""
    website: str = ""


@dataclass
class Figures:
    """What the visible bookings of one guest come to."""

    bookings: int = 0
    """Without those that were cancelled, refunded or expired."""
    visits: int = 0
    no_shows: int = 0
    tables: int = 0
    last: date | None = None
    """Their last visit."""
    next: date | None = None
    spent: dict[str, Decimal] = field(default_factory=dict)
    """By currency, at the websites where the reader may see amounts."""
    websites: set[str] = field(default_factory=set)
    """Where those bookings are, also those that were cancelled."""
    partners: dict[UUID, str] = field(default_factory=dict)
    """Names of the partners that brought them."""


@dataclass(frozen=True)
class Row:
    """A line of the list."""

    customer: Customer
    figures: Figures


def page(
    session: Session,
    scope: Scope,
    wanted: Wanted,
    today: date,
    after: str | None = None,
    limit: int | None = None,
) -> Slice[Row]:
    """One stretch of the list (ROWS unless `limit` says), the newest guests first. Raises
    InvalidPayload for a cursor that is not ours."""
    most = limit or ROWS
    mine = visible(scope, wanted.website)
    query = select(Customer).where(Customer.merged_into_id.is_(None), *_narrowed(mine, wanted))
    if scope.websites(VIEW) is not None or wanted.website:
        query = query.where(_has(mine))
    if wanted.q:
        websites = {wanted.website} if wanted.website else scope.websites(VIEW)
        query = query.where(Customer.id.in_(look_up(session, wanted.q, websites)))
    if after:
        query = query.where(Customer.id < _cursor(after))
    query = query.order_by(Customer.id.desc()).limit(most + 1).options(defer(Customer.data_key))
    found = session.scalars(query).all()
    shown = found[:most]
    sums = figures(session, scope, [each.id for each in shown], today, wanted.website)
    rows = [Row(each, sums.get(each.id, Figures())) for each in shown]
    return Slice(rows, encode_cursor([shown[-1].id]) if len(found) > most else None)


def visible(scope: Scope, website: str = "") -> ColumnElement[bool]:
    """Condition for the bookings whose guests somebody may see, at one website or at all."""
    mine = scope.clause(Booking.website_id, VIEW)
    return mine & (Booking.website_id == website) if website else mine


def figures(
    session: Session,
    scope: Scope,
    customer_ids: Collection[UUID],
    today: date,
    website: str = "",
) -> dict[UUID, Figures]:
    """What the visible bookings of these guests come to, in one query."""
    there = Booking.status.not_in(GONE)
    came = Booking.status.in_(ARRIVED)
    query = (
        select(
            *(Booking.customer_id, Booking.website_id, Booking.currency),
            func.count().filter(there).label("bookings"),
            func.count().filter(came).label("visits"),
            func.count().filter(Booking.status == Status.NO_SHOW).label("no_shows"),
            func.count().filter(there, Booking.kind == "table").label("tables"),
            func.max(Booking.activity_date).filter(came).label("last"),
            func.min(Booking.activity_date)
            .filter(Booking.status.in_(ARRIVING), Booking.activity_date >= today)
            .label("next"),
            func.sum(Booking.total_amount - func.coalesce(Booking.refunded_amount, 0))
            .filter(there, Booking.status != Status.NO_SHOW)
            .label("spent"),
            func.jsonb_object_agg(Partner.id, Partner.name)
            .filter(Partner.id.is_not(None))
            .label("partners"),
        )
        .outerjoin(Partner, Partner.id == Booking.partner_id)
        .where(Booking.customer_id.in_(customer_ids), visible(scope, website))
        .group_by(Booking.customer_id, Booking.website_id, Booking.currency)
    )
    found: dict[UUID, Figures] = {}
    for row in session.execute(query):
        _add(found.setdefault(row.customer_id, Figures()), row, scope)
    return found


def _add(sums: Figures, row: Any, scope: Scope) -> None:
    for name in ("bookings", "visits", "no_shows", "tables"):
        setattr(sums, name, getattr(sums, name) + getattr(row, name))
    sums.last = max(filter(None, (sums.last, row.last)), default=None)
    sums.next = min(filter(None, (sums.next, row.next)), default=None)
    sums.websites.add(row.website_id)
    sums.partners |= {UUID(partner_id): name for partner_id, name in (row.partners or {}).items()}
    if row.spent and amounts.may_see(scope, row.website_id):
        sums.spent[row.currency] = sums.spent.get(row.currency, Decimal(0)) + row.spent


def _has(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """The guest has such a booking."""
    query = select(Booking.id).where(Booking.customer_id == Customer.id, *conditions)
    return query.correlate(Customer).exists()


def _narrowed(mine: ColumnElement[bool], wanted: Wanted) -> Sequence[ColumnElement[bool]]:
    if wanted.only == NO_SHOWS:
        return [_has(mine, Booking.status == Status.NO_SHOW)]
    if wanted.only == TROUBLE:
        return [or_(Customer.sms_health != "good", Customer.email_health != "good")]
    if wanted.only == REPEAT:
        theirs = select(Booking.id).where(
            Booking.customer_id == Customer.id, mine, Booking.status.not_in(GONE)
        )
        two = theirs.correlate(Customer).limit(2).subquery()
        return [select(func.count()).select_from(two).scalar_subquery() == 2]
    return []


def _cursor(text: str) -> UUID:
    try:
        return UUID(decode_cursor(text, 1)[0])
    except ValueError as error:
        raise bad_cursor() from error
