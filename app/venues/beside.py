"""What other rooms say beside a departure: how many wait for it.

The venues know of nobody who waits; who does is asked here when the app is built.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from app.staff.scope import Scope


@dataclass(frozen=True)
class Note:
    """A few words that lead somewhere: `3 waiting`."""

    text: str
    url: str


Teller = Callable[[Session, Scope, str, Collection[UUID]], Mapping[UUID, Note]]
"""Of the website's departures, those of which there is something to say to who has this scope."""


def _nothing(
    session: Session, scope: Scope, website: str, ids: Collection[UUID]
) -> dict[UUID, Note]:
    return {}


class Beside:
    """Filled once, by `create_app`."""

    def __init__(self) -> None:
        self._ask: Teller = _nothing

    def use(self, teller: Teller) -> None:
        """Make this the one who is asked."""
        self._ask = teller

    def departures(
        self, session: Session, scope: Scope, website_id: str, departure_ids: Collection[UUID]
    ) -> Mapping[UUID, Note]:
        """What is said of these departures."""
        return self._ask(session, scope, website_id, departure_ids)


beside = Beside()
