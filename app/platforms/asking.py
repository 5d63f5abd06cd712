"""When a party can sit down, where platforms sell a venue's tables too: they are asked in their
order until one answers, in seconds. The bookings reach this through `bookings.elsewhere`.

What a platform says only takes away: places are counted here under lock, whatever it says.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.bookings.elsewhere import Heard, Question
from app.limits import Rate, limiter
from app.platforms import registry, reservations, resting
from app.platforms.base import Account, Availability, Capability, Platform, PlatformError
from app.platforms.conversing import GRACE, Conversation
from app.platforms.fresh import fresh
from app.platforms.models import PlatformConnection
from app.staff.viewing import READ_ONLY
from app.venues.models import Venue

BUDGET = 2.5
"""Seconds for a question, however many platforms are asked."""
ONE_CALL = 1.5
LEAST = 0.4
"""Seconds with which a call is still worth beginning."""
SHARE = 2
"""Browsing has one part in so many of the calls that a platform takes."""
RESTING = "does not answer just now"
BUSY = "is asked too often just now"
NO_TIME = "was not asked: there was no time left"
WORDS = {
    "timeout": "did not answer in time",
    **dict.fromkeys(("dns", "connect", "tls", "blocked", "address"), "cannot be reached"),
    "429": BUSY,
}
"""What became of a question, by the code of its error."""


@dataclass
class _Place:
    """A platform that can be asked, apart from any transaction."""

    connection: PlatformConnection
    account: Account = field(repr=False)
    talk: Conversation = field(repr=False)
    words: str = ""
    """Why it said nothing."""
    fault: PlatformError | None = None
    """What went wrong when it was called."""
    was_called: bool = False

    @property
    def label(self) -> str:
        return registry.KINDS[self.account.type].label


def sellers(session: Session, venue_id: UUID) -> Sequence[str]:
    """The names of the platforms that say what is free at a venue, in their order."""
    return [place.label for place in _places(session, venue_id)]


def times_for(session: Session, question: Question) -> Heard:
    """What the first platform of a venue says that answers; where none is, what is known here.

    Ends the transaction of the session before it calls, and commits what it notes after it: for
    the edge, before anything is changed. Takes BUDGET seconds at most.
    """
    places = _places(session, question.venue_id)
    if not places:
        return Heard()
    sells = session.get_one(Venue, question.venue_id).sells_without_platforms
    for place in places:
        session.expunge(place.connection)  # it is read when the transaction has ended
    asking = _Asking(session, question)
    found = next((place for place in places if asking.hears(place)), None)
    asking.note(places)
    tried = tuple((place.label, place.words) for place in places if place.words)
    if found is None:
        return Heard(tried=tried, confirmable=sells)
    return Heard(asking.times, found.label, tried)


def _places(session: Session, venue_id: UUID) -> list[_Place]:
    there = reservations.enabled_at(session, [venue_id]).get(venue_id, [])
    places = []
    for connection in there:
        account = registry.account_of(session, connection)
        if Capability.AVAILABILITY in registry.capabilities_of(account):
            talk = Conversation(account, "platform.availability")
            places.append(_Place(connection, account, talk))
    return places


class _Asking:
    """One question, put to several platforms."""

    def __init__(self, session: Session, question: Question) -> None:
        self.session, self.question = session, question
        self.times: frozenset[str] = frozenset()
        self._ends = time.monotonic() + BUDGET
        self._may_write = not session.info.get(READ_ONLY)

    def hears(self, place: _Place) -> bool:
        """Whether it answers, now or a moment ago; else its `words` say why it does not."""
        times = fresh.find(place.connection.id, self.question)
        if times is None:
            place.words = self._obstacle(place)
            if place.words:
                return False
            times = self._call(place)
        self.times = frozenset(times or ())
        return times is not None

    def note(self, places: Sequence[_Place]) -> None:
        """Write down who was called, and how they are."""
        called = [place for place in places if place.was_called]
        if not called or not self._may_write:
            return
        now = datetime.now(UTC)
        for place in called:
            place.talk.write(self.session, place.connection)
            if place.fault is None:
                resting.answered(self.session, place.connection)
            else:
                resting.failed(self.session, place.connection, now, place.fault.retry_after)
        self.session.commit()

    def _obstacle(self, place: _Place) -> str:
        """Why it is not called; empty where it is."""
        connection, now = place.connection, datetime.now(UTC)
        if resting.is_resting(connection, now):
            return RESTING
        if self._ends - time.monotonic() < LEAST:
            return NO_TIME
        if not self.question.decides and not _has_calls_left(place):
            return BUSY
        may = connection.quiet_until is None or (
            self._may_write and resting.may_try(self.session, connection, now)
        )
        return "" if may else RESTING

    def _call(self, place: _Place) -> Sequence[str] | None:
        asked = self.question

        async def ask(platform: Platform) -> Availability:
            return await platform.check_availability(asked.day, asked.time, asked.party)

        self.session.commit()  # nobody waits for a row while a platform thinks
        place.was_called = True
        try:
            left = self._ends - time.monotonic() - GRACE
            times = place.talk.hold(ask, min(ONE_CALL, left)).times
        except PlatformError as error:
            place.fault = error
            refused = "refuses to answer" if error.permanent else "gave no usable answer"
            place.words = WORDS.get(error.code, refused)
            return None
        fresh.keep(place.connection.id, asked, times)
        return times


def _has_calls_left(place: _Place) -> bool:
    most = registry.per_minute(place.account.type, place.account.options)
    if most is None:
        return True
    rate = Rate(max(1, most // SHARE), max(1, most // SHARE))
    return limiter.take(place.connection.key, rate).allowed
