"""The moves of a booking as people see them: which buttons there are, and what they say."""

from __future__ import annotations

from dataclasses import dataclass

from app.bookings.models import Booking
from app.bookings.status import MOVES, Status, permission_to_move
from app.staff.scope import Scope


@dataclass(frozen=True)
class Move:
    """One button. `predicate` names the property of the booking that allows it."""

    predicate: str
    to: Status
    label: str
    icon: str
    tone: str = ""
    key: str = ""
    """The letter that presses it."""


CONFIRM = Move("can_confirm", Status.CONFIRMED, "Confirm", "circle-check", "primary")
CHECK_IN = Move("can_check_in", Status.CHECKED_IN, "Check in", "check", "success", "c")
NO_SHOW = Move("can_no_show", Status.NO_SHOW, "No-show", "user-off")
UNDO_CHECK_IN = Move("can_undo_check_in", Status.CONFIRMED, "Undo check-in", "arrow-back-up")
UNDO_NO_SHOW = Move("can_undo_no_show", Status.CONFIRMED, "Undo no-show", "arrow-back-up")
REINSTATE = Move("can_reinstate", Status.CONFIRMED, "Reinstate", "arrow-back-up")
CANCEL = Move("can_cancel", Status.CANCELLED, "Cancel booking", "ban", "danger")

BUTTONS = (
    CONFIRM,
    CHECK_IN,
    Move("can_complete", Status.COMPLETED, "Complete", "checks", "primary"),
    NO_SHOW,
    UNDO_CHECK_IN,
    UNDO_NO_SHOW,
    Move("can_reopen", Status.CHECKED_IN, "Reopen", "arrow-back-up"),
    REINSTATE,
    CANCEL,
)

_DONE = {
    Status.CONFIRMED: "is confirmed",
    Status.CHECKED_IN: "is checked in",
    Status.COMPLETED: "is completed",
    Status.NO_SHOW: "is marked as no-show",
    Status.CANCELLED: "is cancelled",
}


def offered(booking: Booking, scope: Scope) -> list[Move]:
    """The buttons that this person may press now."""
    return [move for move in BUTTONS if is_offered(booking, move, scope)]


def is_offered(booking: Booking, move: Move, scope: Scope) -> bool:
    """Whether the booking allows the move, and this person may make it."""
    if not getattr(booking, move.predicate):
        return False
    needed = permission_to_move(Status(booking.status), move.to)
    return scope.can(needed, booking.website_id)


def said(booking: Booking) -> str:
    """What a toast says after a move."""
    status = Status(booking.status)
    return f"{booking.customer_name} {_DONE.get(status, 'is ' + status.value)}."


def way_back(old: Status, new: Status) -> Status | None:
    """The status that undoes a move exactly; None where it cannot, or would lose a reason."""
    if old == new or old is Status.CANCELLED or old not in MOVES[new]:
        return None
    return old
