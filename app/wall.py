"""The second wall: PostgreSQL itself shows a web request only the websites that are open to it.

Web processes connect under `ROLE`, whose row-level policies (migration 0004) let through the rows
of the websites named for the transaction; none are named at first. So a query that forgot its
scope returns nothing. Somebody who may see everything has nothing to be kept from: for them the
connection's own role, the owner of the tables, reads without policies. Worker and command line
are no web processes: nothing stands in their way.

The wall stops mistakes, not an attacker who can send SQL of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, SessionTransaction, scoped_session

ROLE = "onebooking_desk"
WEBSITES, PEOPLE = "onebooking.websites", "onebooking.people"
_OPENING = "wall"
_OPEN = text(
    f"SELECT set_config('{WEBSITES}', :websites, true), set_config('{PEOPLE}', :people, true)"
)
_LIFT = text("SELECT current_setting('role'), set_config('role', 'none', true)")
_LIFT_BY_INDEX = text(f"{_LIFT.text}, set_config('enable_seqscan', 'off', true)")
_BY_INDEX = text("SELECT set_config('enable_seqscan', 'off', true)")
_BACK = text("SELECT set_config('role', :role, true)")

Websites = frozenset[str] | None
"""Ids of the websites that are open; None for all."""


class Wall:
    """Whether this process is behind the wall. One per process, configured by `create_app`."""

    def __init__(self) -> None:
        self.stands = False


wall = Wall()


def init_wall(session: scoped_session[Any], stands: bool) -> None:
    """Whether this process is behind the wall; what is open is said anew in each transaction."""
    wall.stands = stands
    factory = session.session_factory
    if not event.contains(factory, "after_begin", _say_again):
        event.listen(factory, "after_begin", _say_again)


def connect_options() -> str:
    """What makes a connection start behind the wall, for libpq's `options`."""
    return f"-c role={ROLE}"


def open_for(session: Session, websites: Websites) -> None:
    """Show the rows of these websites, now and in later transactions of this session."""
    if not wall.stands:
        return
    session.info[_OPENING] = (websites, False)
    if session.in_transaction():
        _say(session.connection(), websites, False)


def opened_by_key(session: Session, websites: frozenset[str]) -> None:
    """Note what the query for an API key has opened: its websites, and the look for its guests.

    A guest is one person over all websites: a door finds them by phone or e-mail, and learns no
    more than which row they are.
    """
    if wall.stands:
        session.info[_OPENING] = (websites, True)


def open_guests(session: Session) -> None:
    """Show every guest, beside what is open already, for the rest of this transaction.

    For who makes a booking: its guest may be known from a website that they do not work for.
    """
    websites, _ = session.info.get(_OPENING, (frozenset(), False))
    if wall.stands and websites is not None:
        _say(session.connection(), websites, True)


@contextmanager
def lifted(session: Session, *, by_index: bool = False) -> Iterator[None]:
    """Read and write without the wall: for what belongs to no website. Keep it short.

    `by_index`: from here to the end of the transaction nothing reads a table row by row that an
    index could serve. `docs/security.md` lists who lifts the wall.
    """
    if not wall.stands or is_open(session, None):
        if by_index:
            session.execute(_BY_INDEX)
        yield
        return
    role = session.execute(_LIFT_BY_INDEX if by_index else _LIFT).scalar_one()
    try:
        yield
    except DBAPIError:
        raise  # nothing can be said before the rollback, and that brings the role back
    except BaseException:
        session.execute(_BACK, {"role": role})
        raise
    session.execute(_BACK, {"role": role})


def is_open(session: Session, website_id: str | None) -> bool:
    """Whether rows of this website can be written and read back as things are."""
    if not wall.stands:
        return True
    websites, _ = session.info.get(_OPENING, (frozenset(), False))
    return websites is None or website_id in websites


def _say_again(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    opening = session.info.get(_OPENING)
    if wall.stands and opening and not transaction.nested:
        _say(connection, *opening)


def _say(connection: Connection, websites: Websites, people: bool) -> None:
    if websites is None:
        connection.execute(_LIFT)
    else:
        words = {"websites": ",".join(sorted(websites)), "people": "all" if people else ""}
        connection.execute(_OPEN, words)
