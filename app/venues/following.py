"""Who must know, in the same transaction, that a venue offers other times than before.

The venues know of no bookings; what follows for these is told here when the app is built.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy.orm import Session

from app.venues.models import Venue

Follower = Callable[[Session, Venue], None]
DECIDES = (
    "activity.updated",
    "venue.hours_changed",
    "venue.special_day_removed",
    "venue.special_day_set",
    "venue.updated",
)
"""The events after which the times of a venue may be others."""


class Followers:
    """Filled once, by `create_app`."""

    def __init__(self) -> None:
        self._those: Sequence[Follower] = ()

    def use(self, *those: Follower) -> None:
        """Make these the ones who are told."""
        self._those = those

    def tell(self, session: Session, venue: Venue, event: str) -> None:
        """Tell them, if the event may have changed the times."""
        if event in DECIDES and self._those:
            session.flush()
            for follow in self._those:
                follow(session, venue)


followers = Followers()
