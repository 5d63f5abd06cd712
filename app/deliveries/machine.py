"""The steps of a worker that touch the database: each is one short transaction, or two.

None waits for an endpoint. All may commit without waiting for the disk: what a crash of the
database forgets here is done again, with the same event ids.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from uuid import UUID

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from app.deliveries import faults, finishing, housekeeping, lanes, pace
from app.deliveries.channel import Channel, Channels, Claim, Unsendable, Unsent
from app.deliveries.dispatch import dispatch
from app.deliveries.outcome import Attempt
from app.logs import get_logger
from app.outbound import Outgoing

Composed = tuple[Claim, Outgoing | Unsendable]

log = get_logger()


class Machine:
    """The machine on one database."""

    def __init__(self, engine: Engine, channels: Channels) -> None:
        self._engine = engine
        self._channels = channels

    def channel(self, name: str) -> Channel:
        return self._channels[name]

    @contextmanager
    def _transaction(self) -> Iterator[Session]:
        with Session(self._engine) as session, session.begin():
            session.execute(text("SET LOCAL synchronous_commit = off"))
            yield session

    def dispatch(self) -> int:
        """Empty the outbox into the lanes. Returns how many events left it."""
        with self._transaction() as session:
            return dispatch(session, self._channels)

    def claim(self, total: int, usual: int, known: dict[UUID, int]) -> list[Composed]:
        """Take due deliveries and say what each of them sends."""
        faults.reach("before_claim")
        with self._transaction() as session:
            claims = lanes.claim(session, total, usual, known)
        if not claims:
            return []
        faults.reach("after_claim")
        claims.sort(key=lambda claim: claim.channel)
        composed = [
            pair
            for name, group in groupby(claims, key=lambda claim: claim.channel)
            for pair in self._compose(name, list(group))
        ]
        self._unpace([claim for claim, what in composed if isinstance(what, Unsendable)])
        return composed

    def _unpace(self, unsent: Sequence[Claim]) -> None:
        """What is not sent takes nothing of the pace."""
        paced = [claim for claim in unsent if claim.paced_until is not None]
        if paced:
            with self._transaction() as session:
                pace.give_back(session, paced)

    def _compose(self, name: str, claims: Sequence[Claim]) -> list[Composed]:
        channel = self._channels.get(name)
        if channel is None:
            missing = Unsendable(Unsent.WAIT, f"This installation has no channel {name}.")
            return [(claim, missing) for claim in claims]
        try:
            with self._transaction() as session:
                made = channel.compose(session, claims)
            return [(claim, made[claim.id]) for claim in claims]
        except DBAPIError:
            raise
        except Exception as error:  # one that cannot be composed must not hold up the others
            if len(claims) > 1:
                return [pair for claim in claims for pair in self._compose(name, [claim])]
            log.error("compose", delivery_id=claims[0].id, exc_info=error)
            fault = Unsendable(Unsent.FAULT, f"Could not be composed ({type(error).__name__}).")
            return [(claims[0], fault)]

    def finish(self, attempts: Sequence[Attempt]) -> None:
        """Store results. One that the database refuses is dropped: its lease will run out."""
        faults.reach("before_finish")
        try:
            with self._transaction() as session:
                finishing.finish(session, attempts, self._channels)
        except Exception as error:
            if _will_pass(error):
                raise
            if len(attempts) == 1:
                log.error("finish", delivery_id=attempts[0].claim.id, exc_info=error)
                return
            for attempt in attempts:
                self.finish([attempt])
        faults.reach("after_finish")

    def release(self, claims: Sequence[Claim]) -> None:
        """Give back what was claimed and not tried."""
        if claims:
            with self._transaction() as session:
                lanes.release(session, claims)

    def keep_house(self) -> None:
        """The quick round of housekeeping, until nothing is left to move."""
        moved = housekeeping.STEP
        while moved >= housekeeping.STEP:
            with self._transaction() as session:
                moved = housekeeping.keep_house(session, self._channels)

    def sweep(self) -> None:
        """The slow round of housekeeping."""
        with self._transaction() as session:
            housekeeping.sweep(session)


def _will_pass(error: Exception) -> bool:
    """Whether the same again may succeed: connection, deadlock, shutdown, time-out."""
    if not isinstance(error, DBAPIError):
        return isinstance(error, PoolTimeout)
    state = getattr(error.orig, "sqlstate", None)
    return state is None or state[:2] in ("08", "40", "53", "55", "57")
