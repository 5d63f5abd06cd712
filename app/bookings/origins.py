"""Which platform a booking came from, by name, for its badge in lists.

The bookings know no platform; who does is set here when the app is built.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from uuid import UUID

from sqlalchemy.orm import Session

from app.bookings.models import Booking

PLATFORM = "platform"
Namer = Callable[[Session, Collection[UUID]], Mapping[UUID, str]]
"""Of bookings by id: the names of the platforms that told of them."""


class Origins:
    """Filled once, by `create_app`."""

    def __init__(self) -> None:
        self._namer: Namer | None = None

    def use(self, namer: Namer) -> None:
        """Make this the one who is asked."""
        self._namer = namer

    def names(self, session: Session, bookings: Iterable[Booking]) -> Mapping[UUID, str]:
        """By booking; a query only where any of them came from a platform."""
        came = {booking.id for booking in bookings if booking.source == PLATFORM}
        return self._namer(session, came) if came and self._namer else {}


origins = Origins()
