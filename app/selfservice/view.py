"""What a guest's page shows: where the booking stands, in plain words, and what can be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from app.bookings import accepting, depositing, queries
from app.bookings.calling_off import is_cancellable
from app.bookings.holds import is_lapsed
from app.bookings.status import Status
from app.bookings.wording import city, labels, long_day, money
from app.payments.links import pay_url
from app.payments.queries import open_deposit
from app.selfservice.models import ChangeRequest
from app.selfservice.opening import Visit
from app.selfservice.queries import of_booking

_STATES = {
    Status.CONFIRMED: "confirmed",
    Status.CHECKED_IN: "here",
    Status.COMPLETED: "over",
    Status.NO_SHOW: "missed",
    Status.CANCELLED: "cancelled",
    Status.REFUNDED: "cancelled",
    Status.EXPIRED: "late",
}


@dataclass(frozen=True)
class Shown:
    """The page. `state`: `offered`, `unpaid`, `waiting`, `confirmed`, `here`, `over`, `missed`,
    `cancelled` or `late`."""

    visit: Visit
    state: str
    when: str
    clock_of: str
    """Whose clock the time is by; empty where it is no clock time."""
    prices: Sequence[tuple[str, str]]
    pay_link: str
    can_cancel: bool
    can_ask: bool
    requests: Sequence[ChangeRequest]

    @property
    def open_requests(self) -> Sequence[ChangeRequest]:
        return [each for each in self.requests if each.state == "open"]


def shown(session: Session, visit: Visit, now: datetime) -> Shown:
    """The page of a booking."""
    booking = visit.booking
    pay_link = _pay_link(session, visit, now)
    state = _state(visit, now, pays=bool(pay_link))
    today = now.astimezone(visit.zone).date()
    return Shown(
        visit=visit,
        state=state,
        when=_when(visit),
        clock_of=city(visit.zone) if booking.starts_at else "",
        prices=_prices(visit),
        pay_link=pay_link,
        can_cancel=is_cancellable(booking, now),
        can_ask=state in ("unpaid", "waiting", "confirmed", "here") and today <= visit.last_day,
        requests=of_booking(session, booking.id),
    )


def news(session: Session, visit: Visit, version: int) -> str:
    """What has changed since a page was shown: `Time and guests`; empty where nothing has."""
    if version >= visit.booking.version:
        return ""
    names = queries.changed_since(session, visit.booking, version).keys() & _TELLING
    return labels(name for name in _TELLING if name in names).capitalize() or "Something"


_TELLING = (
    "status",
    "activity_date",
    "time_slot",
    "package_name",
    "venue",
    "guest_count",
    "travelers",
)
"""Fields whose change a guest is told by name, in this order."""


def _state(visit: Visit, now: datetime, *, pays: bool) -> str:
    booking = visit.booking
    if is_lapsed(booking, now):
        return "late"
    if booking.status != Status.PENDING:
        return _STATES[Status(booking.status)]
    if accepting.is_offered(booking, now):
        return "offered"
    return "unpaid" if pays else "waiting"


def _pay_link(session: Session, visit: Visit, now: datetime) -> str:
    booking = visit.booking
    if booking.deposit_amount is None or booking.status not in (Status.PENDING, Status.CONFIRMED):
        return ""
    due = open_deposit(session, booking.id)
    return pay_url(due) if due is not None and not depositing.is_over(due, now) else ""


def _when(visit: Visit) -> str:
    booking = visit.booking
    first = f"{long_day(booking.activity_date)}, {booking.time_slot}"
    if visit.last_day > booking.activity_date:
        return f"{first}, until {long_day(visit.last_day)}"
    return first


def _prices(visit: Visit) -> list[tuple[str, str]]:
    """Labels and amounts, as far as there are any."""
    booking = visit.booking
    paid_there = booking.stripe_payment_intent_id is not None and not booking.paid_amount
    found = [
        ("Price", booking.total_amount),
        ("Deposit", booking.deposit_amount if not booking.paid_amount else None),
        ("Paid", booking.paid_amount),
        ("Given back", booking.refunded_amount),
    ]
    lines = [(label, money(sum_, booking.currency)) for label, sum_ in found if sum_]
    return [*lines, ("Paid", f"at {visit.website.name}")] if paid_there else lines


@dataclass
class Typed:
    """What a guest typed, and what is wrong with it, by field."""

    values: dict[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
