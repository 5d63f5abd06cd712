"""Pulling what stands at a platform: page by page, only what changed, in short transactions.

No transaction is open while the platform is asked. Each reservation that says something new has a
transaction of its own; how far the pull is, is written with each page. So a worker may die at any
moment: the next one reads that page once more, and what is known already is nothing new.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from hashlib import sha256

from sqlalchemy import Engine
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from app.errors import HubError
from app.logs import get_logger
from app.platforms import registry, translating, turns, vanishing
from app.platforms.base import Account, Capability, Page, Platform, PlatformError, Reservation
from app.platforms.conversing import Conversation
from app.platforms.merging import Outcome, Pulled
from app.platforms.models import PlatformConnection
from app.platforms.serving import of_connection, plan_of
from app.platforms.sifting import news_of
from app.platforms.taking import being_made, take
from app.platforms.translating import EARLIEST, LATEST, Unreadable
from app.platforms.turns import Turn
from app.venues.models import Venue
from app.websites.models import Website

EVENT = "platform.pull"
BUDGET = 60.0
"""Seconds of one turn: then others have theirs, and it goes on later."""
MOST_PAGES, MOST_BEYOND, MOST_REPEATS = 200, 5, 2
MOST_NOTED = 20
BEYOND = timedelta(days=365)
"""How much later one is looked for that is not in its days any more."""

log = get_logger()
Stopping = Callable[[float], bool]
"""Waits so many seconds; True: end now."""


class NoService(Exception):
    """The venue has nothing that its reservations could be bookings of."""


class Pull:
    """One turn."""

    def __init__(self, engine: Engine, turn: Turn, stopping: Stopping) -> None:
        self.engine, self.turn, self.stopping = engine, turn, stopping
        self.until = time.monotonic() + BUDGET
        self.renewed, self.gap = time.monotonic(), 0.0

    def go(self) -> None:
        """Until it is complete, the time is over, or it is somebody else's."""
        while True:
            if not self._page():
                return
            if self._is_over(self.gap):
                return

    def _page(self) -> bool:
        """Read and write one page. False: that was the last, or there is nothing to do here."""
        pulled = self._pulled()
        if pulled is None:
            return False
        state = self.turn.state
        first, last = date.fromisoformat(state["first"]), date.fromisoformat(state["last"])
        page = self._ask(pulled, first, last, state["page"])
        if not self._write(pulled, page.reservations):
            return False
        state["pages"] += 1
        if state["pages"] >= MOST_PAGES:
            raise PlatformError(f"{pulled.label} tells no end of its list.", permanent=True)
        if page.next_page is None or self._has_no_end(page):
            self._end(pulled, last)
            return False
        state["page"] = page.next_page
        with self._begin() as session:
            return turns.renew(session, self.turn)

    def _pulled(self) -> Pulled | None:
        """Who is asked, and from when on; None: this platform tells no list."""
        with self._begin() as session:
            connection = session.get_one(PlatformConnection, self.turn.connection_id)
            account = registry.account_of(session, connection)
            kind = registry.KINDS[account.type]
            self.gap = _gap(account)
            if Capability.LIST not in registry.capabilities_of(account):
                turns.unable(session, self.turn)
                return None
            found = Pulled(
                connection=connection,
                account=account,
                label=kind.label,
                website=session.get_one(Website, connection.website_id),
                venue=session.get_one(Venue, connection.venue_id),
                services=of_connection(session, connection),
                began=turns.clock(session),
                is_news=connection.last_synced_at is not None,
            )
            if not found.services:
                raise NoService
            session.expunge_all()
            return found

    def _ask(self, pulled: Pulled, first: date, last: date, page: int | None) -> Page:
        """One page, with no transaction open. Raises PlatformError."""
        talk = Conversation(pulled.account, EVENT)

        async def work(platform: Platform) -> Page:
            found = await platform.list_reservations(first, last, page)
            return replace(found, reservations=[translating.bounded(r) for r in found.reservations])

        try:
            return talk.hold(work, 2 * registry.KINDS[pulled.account.type].timeout)
        finally:
            with self._begin() as session:
                talk.write(session, pulled.connection)

    def _write(self, pulled: Pulled, said: Sequence[Reservation]) -> bool:
        """Bring a page in. False: not all of it, or the turn is somebody else's by now."""
        with self._begin() as session:
            news = news_of(session, pulled, said)
            making = being_made(session, pulled.connection)
            days = [e.day for e in news if e.day and EARLIEST <= e.day <= LATEST]
            plan = plan_of(session, pulled.services, days)
            session.expunge_all()
        pulled = replace(pulled, making=making, plan=plan)
        for number, each in enumerate(news, 1):
            self._one(pulled, each)
            if number < len(news) and self._is_over(0):  # what is in is known when it is read again
                return False
            if time.monotonic() - self.renewed > turns.LEASE.total_seconds() / 3:
                with self._begin() as session:
                    if not turns.renew(session, self.turn):
                        return False
                self.renewed = time.monotonic()
        self._count(pulled, said)
        return True

    def _is_over(self, seconds: float) -> bool:
        """Whether it is for others now, after waiting so long; then it is given back."""
        if time.monotonic() <= self.until and not self.stopping(seconds):
            return False
        with self._begin() as session:
            turns.give_back(session, self.turn)
        return True

    def _count(self, pulled: Pulled, said: Sequence[Reservation]) -> None:
        """How many were told, and which words say nothing."""
        state = self.turn.state
        state["seen"] += len(said)
        for each in said:
            if each.raw_status and translating.status_of(pulled.account, each.raw_status) is None:
                word = each.raw_status[: translating.LONGEST_ID]
                if word in state["unknown"] or len(state["unknown"]) < MOST_NOTED:
                    state["unknown"][word] = state["unknown"].get(word, 0) + 1

    def _one(self, pulled: Pulled, said: Reservation) -> None:
        """Bring one in; what cannot be is noted and holds up nobody."""
        try:
            with self._begin() as session:
                outcome = take(session, pulled, said)
        except Unreadable:
            self._unread(said)
        except (HubError, IntegrityError, DataError) as error:
            log.warning("reservation not taken in", exc_info=error)
            self._unread(said)
        else:
            if outcome is not Outcome.SAME:
                self.turn.count(outcome.value)

    def _unread(self, said: Reservation) -> None:
        unread = self.turn.state["unread"]
        name = said.external_id[: translating.LONGEST_ID]
        if name not in unread and len(unread) < MOST_NOTED:
            unread.append(name)

    def _has_no_end(self, page: Page) -> bool:
        """Whether the same came three times in a row. (Twice it may: some count from 0 and 1.)"""
        ids = "\n".join(sorted(each.external_id for each in page.reservations))
        same, state = sha256(ids.encode()).hexdigest()[:16], self.turn.state
        state["repeats"] = state.get("repeats", 0) + 1 if state.get("same") == same else 0
        state["same"] = same
        return bool(state["repeats"] >= MOST_REPEATS)

    def _end(self, pulled: Pulled, last: date) -> None:
        """The pull is complete: what it did not tell may be gone."""
        started_at, problem = datetime.fromisoformat(self.turn.state["started_at"]), None
        try:
            with self._begin() as session:
                gone = vanishing.note(session, pulled, started_at, last)
        except vanishing.TooMany as error:
            gone, problem = {}, str(error)
        if gone and not self._look_beyond(pulled, last, set(gone.values())):
            with self._begin() as session:
                turns.give_back(session, self.turn)
            return
        for row_id in gone:
            with self._begin() as session:
                if vanishing.call_off(session, pulled, row_id):
                    self.turn.count("gone")
        with self._begin() as session:
            turns.done(session, self.turn, problem)

    def _look_beyond(self, pulled: Pulled, last: date, missing: set[str]) -> bool:
        """They may have been moved to a day that is not pulled yet. False: end now."""
        page, first, until = None, last + timedelta(days=1), last + BEYOND
        for _ in range(MOST_BEYOND):
            if self.stopping(self.gap):
                return False
            found = self._ask(pulled, first, until, page)
            for each in found.reservations:
                if each.external_id in missing:
                    self._one(pulled, each)
            page = found.next_page
            if page is None:
                return True
        return True

    @contextmanager
    def _begin(self) -> Iterator[Session]:
        with Session(self.engine) as session, session.begin():
            yield session


def _gap(account: Account) -> float:
    """Seconds between two calls, so that half of what the platform takes is left for others."""
    most = registry.per_minute(account.type, account.options)
    return 2 * 60 / most if most else 0.0
