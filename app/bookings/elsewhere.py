"""Who else sells a venue's tables, and what they say is free.

The bookings know no platform; who asks them is set here when the app is built. Without anybody
what is known here counts, as everywhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session


@dataclass(frozen=True)
class Question:
    """When can a party sit down on a day?"""

    venue_id: UUID
    day: date
    time: str
    """`20:00`, of the venue's clock: the one that is meant, or the first that is of interest."""
    party: int
    decides: bool = False
    """A booking waits for the answer: it is asked also where browsing has used up the calls."""


@dataclass(frozen=True)
class Heard:
    """The answer. It only takes away: what is full here stays full."""

    times: frozenset[str] | None = None
    """Of the venue's clock; None: nobody says, what is known here counts."""
    by: str = ""
    """Who says so; empty: nobody."""
    tried: tuple[tuple[str, str], ...] = ()
    """Who did not answer before, and what became of the question."""
    confirmable: bool = True
    """False: nobody says, and the venue does not sell without them: staff confirm later."""

    def has(self, time: str) -> bool:
        """Whether a party can come then, as far as others know."""
        return self.times is None or time in self.times

    def among(self, times: Collection[str]) -> list[str]:
        """Those of these times that are free elsewhere too, in the order of the clock."""
        return sorted(time for time in times if self.has(time))

    @property
    def silence(self) -> str:
        """`CoverManager did not answer in time; Restoo cannot be reached`; empty for none."""
        return "; ".join(f"{label} {words}" for label, words in self.tried)

    def note(self, before: str = "") -> str:
        """For staff, on a booking that is kept as a request: after what they wrote themselves."""
        words = f"Kept as a request: {self.silence}. Check that the table is free there."
        return f"{before}\n{words}".strip()


NOBODY = Heard()
Sellers = Callable[[Session, UUID], Sequence[str]]
Asker = Callable[[Session, Question], Heard]


class Elsewhere:
    """Filled once, by `create_app`."""

    def __init__(self) -> None:
        self._sellers: Sellers | None = None
        self._ask: Asker | None = None

    def use(self, sellers: Sellers, ask: Asker) -> None:
        """Make these the ones who are asked."""
        self._sellers, self._ask = sellers, ask

    def sellers(self, session: Session, venue_id: UUID) -> Sequence[str]:
        """The names of those who say what is free at a venue, the first to be asked first."""
        return self._sellers(session, venue_id) if self._sellers else ()

    def ask(self, session: Session, question: Question) -> Heard:
        """Ask them: takes up to seconds, and ends the session's transaction.

        For the edge alone, before it changes anything.
        """
        return self._ask(session, question) if self._ask else NOBODY


elsewhere = Elsewhere()
