"""The status of a booking: the allowed moves, and the words of others for ours."""

from __future__ import annotations

import enum

from app.staff.permissions import Permission


class Status(enum.StrEnum):
    """Where a booking stands."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    CHECKED_IN = "checked_in"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"
    NO_SHOW = "no_show"
    EXPIRED = "expired"

    @property
    def label(self) -> str:
        """As people read it."""
        return "No-show" if self is Status.NO_SHOW else self.value.replace("_", " ").capitalize()


MOVES: dict[Status, frozenset[Status]] = {
    Status.PENDING: frozenset({Status.CONFIRMED, Status.CANCELLED, Status.EXPIRED}),
    Status.CONFIRMED: frozenset({Status.CHECKED_IN, Status.NO_SHOW, Status.CANCELLED}),
    Status.CHECKED_IN: frozenset({Status.COMPLETED, Status.CONFIRMED}),
    Status.NO_SHOW: frozenset({Status.CHECKED_IN, Status.CONFIRMED, Status.CANCELLED}),
    Status.COMPLETED: frozenset({Status.CHECKED_IN}),
    Status.CANCELLED: frozenset({Status.CONFIRMED, Status.REFUNDED}),
    Status.REFUNDED: frozenset(),
    Status.EXPIRED: frozenset(),
}
"""What staff may do. Going back to `confirmed` undoes a check-in, a no-show or a cancellation.

A source is the author of its own booking and is not held to this table.
"""

NEEDS: dict[Status, Permission] = {
    Status.PENDING: Permission.BOOKINGS_EDIT,
    Status.CONFIRMED: Permission.BOOKINGS_EDIT,
    Status.CHECKED_IN: Permission.BOOKINGS_CHECK_IN,
    Status.COMPLETED: Permission.BOOKINGS_CHECK_IN,
    Status.NO_SHOW: Permission.BOOKINGS_CHECK_IN,
    Status.CANCELLED: Permission.BOOKINGS_CANCEL,
    Status.REFUNDED: Permission.BOOKINGS_CANCEL,
    Status.EXPIRED: Permission.BOOKINGS_MANAGE,
}

ARRIVING = (Status.PENDING, Status.CONFIRMED)
ARRIVED = (Status.CHECKED_IN, Status.COMPLETED)
TICKED = (Status.CONFIRMED, Status.CHECKED_IN, Status.NO_SHOW)
"""Here travelers arrive one by one, or are taken back."""
GONE = (Status.CANCELLED, Status.REFUNDED, Status.EXPIRED)
"""These hold no place."""

_WORDS: dict[str, Status] = {
    **{status.value: status for status in Status},
    "new": Status.PENDING,
    "unpaid": Status.PENDING,
    "awaiting_payment": Status.PENDING,
    "paid": Status.CONFIRMED,
    "booked": Status.CONFIRMED,
    "checkedin": Status.CHECKED_IN,
    "arrived": Status.CHECKED_IN,
    "done": Status.COMPLETED,
    "complete": Status.COMPLETED,
    "canceled": Status.CANCELLED,
    "noshow": Status.NO_SHOW,
}


def status_from_word(word: str) -> Status | None:
    """Our status for a source's own word; None when nobody taught us the word."""
    return _WORDS.get(word.strip().casefold().replace("-", "_").replace(" ", "_"))


def permission_to_move(old: Status, new: Status) -> Permission:
    """What a person needs for a move: undoing needs the same as doing."""
    if new == Status.CONFIRMED and old != Status.PENDING:
        return NEEDS[old]
    return NEEDS[new]
