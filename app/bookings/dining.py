"""What the booking of a table has besides: its type, its dishes and what they cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.bookings import queries
from app.bookings.claims import Terms
from app.bookings.models import Booking
from app.bookings.stamps import load, set_by_staff
from app.bookings.writing import CHOICES, write
from app.customers import queries as customers
from app.errors import Conflict
from app.events.models import Actor
from app.menus import choosing
from app.menus.choosing import Choice, Occasion, Selection, choose, cost, wanted_again
from app.menus.queries import REGULAR
from app.staff.permissions import Permission
from app.staff.scope import Scope
from app.venues import prices
from app.venues.models import Activity, Kind
from app.venues.prices import Sum


def of_activity(activity: Activity) -> dict[str, Any]:
    """The columns that follow from what is booked."""
    is_table = activity.kind == Kind.TABLE
    kind_of_table = activity.booking_type or REGULAR
    return {"kind": activity.kind, "booking_type": kind_of_table if is_table else None}


def amounts_of(sums: Sum) -> dict[str, Any]:
    """What a party pays, as columns."""
    return {
        "package_price": sums.per_guest,
        "discount_amount": sums.discount,
        "total_amount": sums.total,
    }


def rechosen(
    session: Session,
    booking: Booking,
    columns: Mapping[str, Any],
    wanted: Sequence[Selection] | None,
    *,
    strict: bool = True,
) -> dict[str, Any]:
    """The dishes of a booking that is being changed, and what they cost: for the day and the party
    in `columns`, where these say so. Without `wanted` those chosen already are looked at anew.

    Raises InvalidPayload.
    """
    activity_id = columns.get("activity_id") or booking.activity_id
    if activity_id is None or columns.get("kind", booking.kind) != Kind.TABLE:
        return {}
    activity, kept = session.get_one(Activity, activity_id), booking.menu_choices
    party = columns.get("guest_count", booking.guest_count)
    day = columns.get("activity_date", booking.activity_date)
    occasion = Occasion(activity, day, party, kept, strict=strict)
    if wanted is None:
        choose(session, occasion, wanted_again(kept))
        return {}
    chosen = choose(session, occasion, wanted)
    return {CHOICES: chosen, **_price(activity, party, chosen, kept)}


def mains_missing(session: Session, booking: Booking) -> int:
    """How many guests have not chosen a main dish, where everybody should and is still awaited."""
    if booking.kind != Kind.TABLE or booking.activity_id is None or not booking.is_expected:
        return 0
    activity = session.get_one(Activity, booking.activity_id)
    return choosing.mains_missing(session, activity, booking.guest_count, booking.menu_choices)


def demand_takes_choices(booking: Booking) -> None:
    """Raises Conflict for what is no table of ours, or is over for good."""
    if booking.kind != Kind.TABLE or booking.activity_id is None or not booking.can_edit:
        raise Conflict("This booking takes no menu choices.")


def choose_for(
    session: Session,
    actor: Actor,
    scope: Scope,
    booking_id: UUID,
    wanted: Sequence[Selection],
    version: int,
) -> bool:
    """Staff set the dishes of a booking that was read at `version`; not everybody must have chosen.
    Returns whether anything changed.

    Raises NotFound, Forbidden, InvalidPayload, and Conflict when it has moved on.
    """
    booking = queries.lock(session, scope, booking_id, Permission.BOOKINGS_EDIT)
    demand_takes_choices(booking)
    if booking.version != version:
        raise Conflict("Somebody else changed this booking meanwhile.", version=booking.version)
    columns = rechosen(session, booking, {}, wanted, strict=False)
    changed = {name: value for name, value in columns.items() if getattr(booking, name) != value}
    if not changed:
        return False
    now = datetime.now(UTC)
    stamps = set_by_staff(load(booking.field_times), set(changed), now)
    key = customers.data_key(session, booking.customer_id)
    website = queries.website_of(session, booking)
    return write(
        *(session, actor, website, booking, changed, stamps), key=key, now=now, terms=Terms.DESK
    )


def _price(
    activity: Activity, party: int, chosen: Sequence[Choice], kept: Sequence[Choice]
) -> dict[str, Any]:
    """What the dishes cost; who takes all of them back pays per guest again."""
    if chosen:
        return amounts_of(prices.of_choices(activity, cost(chosen), party))
    return amounts_of(prices.of_party(activity, party)) if kept else {}
