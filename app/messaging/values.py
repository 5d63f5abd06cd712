"""From a booking to the plain values that templates name: texts, numbers, lists of texts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from app.bookings.derive import clock_of
from app.bookings.links import manage_url
from app.bookings.models import Booking
from app.customers.models import Customer
from app.menus.models import BookingItem
from app.messaging import languages
from app.messaging.languages import phrase
from app.messaging.models import MessageSettings
from app.payments.links import links, pay_url
from app.payments.models import Payment, PaymentKind, PaymentState
from app.payments.state import OPEN
from app.venues.models import Venue
from app.websites.models import Website

LONGEST_NAME, LONGEST_VALUE = 60, 1000
"""Characters of a value."""
_ADVERT = re.compile(r"://|[Ww]{3}\.|[/@<>]|\w\.(?:[a-z]{2,}|[A-Z]{2,}\b)|\d{5,}")
"""In a name: somebody books to have us send their words to others. (St.John is none.)"""
_TOLD = ("activity_date", "time_slot", "guest_count", "package_name", "venue")
_SAME = {"activity_id": "package_name", "venue_id": "venue"}


@dataclass(frozen=True)
class Subject:
    """A booking, and everything about it that a message may tell."""

    booking: Booking
    customer: Customer
    website: Website
    venue: Venue | None
    settings: MessageSettings | None
    items: Sequence[BookingItem] = ()
    payments: Sequence[Payment] = ()
    minutes: int = 60
    """How long the visit takes."""
    last_day: date | None = None
    """Of a departure."""

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.venue.timezone if self.venue else self.website.timezone)

    @property
    def contact_phone(self) -> str:
        own = self.settings.contact_phone if self.settings else None
        return own or (self.venue.phone if self.venue else None) or ""

    @property
    def venue_name(self) -> str:
        return self.venue.name if self.venue else self.booking.venue or self.website.name


@dataclass(frozen=True)
class Occasion:
    """Why the message is written. `changed`: names of fields."""

    now: datetime
    event: str = ""
    changed: Collection[str] = field(default_factory=tuple)
    to_guest: bool = True
    """Else to staff, who are told names as they are."""


def values_of(subject: Subject, occasion: Occasion, language: str) -> dict[str, Any]:
    """A value for every variable of messages about a booking."""
    booking = subject.booking
    whole = booking.customer_name
    return {
        **_visit(subject, occasion, language),
        **_wishes(subject),
        **_money(subject, occasion, language),
        "first_name": first_name(subject, language),
        "customer_name": _name(whole, language) if occasion.to_guest else one_line(whole),
        "party_size": booking.guest_count,
        "reference": booking.booking_ref,
        "website": subject.website.name,
        "contact_phone": subject.contact_phone,
        "review_link": (subject.settings.review_link if subject.settings else None) or "",
        "customer_phone": booking.customer_phone or "",
        "customer_email": booking.customer_email or "",
        "manage_url": manage_url(booking),
        "booking_link": links.address(f"/bookings/{booking.id}"),
        "happened": phrase(_happened(booking, occasion), language),
        "changes": _changes(subject, occasion, language),
    }


def of_alert(meta: Mapping[str, Any], event: str, language: str) -> dict[str, Any]:
    """The same of messages about the installation itself."""
    said = meta.get("message") or meta.get("condition") or event
    state = "resolved" if event.endswith("resolved") else "fired"
    return {
        "alert": str(said)[:LONGEST_VALUE],
        "state": phrase(state, language),
        "health_link": links.address("/health"),
    }


def first_name(subject: Subject, language: str) -> str:
    """How the guest is greeted: as the booking names them."""
    whole, known = subject.booking.customer_name.strip(), subject.customer.first_name.strip()
    first = known if known and whole.startswith(known) else whole.split(" ")[0]
    return _name(first, language)


def what_of(booking: Booking, language: str) -> str:
    """What is booked, as it stands in `your … for 4`."""
    return phrase("table", language) if booking.kind == "table" else booking.package_name


def time_of(booking: Booking) -> str:
    """The time as a clock shows it; where it is none, the source's word."""
    clock = clock_of(booking.time_slot)
    return languages.clock(clock) if clock else booking.time_slot


def _name(text: str, language: str) -> str:
    if not text.strip() or _ADVERT.search(text):
        return phrase("guest", language)
    return one_line(text)


