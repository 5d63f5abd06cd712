"""Sealing in tests, on a cluster where other tests have transactions of their own."""

from __future__ import annotations

from sqlalchemy import func, select

from app.audit import actions
from app.events.models import Event
from app.events.queries import SETTLED
from app.extensions import db
from tests.harness.processes import until


def settle() -> None:
    """Wait until nothing older runs anywhere than the events there are."""

    def settled() -> bool:
        db.session.rollback()
        newest = select(func.coalesce(func.max(Event.transaction), 0))
        horizon = select(SETTLED)
        return (db.session.scalar(newest) or 0) < (db.session.scalar(horizon) or 0)

    db.session.commit()
    until(settled, what="a transaction goes on and on")


def sealed(limit: int = 1_000) -> int:
    """Seal everything there is. Returns how many events."""
    settle()
    total = 0
    while count := actions.seal(db.session(), limit):
        total += count
        db.session.commit()
    db.session.commit()
    return total
