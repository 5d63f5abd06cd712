"""Guests whom the desk knows already, found by their telephone while somebody types it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, load_only

from app.bookings.listing import LIST_COLUMNS
from app.bookings.models import Booking
from app.customers.phones import to_e164
from app.customers.queries import by_phone
from app.staff.permissions import Permission
from app.staff.scope import Scope

VIEW = Permission.BOOKINGS_VIEW
LAST = 3
"""Visits that are shown."""


@dataclass(frozen=True)
class KnownGuest:
    """Somebody with bookings on one's websites; empty but for that without `customers:view`."""

    name: str = ""
    email: str = ""
    visits: int = 0
    last: Sequence[Booking] = ()


def known(session: Session, scope: Scope, phone: str, region: str) -> KnownGuest | None:
    """Who has this number, among the guests of the websites that somebody works for.

    `region` is that of the website where the number is typed (ISO 3166).
    """
    e164 = to_e164(phone, None, region)
    customer = by_phone(session, e164) if e164 else None
    if customer is None:
        return None
    theirs = Booking.customer_id == customer.id
    seen = select(func.count()).where(theirs, scope.clause(Booking.website_id, VIEW))
    visible = seen.where(scope.clause(Booking.website_id, Permission.CUSTOMERS_VIEW))
    visits = session.scalar(visible) or 0
    if not visits:
        return KnownGuest() if session.scalar(seen) else None
    query = select(Booking).where(
        theirs,
        scope.clause(Booking.website_id, VIEW),
        scope.clause(Booking.website_id, Permission.CUSTOMERS_VIEW),
    )
    newest = query.order_by(Booking.activity_date.desc(), Booking.id).limit(LAST)
    last = session.scalars(newest.options(load_only(*LIST_COLUMNS))).all()
    name = f"{customer.first_name} {customer.last_name}".strip()
    return KnownGuest(name, customer.email or "", visits, last)
