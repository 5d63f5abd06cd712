"""Which messages follow from an event, and whether one still makes sense when its turn comes.

Pure: events, bookings and clocks in, kinds and reasons out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.bookings.models import Booking
from app.bookings.status import ARRIVED, GONE, Status
from app.events.models import Event
from app.messaging.models import Kind, Medium

GUEST, MANAGER, KITCHEN = "guest", "manager", "kitchen"
AUDIENCES = (GUEST, MANAGER, KITCHEN)

OF_BOOKINGS = frozenset({"booking.created", "booking.updated", "booking.status_changed"})
ASKED = frozenset({"message.wanted", "message.failed"})
"""Events that name the kind themselves: it came due, or its SMS did not arrive."""
OF_ALERTS = frozenset({"alert.fired", "alert.resolved"})
EVENTS = OF_BOOKINGS | ASKED | OF_ALERTS

WHEN_AND_WHERE = frozenset(
    {"activity_date", "time_slot", "guest_count", "venue", "venue_id", "activity_id"}
)
"""A guest is told when one of these changes."""
FOR_THE_KITCHEN = WHEN_AND_WHERE | {
    *("allergies", "celebration", "high_chairs", "items", "choices", "special_requests"),
    *("booking_type", "customer_name"),
}
CAN_WAIT = frozenset({Kind.REMINDER, Kind.REVIEW_REQUEST})
"""Sent to many at a time; whatever else is to be sent goes before."""
WAIT_AS_SMS = CAN_WAIT | {Kind.CHANGE, Kind.CANCELLATION, Kind.PLACE_OFFERED}
"""No SMS about these in quiet hours. A confirmation answers somebody who is awake."""
TO_DECIDE = timedelta(hours=2)
"""So long an offered place is held at least after its SMS has waited; else it does not wait."""
FRESH = timedelta(hours=24)
"""A booking made longer ago than this at its source is an import: nobody is told."""
REVIEWED_WITHIN = timedelta(days=3)
_CONFIRMED_FROM = (Status.PENDING, Status.CANCELLED, Status.EXPIRED)


def kind_for(event: Event, booking: Booking | None, audience: str) -> Kind | None:
    """What this audience is to be told because of this event; None: nothing."""
    if event.name in OF_ALERTS:
        return Kind.SYSTEM_ALERT if audience == MANAGER else None
    if booking is None:
        return None
    if event.name in ASKED:
        return _asked(event) if audience == GUEST else None
    kind = _of_booking(event, booking)
    if audience == GUEST:
        return None if booking.partner_id or _told_there(event, booking) else kind
    if audience == KITCHEN:
        return _for_the_kitchen(event, booking, kind)
    return Kind.STAFF_ALERT if kind in (Kind.CONFIRMATION, Kind.CANCELLATION) else None


def _told_there(event: Event, booking: Booking) -> bool:
    """Whether a platform did this to its own reservation: then it tells its guest. (A partner
    looks after its guests, whoever did it.)"""
    return booking.source == "platform" and event.door.startswith("platform:")


def _asked(event: Event) -> Kind | None:
    pair = event.changes.get("kind")
    word = pair[1] if isinstance(pair, list) else None
    return Kind(word) if word in list(Kind) else None


def _of_booking(event: Event, booking: Booking) -> Kind | None:
    changes: Mapping[str, Any] = event.changes
    old, new = changes.get("status") or (None, None)
    if event.name == "booking.created":
        if booking.source_created_at and booking.source_created_at < event.occurred_at - FRESH:
            return None
        if new == Status.PENDING and booking.deposit_amount:
            return Kind.DEPOSIT_REQUEST
        return Kind.CONFIRMATION if new == Status.CONFIRMED else None
    if new == Status.CONFIRMED and old in _CONFIRMED_FROM:
        return Kind.CONFIRMATION
    if new in (Status.CANCELLED, Status.REFUNDED):
        return Kind.CANCELLATION if old not in (*GONE, *ARRIVED, Status.NO_SHOW) else None
    return Kind.CHANGE if WHEN_AND_WHERE & changes.keys() else None


def _for_the_kitchen(event: Event, booking: Booking, kind: Kind | None) -> Kind | None:
    if booking.kind != "table":
        return None
    if kind in (Kind.CONFIRMATION, Kind.CANCELLATION):
        return Kind.KITCHEN_ALERT
    touched = event.name == "booking.updated" and FOR_THE_KITCHEN & event.changes.keys()
    return Kind.KITCHEN_ALERT if touched and booking.status == Status.CONFIRMED else None


@dataclass(frozen=True)
class Place:
    """The clock of a visit, and when nobody there is to be disturbed."""

    timezone: str
    quiet_from: time | None = None
    quiet_until: time | None = None

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


def begins(booking: Booking, place: Place) -> datetime:
    """When the visit begins; where no time is known, the end of its day."""
    if booking.starts_at is not None:
        return booking.starts_at
    next_day = booking.activity_date + timedelta(days=1)
    return datetime.combine(next_day, time(), place.zone).astimezone(UTC)


def senseless(kind: Kind, booking: Booking, place: Place, now: datetime) -> str | None:
    """Why this message makes no sense any more; None while it does."""
    status, start = Status(booking.status), begins(booking, place)
    if kind is Kind.REVIEW_REQUEST:
        if status not in ARRIVED:
            return "The guest was not there."
        return "Too late." if now > start + REVIEWED_WITHIN else None
    if start <= now:
        return "Too late: the visit has begun."
    if kind is Kind.DEPOSIT_REQUEST:
        lapsed = booking.hold_expires_at is not None and booking.hold_expires_at <= now
        return "Nothing is to be paid any more." if status != Status.PENDING or lapsed else None
    if kind is Kind.PLACE_OFFERED:
        return None if is_held(booking, now) else "The place is not held any more."
    if kind is Kind.CANCELLATION:
        back = status not in (Status.CANCELLED, Status.REFUNDED)
        return "The booking is not cancelled any more." if back else None
    if kind in (Kind.CONFIRMATION, Kind.REMINDER, Kind.CHANGE):
        stands = status is Status.CONFIRMED or (kind is Kind.CHANGE and status is Status.PENDING)
        return None if stands else f"The booking is {status.label.lower()} by now."
    return None


def is_held(booking: Booking, now: datetime) -> bool:
    """Whether a place is held for the guest, and for some time yet."""
    until = booking.hold_expires_at
    return booking.status == Status.PENDING and until is not None and until > now


def quiet_until(place: Place, now: datetime) -> datetime | None:
    """When the quiet hours end in which `now` lies; None outside of them."""
    first, last = place.quiet_from, place.quiet_until
    if first is None or last is None or first == last:
        return None
    local = now.astimezone(place.zone)
    clock = local.time()
    over_night = first > last
    inside = (clock >= first or clock < last) if over_night else first <= clock < last
    if not inside:
        return None
    day = local.date() + timedelta(days=1 if over_night and clock >= first else 0)
    return datetime.combine(day, last, place.zone).astimezone(UTC)


def wait_until(
    kind: Kind, medium: Medium, booking: Booking, place: Place, now: datetime
) -> datetime | None:
    """Until when this message is to wait; None: it goes now.

    What cannot be told after the quiet hours any more is told in them, but for what nobody needs.
    """
    waits = kind in (WAIT_AS_SMS if medium is Medium.SMS else CAN_WAIT)
    end = quiet_until(place, now) if waits else None
    if end is None:
        return None
    return None if kind not in CAN_WAIT and end >= _latest(kind, booking, place) else end


def _latest(kind: Kind, booking: Booking, place: Place) -> datetime:
    """Before when a message about a booking is of use."""
    if kind is Kind.PLACE_OFFERED and booking.hold_expires_at is not None:
        return booking.hold_expires_at - TO_DECIDE
    return begins(booking, place)
