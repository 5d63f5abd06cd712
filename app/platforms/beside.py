"""What a booking's page says of its reservation at a platform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.bookings.models import Booking
from app.platforms import registry, resolving
from app.platforms.models import PlatformConnection, PlatformReservation, ReservationState
from app.platforms.registry import label_of
from app.platforms.reservations import OPEN
from app.platforms.resolving import EDIT, LONGEST_ID
from app.staff.scope import Scope
from app.venues.models import Kind

WAITS, BEING_MADE = ("Waits to be sent", "amber"), ("Being sent", "amber")


@dataclass(frozen=True)
class Shown:
    """One reservation in words."""

    row: PlatformReservation
    label: str
    """The platform's name."""
    state: str
    tone: str
    means: str
    """What its word for the status is here; empty where that says nothing."""
    hint: str
    is_lost: bool
    """Staff must say whether it is there."""
    may_go_again: bool

    @property
    def heard_at(self) -> datetime:
        """When the platform last said anything about it."""
        return max(self.row.seen_at or self.row.updated_at, self.row.updated_at)


def beside(session: Session, scope: Scope, booking: Booking) -> Mapping[str, Any]:
    """Its reservations; nothing is asked for what is no table."""
    shown = _of(session, booking) if booking.kind == Kind.TABLE else []
    may_settle = scope.can(EDIT, booking.website_id)
    return {
        "at_platforms": shown,
        "platform_trouble": any(each.is_lost or each.may_go_again for each in shown),
        "may_settle": may_settle,
        "longest_platform_id": LONGEST_ID,
    }


def _of(session: Session, booking: Booking) -> Sequence[Shown]:
    """Those that stand; where none does, the last one."""
    query = (
        select(PlatformReservation, PlatformConnection)
        .join(PlatformConnection, PlatformConnection.id == PlatformReservation.connection_id)
        .where(PlatformReservation.booking_id == booking.id)
        .order_by(PlatformReservation.id.desc())
    )
    found = [(row[0], row[1]) for row in session.execute(query)]
    standing = [pair for pair in found if pair[0].state in OPEN]
    return [_shown(booking, *pair) for pair in standing or found[:1]]


def _shown(booking: Booking, row: PlatformReservation, connection: PlatformConnection) -> Shown:
    state, tone = _words(row)
    return Shown(
        row=row,
        label=label_of(connection.platform_type),
        state=state,
        tone=tone,
        means=_meaning(row, connection),
        hint=_hint(row, connection),
        is_lost=resolving.is_lost(row),
        may_go_again=resolving.may_go_again(row, booking, connection),
    )


def _meaning(row: PlatformReservation, connection: PlatformConnection) -> str:
    """Our status, as CoverManager's `1` tells nobody anything."""
    kind = registry.KINDS.get(connection.platform_type)
    words = {**(kind.statuses if kind else {}), **connection.statuses}
    return str(words.get(row.raw_status or "", ""))


def _hint(row: PlatformReservation, connection: PlatformConnection) -> str:
    """What staff may wonder about while it is not there yet."""
    if row.state != ReservationState.MAKING:
        return ""
    if not connection.is_enabled:
        return "The connection is switched off: nothing is sent until it is on."
    return "It is tried again by itself. You need not do anything." if row.problem else ""


def _words(row: PlatformReservation) -> tuple[str, str]:
    """How it stands, and the colour of that."""
    match row.state:
        case ReservationState.MAKING:
            if row.making_since is None:
                return WAITS
            return ("No answer yet", "amber") if row.problem else BEING_MADE
        case ReservationState.UNKNOWN:
            return (
                ("Not known whether it is there", "red") if resolving.is_lost(row) else BEING_MADE
            )
        case ReservationState.LIVE:
            if row.problem:
                return "Not up to date there", "red"
            return ("Reserved there", "green") if row.is_ours else ("Came from there", "green")
        case ReservationState.REFUSED:
            return "Not reserved there", "red"
    return ("Called off there" if row.external_id else "Not needed there"), "grey"