def one_line(text: str) -> str:
    """A name as it is, on one line."""
    return " ".join(text.split())[:LONGEST_NAME]


def _visit(subject: Subject, occasion: Occasion, language: str) -> dict[str, Any]:
    booking = subject.booking
    today = occasion.now.astimezone(subject.zone).date()
    return {
        "date": languages.full_date(booking.activity_date, language),
        "day": languages.near_date(booking.activity_date, today, language),
        "time": time_of(booking),
        "what": what_of(booking, language),
        "activity": booking.package_name,
        "venue": subject.venue_name,
        "address": (subject.venue.address if subject.venue else None) or "",
        "is_table": booking.kind == "table",
    }


def _wishes(subject: Subject) -> dict[str, Any]:
    booking = subject.booking
    chosen: Counter[str] = Counter()
    for item in subject.items:
        chosen[item.name] += item.quantity
    dishes = [f"{count} {name}" for name, count in chosen.items()]
    return {
        "allergies": ", ".join(map(str, booking.allergies or []))[:LONGEST_VALUE],
        "celebration": booking.celebration or "",
        "high_chairs": booking.high_chairs,
        "special_requests": (booking.special_requests or "")[:LONGEST_VALUE],
        "dishes": dishes,
        "menu_summary": ", ".join(dishes)[:LONGEST_VALUE],
        "roast_summary": ", ".join(dishes)[:LONGEST_VALUE],
    }


def _money(subject: Subject, occasion: Occasion, language: str) -> dict[str, Any]:
    booking = subject.booking
    due = next(
        (p for p in subject.payments if p.kind == PaymentKind.DEPOSIT and p.state in OPEN), None
    )
    amount = due.amount if due else booking.deposit_amount
    ends = due.expires_at if due else booking.hold_expires_at
    return {
        "paid": _amount(booking.paid_amount, booking, language),
        "amount": _amount(amount, booking, language),
        "payment_link": pay_url(due) if due else "",
        "pay_until": _moment(ends, subject.zone, occasion.now, language) if ends else "",
        "refund_message": _refund(subject, language),
        "held_until": _held_until(subject, occasion, language),
    }


def _held_until(subject: Subject, occasion: Occasion, language: str) -> str:
    until = subject.booking.hold_expires_at
    return _moment(until, subject.zone, occasion.now, language) if until else ""


def _amount(amount: Decimal | None, booking: Booking, language: str) -> str:
    return languages.money(amount, booking.currency, language) if amount else ""


def _moment(moment: datetime, zone: ZoneInfo, now: datetime, language: str) -> str:
    local, today = moment.astimezone(zone), now.astimezone(zone).date()
    return f"{languages.near_date(local.date(), today, language)} {languages.clock(local.time())}"


def _refund(subject: Subject, language: str) -> str:
    """What becomes of the money of a booking that is over; nothing where none came."""
    booking = subject.booking
    if not booking.is_gone:
        return ""
    back = sum(
        (
            payment.amount
            for payment in subject.payments
            if payment.kind == PaymentKind.REFUND and payment.state != PaymentState.FAILED
        ),
        Decimal(0),
    )
    paid = booking.paid_amount or Decimal(0)
    if not paid:
        said = _amount(booking.refunded_amount, booking, language)
        return phrase("refund_source", language, back=said) if said else ""
    which = "refund_all" if back >= paid else "refund_part" if back else "refund_none"
    sums = {"paid": paid, "back": back}
    return phrase(which, language, **{k: _amount(v, booking, language) for k, v in sums.items()})


def _happened(booking: Booking, occasion: Occasion) -> str:
    if booking.is_gone:
        return "cancelled"
    made = occasion.event == "booking.created" or "status" in occasion.changed
    return "created" if made else "changed"


def _changes(subject: Subject, occasion: Occasion, language: str) -> list[str]:
    """What is new, as it is now."""
    booking = subject.booking
    if occasion.event == "booking.created" or booking.is_gone:
        return []
    changed = {_SAME.get(name, name) for name in occasion.changed}
    now = {
        "activity_date": languages.full_date(booking.activity_date, language),
        "time_slot": time_of(booking),
        "guest_count": str(booking.guest_count),
        "package_name": booking.package_name,
        "venue": subject.venue_name,
    }
    return [f"{phrase(name, language)}: {now[name]}" for name in _TOLD if name in changed]
