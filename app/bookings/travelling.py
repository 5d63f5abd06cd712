"""What the booking of a trek has besides: who goes, and what each of them pays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from app.bookings.dining import amounts_of
from app.bookings.making import by_age
from app.bookings.models import Booking
from app.travelers import rows
from app.travelers.going import Going
from app.venues.models import Activity
from app.venues.plan import Offer
from app.venues.queries import prices

AMOUNTS = ("package_price", "discount_amount", "total_amount")


def changed(
    session: Session, booking: Booking, columns: Mapping[str, Any], going: Sequence[Going]
) -> dict[str, Any]:
    """The columns of a booking with which these go now; `columns` are those it comes to otherwise.

    The price was agreed: where the same people go to the same, of the same ages, everybody keeps
    theirs, and so does the booking.
    """
    before = booking.travelers
    other = columns.get("activity_id", booking.activity_id) != booking.activity_id
    if not other and _who(before) == {(str(one.traveler_id), one.age) for one in going}:
        agreed = {row["traveler_id"]: row["price"] for row in before}
        kept = [replace(one, price=_amount(agreed[str(one.traveler_id)])) for one in going]
        same = {name: getattr(booking, name) for name in AMOUNTS}
        return {"travelers": rows.kept(before, kept), **same}
    activity = session.get_one(Activity, columns.get("activity_id", booking.activity_id))
    priced, sums = by_age(Offer(activity, prices(session, activity.id)), going)
    return {"travelers": rows.kept(before, priced), **amounts_of(sums)}


def _who(before: Sequence[rows.Row]) -> set[tuple[str, int | None]]:
    return {(row["traveler_id"], row["age"]) for row in before}


def _amount(price: Any) -> Decimal | None:
    return None if price is None else Decimal(str(price))
