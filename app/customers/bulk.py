"""Many customers at once: found, read and made in a few statements. The rules are those of
`actions`: by phone, then by e-mail; of records that were merged the one that was kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast
from uuid import UUID

from sqlalchemy import Table, or_, select
from sqlalchemy.orm import Session

from app.crypto import DataKey
from app.customers.models import Customer
from app.rows import insert_rows

_TABLE = cast(Table, Customer.__table__)


class Trace(NamedTuple):
    """What somebody may be found by."""

    phone: str | None
    """E.164."""
    email_hash: bytes | None


@dataclass(frozen=True)
class Guest:
    """A customer as many bookings need one."""

    id: UUID
    key: DataKey | None
    name: str = ""
    phone: str | None = None
    email: str | None = None
    is_erased: bool = False


def find(session: Session, traces: Sequence[Trace]) -> list[UUID | None]:
    """Who each of these is, in their order; None for somebody who is not known."""
    phones = {trace.phone for trace in traces if trace.phone}
    hashes = {trace.email_hash for trace in traces if trace.email_hash}
    if not phones and not hashes:
        return [None] * len(traces)
    columns = (Customer.id, Customer.phone, Customer.email_hash)
    query = select(*columns).where(or_(Customer.phone.in_(phones), Customer.email_hash.in_(hashes)))
    order = (Customer.merged_into_id.is_(None).desc(), Customer.created_at, Customer.id)
    by_phone: dict[str, UUID] = {}
    by_email: dict[bytes, UUID] = {}
    for row in session.execute(query.order_by(*order)):
        by_phone.setdefault(row.phone or "", row.id)
        by_email.setdefault(row.email_hash or b"", row.id)
    return [
        by_phone.get(each.phone or "-") or by_email.get(each.email_hash or b"-") for each in traces
    ]


def read(session: Session, ids: Collection[UUID]) -> dict[UUID, Guest]:
    """These customers, or those whose record was kept in the place of theirs.

    Their rows are held as the foreign keys of bookings will hold them: nobody is erased, nor
    merged, before the transaction ends.
    """
    led = {the_id: the_id for the_id in ids}
    rows: dict[UUID, Customer] = {}
    while missing := set(led.values()) - rows.keys():
        held = select(Customer).where(Customer.id.in_(missing)).order_by(Customer.id)
        held = held.with_for_update(key_share=True, read=True)
        found = session.scalars(held.execution_options(populate_existing=True)).all()
        rows |= {row.id: row for row in found}
        missing_still = missing - rows.keys()
        led = {one: other for one, other in led.items() if other not in missing_still}
        led = {one: rows[other].merged_into_id or other for one, other in led.items()}
    return {one: _guest(rows[other]) for one, other in led.items()}


def make(session: Session, rows: Sequence[Mapping[str, Any]]) -> set[UUID]:
    """Insert customers. Returns who is new: somebody whose phone came meanwhile is not made."""
    return set(insert_rows(session, _TABLE, rows, then="ON CONFLICT DO NOTHING RETURNING id"))


def _guest(row: Customer) -> Guest:
    return Guest(row.id, row.key, row.name, row.phone, row.email, row.erased_at is not None)
