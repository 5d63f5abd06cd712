"""The hash chain over the log, and what its links cover. Pure.

A hash is keyed with the installation's `HASH_KEY`: who can write to the database alone cannot
compute one. It covers every column as it is stored, personal values as their ciphertext, so that
destroying a customer's data key breaks nothing.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Row, Select, Text, cast, select

from app.audit.models import HASH_SIZE
from app.crypto import keyring
from app.events.models import Event

START = bytes(HASH_SIZE)
"""What the very first event goes on from."""

# Their order is part of the form: a column that is added later makes a second form.
COVERED = (
    *("id", "uid", "name", "subject_type", "subject_id", "website_id", "booking_id"),
    *("customer_id", "version", "actor_kind", "actor_id", "actor_label", "door", "request_id"),
    *("ip", "changes", "meta", "occurred_at", "transaction"),
)
_AS_TEXT = ("changes", "meta")  # as PostgreSQL writes them: 1.10 is not 1.1


def events() -> Select[Any]:
    """The columns of events as the chain reads them."""
    columns = (
        cast(Event.__table__.c[name], Text).label(name)
        if name in _AS_TEXT
        else Event.__table__.c[name]
        for name in COVERED
    )
    return select(*columns)


def link(before: bytes, event: Row[Any]) -> bytes:
    """The hash of an event that follows on `before`."""
    values = [_plain(value) for value in event]
    form = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return keyring.hash(f"audit:{before.hex()}:{form}")


def day_of(event: Row[Any], reached: date | None) -> date:
    """The day an event is sealed under; the chain never steps back to an earlier one."""
    day: date = event.occurred_at.astimezone(UTC).date()
    return day if reached is None or day > reached else reached


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value if value is None or isinstance(value, int | str) else str(value)
