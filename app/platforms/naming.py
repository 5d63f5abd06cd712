"""Which platform told of a booking."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.platforms import registry
from app.platforms.models import PlatformConnection, PlatformReservation


def names(session: Session, bookings: Collection[UUID]) -> Mapping[UUID, str]:
    """Its name by booking; of a connection that was removed nobody knows."""
    query = (
        select(PlatformReservation.booking_id, PlatformConnection.platform_type)
        .join(PlatformConnection, PlatformConnection.id == PlatformReservation.connection_id)
        .where(PlatformReservation.booking_id.in_(bookings), ~PlatformReservation.is_ours)
    )
    return {id_: registry.label_of(type_) for id_, type_ in session.execute(query)}
