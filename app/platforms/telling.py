"""What the history of a booking says of its reservation at a platform."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.events.actions import record
from app.events.models import SYSTEM, Actor, NewEvent
from app.platforms.models import PlatformConnection, PlatformReservation
from app.platforms.registry import label_of

REFUSED = "reservation.refused"
UNCLEAR = "reservation.unclear"
WANTED = "reservation.wanted"
"""Staff send it again."""
FOUND = "reservation.found"
"""Staff have looked, and say by which id it is there."""
ASKED = frozenset({WANTED, FOUND})
SAID = {
    REFUSED: "could not make a booking's reservation at its platform",
    UNCLEAR: "does not know whether a booking has its reservation at its platform",
    WANTED: "sent a booking to its platform again",
    FOUND: "found a booking's reservation at its platform",
}
"""Names of these events, and what people read."""


def tell(
    session: Session,
    connection: PlatformConnection,
    row: PlatformReservation,
    name: str,
    actor: Actor = SYSTEM,
) -> None:
    """Write it down; what staff ask for leaves as a delivery."""
    event = NewEvent(
        name=name,
        subject_type="platform_reservation",
        subject_id=str(row.id),
        website_id=row.website_id,
        booking_id=row.booking_id,
        meta={"label": label_of(connection.platform_type), "connection": str(connection.id)},
        dispatch=name in ASKED,
    )
    record(session, actor, event)
