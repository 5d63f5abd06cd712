"""The threads of a worker that pull: they look for a connection that is due, again and again."""

from __future__ import annotations

import threading
from datetime import timedelta

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.logs import get_logger
from app.platforms import turns
from app.platforms.base import PlatformError
from app.platforms.pulling import NoService, Pull, Stopping
from app.platforms.turns import Turn

LOOK_EVERY = 2.0
"""Seconds until somebody's wish for a pull is seen."""
SIDE_BY_SIDE = 2
"""Pulls of one worker: one platform that is slow holds up no other."""

log = get_logger()


def look(engine: Engine, stopping: Stopping) -> bool:
    """Take one turn, if any connection is due. Returns whether there was one."""
    with Session(engine) as session, session.begin():
        turn = turns.take(session)
    if turn is None:
        return False
    try:
        Pull(engine, turn, stopping).go()
    except PlatformError as error:
        after = timedelta(seconds=error.retry_after or 0)
        after = max(after, turns.EVERY if error.permanent else turns.AGAIN)
        _failed(engine, turn, error.message, after, anew=error.permanent)
    except NoService:
        said = "The venue has no table service that these reservations could be bookings of."
        _failed(engine, turn, said, turns.EVERY, anew=True)
    except Exception as error:
        log.error("pull", exc_info=error)
        _failed(engine, turn, "The pull failed here.", turns.EVERY, anew=True)
    return True


def _failed(engine: Engine, turn: Turn, said: str, after: timedelta, *, anew: bool) -> None:
    with Session(engine) as session, session.begin():
        turns.failed(session, turn, said, after, anew=anew)


class Puller(threading.Thread):
    """Looks for pulls that are due. Beside the clock: a platform that is slow keeps no other work
    waiting, and two of these keep each other's platforms apart."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(name="puller", daemon=True)
        self._engine = engine
        self._stopping = threading.Event()

    def run(self) -> None:
        while not self._stopping.wait(LOOK_EVERY):
            try:
                while look(self._engine, self._stopping.wait):
                    pass
            except Exception as error:
                log.error("puller", exc_info=error)

    def stop(self) -> None:
        """Begin nothing more; what is under way ends with its page."""
        self._stopping.set()
