"""What can be said and done of a booking as it stands: pages, API and actions share these."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from app.bookings.status import ARRIVING, GONE, MOVES, TICKED, Status

LATE_AFTER = timedelta(minutes=15)
"""How long after their time guests count as late."""
PICKUPS = ("hotel_pickup", "private")
"""Kinds of transport for which somebody of ours must drive."""


class Predicates:
    """Questions about a booking's own columns."""

    if TYPE_CHECKING:
        status: str
        guest_count: int
        traveler_count: int
        arrived_count: int
        transport_type: str | None
        starts_at: datetime | None

    def can_move_to(self, status: Status) -> bool:
        """Whether staff may bring the booking into this status from where it stands."""
        return status in MOVES[Status(self.status)]

    @property
    def can_confirm(self) -> bool:
        return self.status == Status.PENDING

    @property
    def can_check_in(self) -> bool:
        return self.can_move_to(Status.CHECKED_IN) and self.status != Status.COMPLETED

    @property
    def can_undo_check_in(self) -> bool:
        return self.status == Status.CHECKED_IN

    @property
    def can_complete(self) -> bool:
        return self.can_move_to(Status.COMPLETED)

    @property
    def can_no_show(self) -> bool:
        """Not once somebody of the party has come."""
        return self.can_move_to(Status.NO_SHOW) and not self.arrived_count

    @property
    def takes_arrivals(self) -> bool:
        """Whether its travelers can arrive one by one."""
        return self.status in TICKED

    @property
    def part_here(self) -> str:
        """`2 of 4 arrived`, while some of a party are missing; else empty."""
        party = max(self.guest_count, self.traveler_count)
        is_part = self.status == Status.CONFIRMED and self.arrived_count > 0
        return f"{self.arrived_count} of {party} arrived" if is_part else ""

    @property
    def can_undo_no_show(self) -> bool:
        return self.status == Status.NO_SHOW

    @property
    def can_cancel(self) -> bool:
        return self.can_move_to(Status.CANCELLED)

    @property
    def can_reinstate(self) -> bool:
        return self.status == Status.CANCELLED

    @property
    def can_reopen(self) -> bool:
        """Whether `completed` can be taken back."""
        return self.status == Status.COMPLETED

    @property
    def can_edit(self) -> bool:
        """A booking that is over for good is history; notes can still be added."""
        return self.status not in (Status.REFUNDED, Status.EXPIRED)

    @property
    def is_expected(self) -> bool:
        return self.status in ARRIVING

    @property
    def needs_pickup(self) -> bool:
        return self.transport_type in PICKUPS

    def is_late(self, now: datetime) -> bool:
        """Whether the guests should have been here by now."""
        if self.status != Status.CONFIRMED or self.starts_at is None:
            return False
        return self.starts_at < now - LATE_AFTER

    @property
    def is_gone(self) -> bool:
        return self.status in GONE
