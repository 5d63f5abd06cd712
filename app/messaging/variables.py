"""What templates can name: one table that the editor lists, the check knows, and values fill.

To add one: a row here, and its value in `values`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from app.messaging.models import Kind, Medium

GUEST_KINDS = (
    *(Kind.CONFIRMATION, Kind.DEPOSIT_REQUEST, Kind.PLACE_OFFERED, Kind.REMINDER),
    *(Kind.CHANGE, Kind.CANCELLATION, Kind.REVIEW_REQUEST),
)
STAFF_KINDS = (Kind.STAFF_ALERT, Kind.KITCHEN_ALERT)
OF_BOOKINGS = (*GUEST_KINDS, *STAFF_KINDS)
REGULAR, SUNDAY_LUNCH = "regular", "sunday_lunch"
VARIANTS = (REGULAR, SUNDAY_LUNCH)


@dataclass(frozen=True)
class Variable:
    """Something that a template can name. `example` stands in where nothing real is at hand."""

    name: str
    label: str
    example: Any
    kinds: tuple[Kind, ...] = OF_BOOKINGS
    may_be_empty: bool = False
    """Then the words around it belong into an `if`."""


_ALL = (
    Variable("first_name", "First name of the guest", "Amelia"),
    Variable("customer_name", "Name of the guest", "Amelia Hart"),
    Variable("party_size", "Number of guests", 4),
    Variable("date", "Date of the visit", "Sunday 13 December 2026"),
    Variable("day", "Day of the visit: today, tomorrow, or its date", "tomorrow"),
    Variable("time", "Time of the visit", "13:00"),
    Variable("what", "What is booked: table, or the activity", "table"),
    Variable("activity", "Name of the activity", "Sunday lunch"),
    Variable("venue", "Name of the venue", "The Anchor"),
    Variable("address", "Address of the venue", "1 Harbour Road", may_be_empty=True),
    Variable("reference", "Booking reference", "TB-7K3M9Q"),
    Variable("website", "Name of the website", "The Anchor"),
    Variable("contact_phone", "Phone to call you", "+44 20 7946 0123", may_be_empty=True),
    Variable("allergies", "Allergies", "nuts, milk", may_be_empty=True),
    Variable("celebration", "What they celebrate", "birthday", may_be_empty=True),
    Variable("high_chairs", "Number of high chairs", 1, may_be_empty=True),
    Variable("special_requests", "Requests of the guest", "By the window", may_be_empty=True),
    Variable("menu_summary", "Dishes chosen", "3 Roast beef, 1 Nut roast", may_be_empty=True),
    Variable("roast_summary", "The same", "3 Roast beef, 1 Nut roast", may_be_empty=True),
    Variable("dishes", "Dishes chosen, as a list", ["3 Roast beef"], may_be_empty=True),
    Variable("is_table", "Whether a table is booked", True, may_be_empty=True),
    Variable("paid", "What was paid", "£20", may_be_empty=True),
    Variable("amount", "Deposit to be paid", "£20", (Kind.DEPOSIT_REQUEST,)),
    Variable(
        "payment_link",
        "Where it is paid",
        "https://example.com/pay/7K3M9QAaBbCcDd0123456.gHj8-kLmN3pQrStUvWx",
        (Kind.DEPOSIT_REQUEST,),
    ),
    Variable(
        "pay_until",
        "Until when it must be paid",
        "today 18:30",
        (Kind.DEPOSIT_REQUEST,),
        may_be_empty=True,
    ),
    Variable(
        "manage_url",
        "Where guests see and change it",
        "https://example.com/my/7K3M9QAaBbCcDd01234567.gHj8-kLmN3pQrStU",
        (Kind.CONFIRMATION, Kind.PLACE_OFFERED, Kind.REMINDER, Kind.CHANGE),
        may_be_empty=True,
    ),
    Variable("held_until", "Until when the place is held", "today 18:30", (Kind.PLACE_OFFERED,)),
    Variable(
        "refund_message",
        "What becomes of the deposit",
        "Your deposit of £20 will be refunded in full.",
        (Kind.CANCELLATION, *STAFF_KINDS),
        may_be_empty=True,
    ),
    Variable(
        "changes",
        "What has changed, as a list",
        ["Time: 13:00 → 14:00"],
        (Kind.CHANGE, *STAFF_KINDS),
        may_be_empty=True,
    ),
    Variable(
        "review_link", "Where guests can review", "https://example.com/r", (Kind.REVIEW_REQUEST,)
    ),
    Variable("happened", "What has happened", "New booking", STAFF_KINDS),
    Variable(
        "customer_phone", "Phone of the guest", "+44 7700 900123", STAFF_KINDS, may_be_empty=True
    ),
    Variable(
        "customer_email", "E-mail of the guest", "a@example.com", STAFF_KINDS, may_be_empty=True
    ),
    Variable("booking_link", "The booking here", "https://example.com/bookings/1", STAFF_KINDS),
    Variable("state", "Problem, or resolved", "Problem", (Kind.SYSTEM_ALERT,)),
    Variable("alert", "What is wrong", "SMS do not arrive.", (Kind.SYSTEM_ALERT,)),
    Variable("health_link", "The page Health", "https://example.com/", (Kind.SYSTEM_ALERT,)),
)
VARIABLES = {variable.name: variable for variable in _ALL}
REQUIRED = {
    Kind.DEPOSIT_REQUEST: "payment_link",
    Kind.PLACE_OFFERED: "manage_url",
    Kind.REVIEW_REQUEST: "review_link",
}
"""Without it the message is of no use."""
LABELS = {
    Kind.CONFIRMATION: "Confirmation",
    Kind.DEPOSIT_REQUEST: "Deposit request",
    Kind.PLACE_OFFERED: "Offer of a place",
    Kind.REMINDER: "Reminder",
    Kind.CHANGE: "Change",
    Kind.CANCELLATION: "Cancellation",
    Kind.REVIEW_REQUEST: "Review request",
    Kind.STAFF_ALERT: "Alert for managers",
    Kind.KITCHEN_ALERT: "Alert for the kitchen",
    Kind.SYSTEM_ALERT: "System alert",
}
EXPLAINED = {
    Kind.CONFIRMATION: "When a booking is made or confirmed.",
    Kind.DEPOSIT_REQUEST: "When a booking waits for its deposit.",
    Kind.PLACE_OFFERED: "When a place becomes free for who waits for one.",
    Kind.REMINDER: "Before the visit.",
    Kind.CHANGE: "When time, place or party change.",
    Kind.CANCELLATION: "When a booking is cancelled.",
    Kind.REVIEW_REQUEST: "Two hours after the visit.",
    Kind.STAFF_ALERT: "To your managers: new and cancelled bookings.",
    Kind.KITCHEN_ALERT: "To your kitchen: new, changed and cancelled tables.",
    Kind.SYSTEM_ALERT: "To managers: something is wrong, or right again.",
}


def of_kind(kind: Kind) -> tuple[Variable, ...]:
    """The variables that have a value in messages of this kind."""
    return tuple(variable for variable in _ALL if kind in variable.kinds)


def media_of(kind: Kind) -> tuple[Medium, ...]:
    """How messages of this kind travel."""
    return (Medium.SMS, Medium.EMAIL) if kind in GUEST_KINDS else (Medium.EMAIL,)


def variants_of(kind: Kind) -> tuple[str, ...]:
    """The kinds of bookings for which it may have words of its own."""
    return VARIANTS if kind in GUEST_KINDS else (REGULAR,)


def examples(kind: Kind, *, empty: bool = False) -> dict[str, Any]:
    """A value for each variable. `empty`: where one can be empty, it is."""
    return {
        variable.name: _nothing(variable.example)
        if empty and variable.may_be_empty
        else variable.example
        for variable in of_kind(kind)
    }


def names(variables: Iterable[Variable]) -> frozenset[str]:
    """Their names."""
    return frozenset(variable.name for variable in variables)


def _nothing(example: Any) -> Any:
    return type(example)()
