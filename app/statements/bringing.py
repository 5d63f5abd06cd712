"""How much each partner brings: for the list of partners."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.bookings.listing import website_clause
from app.bookings.models import Booking
from app.bookings.status import GONE
from app.staff.permissions import Permission
from app.staff.scope import Scope

LATELY = timedelta(days=30)


def made_lately(
    session: Session, scope: Scope, partners: Sequence[UUID], now: datetime
) -> dict[UUID, int]:
    """Bookings of each partner that were made in the last 30 days and stand, in one query."""
    websites = scope.websites(Permission.PARTNERS_VIEW)
    query = (
        select(Booking.partner_id, func.count())
        .where(Booking.partner_id.in_(partners), Booking.created_at > now - LATELY)
        .where(Booking.status.not_in(GONE), website_clause(websites))
        .group_by(Booking.partner_id)
    )
    return {partner: count for partner, count in session.execute(query) if partner}
