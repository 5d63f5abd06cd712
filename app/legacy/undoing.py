"""Taking a run back, while nothing was built on what it made: all of it, or nothing.

Rows are deleted; the log keeps its events, and is told of the undoing. With a customer their key
goes, so what the log holds of them cannot be read any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Table, delete, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.bookings.claims import CLAIMING, claim_of
from app.bookings.models import Booking
from app.customers.models import Customer
from app.events.models import Event
from app.extensions import Base
from app.legacy import runs
from app.legacy.models import ImportedRow, ImportRun
from app.tabular.columns import CannotImport
from app.travelers.models import BookingTraveler, Traveler
from app.venues import capacity

CHUNK = 1000
Condition = tuple[Any, ColumnElement[bool]]
"""A table, and which of its rows."""
_TABLES: dict[str, Any] = {"booking": Booking, "user": Customer, "participant": Traveler}
_COLUMNS = {"booking": "booking_id", "user": "customer_id", "participant": "traveler_id"}
_OURS = {"bookings", "booking_travelers", "travelers", "events", "imported_rows"}
"""Tables that are looked at on their own."""


@dataclass(frozen=True)
class Obstacle:
    """Something that was built on what a run made."""

    what: str
    count: int

    def __str__(self) -> str:
        return f"{self.count:,} {self.what}"


def obstacles(session: Session, run: ImportRun) -> list[Obstacle]:
    """What stands against taking a run back; nothing where it can be."""
    found = []
    for what, condition in _conditions(run.id):
        table, where = condition
        count = session.scalar(select(func.count()).select_from(table).where(where)) or 0
        if count:
            found.append(Obstacle(what, count))
    return found


def undo(session: Session, run_id: UUID) -> dict[str, int]:
    """Take a run back. Returns how many bookings, customers and travelers went. Raises
    CannotImport with what stands against it."""
    with runs.alone(session):
        return _undo(session, runs.get(session, run_id))


def _undo(session: Session, run: ImportRun) -> dict[str, int]:
    if run.state == runs.UNDONE:
        raise CannotImport("This run was undone already.")
    _hold(session, run.id)
    against = obstacles(session, run)
    if against:
        raise CannotImport("It cannot be undone: " + "; ".join(map(str, against)) + ".")
    _give_back(session, run.id)
    gone = {kind: _delete(session, kind, run.id) for kind in ("booking", "participant", "user")}
    session.execute(delete(ImportedRow).where(ImportedRow.run_id == run.id))
    run.state = runs.UNDONE
    runs.tell(session, run, "import.undone", {"gone": gone})
    session.flush()
    return gone


def _made(kind: str, run_id: UUID) -> Any:
    """Ids of what a run made of one kind."""
    row = aliased(ImportedRow)
    return select(row.our_id).where(row.run_id == run_id, row.kind == kind, row.is_ours)


def _is_made(column: Any, kind: str, run_id: UUID) -> ColumnElement[bool]:
    """Whether a column names such a thing."""
    row = aliased(ImportedRow)
    mine = (row.run_id == run_id, row.kind == kind, row.is_ours)
    return exists().where(row.our_id == column, row.kind == kind, *mine)


def _conditions(run_id: UUID) -> Iterator[tuple[str, Condition]]:
    def is_made(column: Any, kind: str) -> ColumnElement[bool]:
        return _is_made(column, kind, run_id)

    booking, row, event = Booking, ImportedRow, Event
    going, profile, guest = BookingTraveler, Traveler, Customer
    is_mine = is_made(booking.id, "booking")
    yield "of its bookings were changed", (booking, is_mine & (booking.version > 1))
    is_about = is_made(event.booking_id, "booking")
    yield "events of its bookings", (event, is_about & (event.name != "booking.created"))
    is_of = is_made(event.customer_id, "user")
    yield "events of its customers", (event, is_of & (event.booking_id.is_(None) | ~is_about))
    theirs = is_made(booking.customer_id, "user")
    yield "other bookings of its customers", (booking, theirs & ~is_mine)
    kept = is_made(profile.customer_id, "user") & ~is_made(profile.id, "participant")
    yield "other travelers of its customers", (profile, kept)
    also = is_made(going.traveler_id, "participant") & ~is_made(going.booking_id, "booking")
    yield "times its travelers go with other bookings", (going, also)
    signs = (guest.erased_at, guest.merged_into_id, guest.signed_in_at, guest.sms_opt_in_at)
    lives = is_made(guest.id, "user") & or_(*(sign.is_not(None) for sign in signs))
    yield "of its customers were erased or merged, have signed in or answered", (guest, lives)
    is_used = is_made(row.our_id, "user") | is_made(row.our_id, "participant")
    yield "rows of other imports", (row, is_used & (row.run_id != run_id))
    yield from _elsewhere(run_id)


def _elsewhere(run_id: UUID) -> Iterator[tuple[str, Condition]]:
    """Whatever other table names a booking, a customer or a traveler of the run."""
    for table in Base.metadata.sorted_tables:
        if table.name in _OURS:
            continue
        for column in table.c:
            for kind, model in _TABLES.items():
                names_it = any(
                    key.references(cast(Table, model.__table__)) for key in column.foreign_keys
                )
                if names_it or column.name == _COLUMNS[kind]:
                    what = f"rows of {table.name.replace('_', ' ')}"
                    yield what, (table, column.in_(_made(kind, run_id)))


def _hold(session: Session, run_id: UUID) -> None:
    """Nobody changes its bookings, nor books for its customers, until it is done."""
    for kind, model in _TABLES.items():
        mine = select(model.id).where(model.id.in_(_made(kind, run_id))).order_by(model.id)
        held = mine.with_for_update().subquery()
        session.execute(select(func.count()).select_from(held))


def _give_back(session: Session, run_id: UUID) -> None:
    """The places of its bookings."""
    columns = [getattr(Booking, name) for name in CLAIMING]
    query = select(*columns).where(Booking.id.in_(_made("booking", run_id)))
    held = query.where(Booking.slot_key.is_not(None)).execution_options(yield_per=CHUNK)
    for some in session.execute(held).mappings().partitions():
        claims = [claim for row in some if (claim := claim_of(dict(row)))]
        capacity.give_all(session, claims)


def _delete(session: Session, kind: str, run_id: UUID) -> int:
    model = _TABLES[kind]
    result = session.execute(
        delete(model)
        .where(model.id.in_(_made(kind, run_id)))
        .execution_options(synchronize_session=False)
    )
    return int(result.rowcount)  # type: ignore[attr-defined]
