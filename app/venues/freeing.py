"""Who is told, before the same transaction ends, that places of departures became free.

The venues know of nobody who waits for them; what follows is said here when the app is built.
It only saves time: whoever is told looks by itself as well, so a fault here fails nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import event, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, scoped_session

from app.errors import HubError
from app.logs import get_logger

Follower = Callable[[Session, Collection[UUID]], object]
"""Is given the ids of the departures."""
_FREED = "freed"
_UUID = 36
"""Characters of the key of a slot that is a departure."""
_ROUNDS = 3
"""What is done about free places can free others: a hold that ran out."""
_PATIENCE = "300ms"
"""Whoever gives a place back does not wait longer than this for who takes it."""

log = get_logger()


class Freeing:
    """Filled once, by `create_app`."""

    def __init__(self) -> None:
        self._those: Sequence[Follower] = ()

    def use(self, *those: Follower) -> None:
        """Make these the ones who are told."""
        self._those = those

    def note(self, session: Session, slot: str) -> None:
        """Places of this slot were given back."""
        if self._those and len(slot) == _UUID:
            session.info.setdefault(_FREED, set()).add(UUID(slot))

    def tell(self, session: Session) -> None:
        """Tell them of what was noted, in what is left of the transaction."""
        for _ in range(_ROUNDS):
            freed = session.info.pop(_FREED, None)
            if not freed:
                return
            try:
                with session.begin_nested():
                    _patience(session, _PATIENCE)
                    for follow in self._those:
                        follow(session, freed)
                    _patience(session, "0")
            except (SQLAlchemyError, HubError) as error:
                log.warning("places became free", fault=type(error).__name__)
        session.info.pop(_FREED, None)


freeing = Freeing()


def init_freeing(session: scoped_session[Any]) -> None:
    """Tell at the end of each transaction of these sessions that gave places back."""
    factory = session.session_factory
    if not event.contains(factory, "before_commit", _before_commit):
        event.listen(factory, "before_commit", _before_commit)
        event.listen(factory, "after_rollback", _forget)


def _before_commit(session: Session) -> None:
    if not session.in_nested_transaction():
        freeing.tell(session)


def _forget(session: Session) -> None:
    session.info.pop(_FREED, None)


def _patience(session: Session, how_long: str) -> None:
    session.execute(select(func.set_config("lock_timeout", how_long, True)))
