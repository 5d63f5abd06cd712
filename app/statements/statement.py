"""What is owed because of one partner's bookings of one month. Exact, per booking, in order."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.bookings.models import Booking
from app.partners import commission
from app.partners.models import Partner, Relation
from app.staff.permissions import Permission
from app.staff.scope import Scope
from app.websites.models import Website


class Reader(enum.Enum):
    """To whom a statement speaks."""

    DESK = "desk"
    PARTNER = "partner"


_OWES = {
    Reader.DESK: ("You owe the partner", "The partner owes you"),
    Reader.PARTNER: ("Is owed to you", "You owe"),
}
"""Who owes; the second: at a net rate."""
BASES = {"booked": "By booking date", "visit": "By visit date"}
NOTHING = Decimal(0)


@dataclass(frozen=True)
class Row:
    """One booking that counts."""

    booking_id: UUID
    reference: str
    partner_reference: str | None
    booked: date
    """In the website's time zone."""
    visit: date
    activity: str
    guests: int
    status: str
    website: str
    currency: str
    total: Decimal
    refunded: Decimal
    rate: Decimal
    relation: Relation
    commission: Decimal
    """What the partner keeps or gets."""

    @property
    def due(self) -> Decimal:
        """At a net rate what the partner owes; else the commission, which it is owed."""
        if self.relation is Relation.NET:
            return commission.net(self.total, self.refunded) - self.commission
        return self.commission


@dataclass(frozen=True)
class Total:
    """The rows of one website, currency and relation added up."""

    website: str
    currency: str
    relation: Relation
    bookings: int
    guests: int
    total: Decimal
    refunded: Decimal
    commission: Decimal
    due: Decimal

    def owes(self, reader: Reader) -> str:
        """Who owes whom, in words to this reader."""
        return _OWES[reader][self.relation is Relation.NET]


@dataclass(frozen=True)
class Statement:
    """The statement of one month."""

    partner: Partner
    month: date
    """Its first day."""
    by: str
    rows: Sequence[Row]
    totals: Sequence[Total]
    reader: Reader = Reader.DESK

    @property
    def title(self) -> str:
        return f"{self.month:%B %Y}"


def statement(
    session: Session,
    scope: Scope,
    partner: Partner,
    month: date,
    by: str,
    reader: Reader = Reader.DESK,
) -> Statement:
    """The bookings that count, of the websites where the reader sees partners and payments.

    What waits, is cancelled, refunded in full or expired does not count. `month`: any day of it.
    """
    first = month.replace(day=1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    day = Booking.booked_day if by == "booked" else Booking.activity_date
    columns = [getattr(Booking, name) for name in _READ]
    query = (
        select(*columns, Website.name.label("website"))
        .join(Website, Website.id == Booking.website_id)
        .where(Booking.partner_id == partner.id, day.between(first, last))
        .where(Booking.status.in_(commission.OWING))
        .where(scope.clause(Booking.website_id, Permission.PARTNERS_VIEW))
        .where(scope.clause(Booking.website_id, Permission.PAYMENTS_VIEW))
        .order_by(Website.name, day, Booking.booking_ref, Booking.id)
    )
    rows = [_row(found) for found in session.execute(query)]
    return Statement(partner, first, by, rows, totals(rows), reader)


_READ = (
    *("id", "booking_ref", "partner_reference", "booked_day", "activity_date", "package_name"),
    *("guest_count", "status", "currency", "total_amount", "refunded_amount", "commission_rate"),
    "payment_relation",
)


def _row(found: Any) -> Row:
    rate = found.commission_rate or NOTHING
    sums = (found.total_amount, found.refunded_amount, rate)
    digits = commission.digits_of(found.currency)
    return Row(
        booking_id=found.id,
        reference=found.booking_ref,
        partner_reference=found.partner_reference,
        booked=found.booked_day,
        visit=found.activity_date,
        activity=found.package_name,
        guests=found.guest_count,
        status=found.status,
        website=found.website,
        currency=found.currency,
        total=found.total_amount,
        refunded=found.refunded_amount or NOTHING,
        rate=rate,
        relation=Relation(found.payment_relation or Relation.COMMISSION),
        commission=commission.owed(found.status, *sums, digits=digits),
    )


def totals(rows: Sequence[Row]) -> list[Total]:
    """The rows added up by website, currency and relation, in the order of the rows."""
    groups: dict[tuple[str, str, Relation], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.website, row.currency, row.relation), []).append(row)
    names = [f.name for f in fields(Total)][4:]  # guests and the amounts are added up as named
    return [
        Total(*key, len(group), *(sum(getattr(row, name) for row in group) for name in names))
        for key, group in groups.items()
    ]
