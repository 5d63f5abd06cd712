"""The log as CSV, line by line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from typing import Any

from app.audit import wording
from app.audit.wording import Reader
from app.events.models import Event

HEADER = (
    *("id", "when", "event", "subject", "subject_id", "website", "booking", "version"),
    *("who_kind", "who_id", "who", "door", "ip", "request_id", "changes", "details"),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def safe_cell(value: Any) -> str:
    """A cell that a spreadsheet takes as text: never a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def lines(rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The rows as CSV, a line each."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for row in rows:
        writer.writerow([safe_cell(value) for value in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def row(event: Event, reader: Reader) -> list[Any]:
    """One event, in the columns of HEADER."""
    changes = "; ".join(
        f"{line['label']}: {line['old'] or 'empty'} → {line['new'] or 'empty'}"
        for line in wording.changes(event, reader)
    )
    details = "; ".join(f"{name}: {value}" for name, value in wording.details(event))
    reference = reader.references.get(event.booking_id) if event.booking_id else None
    return [
        event.id,
        event.occurred_at.astimezone(UTC).isoformat(timespec="milliseconds"),
        event.name,
        event.subject_type,
        event.subject_id,
        event.website_id,
        reference.text if reference else "",
        event.version,
        event.actor_kind,
        event.actor_id,
        event.actor_label,
        event.door,
        event.ip,
        event.request_id,
        changes,
        details,
    ]
