"""First answers again: a caller that repeats itself hears what it heard the first time."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import Table, delete, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.api.models import Receipt
from app.errors import Conflict

PENDING: dict[str, Any] = {}
KEPT = timedelta(days=30)
"""Longer than anybody repeats a call whose answer was lost."""
_TABLE = cast(Table, Receipt.__table__)
_INSERT = insert(_TABLE).on_conflict_do_nothing().returning(_TABLE.c.key)


@dataclass(frozen=True)
class Ticket:
    """A claimed key: `keep` the answer under it, in the transaction of the change itself."""

    door: str
    key: str


def for_event(event_id: str) -> str:
    """Key of a source's own event id."""
    return f"event:{event_id}"


def for_idempotency(key: str) -> str:
    """Key of an `Idempotency-Key` header, which may be of any length."""
    kept = key if len(key) <= 200 else hashlib.sha256(key.encode()).hexdigest()
    return f"idempotency:{kept}"


def claim(session: Session, door: str, keys: Sequence[str], body: bytes) -> list[Ticket | Receipt]:
    """Claim the keys for this transaction; a receipt in the place of one that others had first.

    Two calls at the same time: the second waits until the first has committed or failed.
    """
    if not keys:
        return []
    digest = hashlib.sha256(body).digest()
    values = {"door": door, "body_digest": digest, "http_status": 0, "answer": PENDING}
    claimed = set(session.scalars(_INSERT, [{**values, "key": key} for key in keys]))
    taken = [key for key in keys if key not in claimed]
    query = select(Receipt).where(Receipt.door == door, Receipt.key.in_(taken))
    known = {receipt.key: receipt for receipt in session.scalars(query)} if taken else {}
    return [Ticket(door, key) if key in claimed else known[key] for key in keys]


def is_known(session: Session, door: str, key: str) -> bool:
    """Whether somebody had this key already, and was answered."""
    found = select(Receipt.http_status).where(Receipt.door == door, Receipt.key == key)
    return session.scalar(found) is not None


def demand_same_body(receipt: Receipt, body: bytes) -> None:
    """Raise Conflict when an Idempotency-Key comes back with another body."""
    if receipt.body_digest != hashlib.sha256(body).digest():
        raise Conflict("This Idempotency-Key was used with another body.")


def keep(
    session: Session, tickets: Sequence[Ticket], http_status: int, answer: dict[str, Any]
) -> None:
    """Keep the answer under the claimed keys; it becomes visible with the change."""
    if not tickets:
        return
    session.execute(
        update(Receipt)
        .where(Receipt.door == tickets[0].door, Receipt.key.in_([t.key for t in tickets]))
        .values(http_status=http_status, answer=answer)
        .execution_options(synchronize_session=False)
    )


def prune(session: Session) -> int:
    """Forget one batch of old receipts. Returns how many; 0: nothing is left."""
    old = select(Receipt.door, Receipt.key).where(Receipt.created_at < func.now() - KEPT)
    some = old.limit(1_000).with_for_update(skip_locked=True)
    rows = [tuple(row) for row in session.execute(some)]
    if rows:
        session.execute(delete(_TABLE).where(tuple_(_TABLE.c.door, _TABLE.c.key).in_(rows)))
    return len(rows)
