"""The sync log of attempts: one row for every call, bodies encrypted, no secrets."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.crypto import keyring
from app.deliveries.channel import Meaning
from app.deliveries.outcome import Attempt
from app.outbound import Answer, Outgoing, Unreachable

KEPT_BODY = 20_000
"""Characters of an answer that are kept."""
EXPLAINING = (
    *("content-type", "content-length", "date", "location", "retry-after", "server"),
    *("x-request-id",),
)
LATE = "The answer came after another worker had taken over."
ENCRYPTED = ("request_body", "response_body")
COLUMNS = ", ".join(
    (
        *("direction", "website_id", "booking_id", "event_id", "delivery_id", "source_event_id"),
        *("event_type", "door", "status", "http_status", "code", "error_message", "notes"),
        *("request_headers", "request_body", "response_headers", "response_body"),
        *("url", "attempt", "duration_ms"),
    )
)
_INSERT = text(f"""
    INSERT INTO sync_logs ({COLUMNS})
    SELECT {COLUMNS} FROM json_populate_recordset(NULL::sync_logs, CAST(:rows AS json))
""")  # noqa: S608


def write(session: Session, attempts: Sequence[Attempt], kept: set[int]) -> None:
    """Add a row for each attempt that made a call. `kept`: deliveries whose result counted.

    All rows travel as one JSON value: row by row the log would cost more than the rest.
    """
    rows = [_row(a, a.claim.id in kept) for a in attempts if isinstance(a.sent, Outgoing)]
    if not rows:
        return
    for row in rows:
        for name in ENCRYPTED:
            row[name] = None if row[name] is None else keyring.encrypt(row[name])
    session.execute(_INSERT, {"rows": json.dumps(rows)})


def _row(attempt: Attempt, in_time: bool) -> dict[str, Any]:
    claim, verdict = attempt.claim, attempt.verdict
    notes = [] if in_time else [LATE]
    if claim.fallback is not None:
        notes.append("Sent once more on demand.")
    return {
        "website_id": claim.website_id,
        "booking_id": str(claim.booking_id) if claim.booking_id else None,
        "event_id": claim.event_id,
        "delivery_id": claim.id,
        "source_event_id": str(claim.event_uid),
        "event_type": claim.event_name,
        "door": claim.destination_key,
        "attempt": claim.attempt,
        "notes": notes,
        "error_message": verdict.message or None,
        **exchange_columns(attempt.sent, attempt.answer, verdict.meaning is Meaning.DELIVERED),
    }


def exchange_columns(
    sent: Any, answer: Answer | Unreachable | None, success: bool
) -> dict[str, Any]:
    """The columns that say what went out and what came back."""
    columns: dict[str, Any] = {
        "direction": "outbound",
        "status": "success" if success else "failed",
        "http_status": None,
        "code": None,
        "response_headers": {},
        "response_body": None,
        "duration_ms": answer.duration_ms if answer else None,
        "url": masked_url(sent.url),
        "request_headers": masked_headers(sent.headers),
        "request_body": sent.body.decode("utf-8", "replace"),
    }
    if isinstance(answer, Answer):
        shown = {n: _storable(answer.headers[n]) for n in EXPLAINING if n in answer.headers}
        columns["http_status"] = answer.status
        columns["response_headers"] = shown
        columns["response_body"] = answer.text[:KEPT_BODY]
    elif answer is not None:
        columns["code"] = answer.kind
    return columns


def _storable(value: str) -> str:
    """A header of somebody else: its undecodable bytes would not go into the database."""
    return value[:500].encode("utf-8", "replace").decode()


def masked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers for the log: of a signature or credential only the beginning."""
    secret = ("signature", "authorization", "api-key", "apikey", "api-secret", "token")
    return {
        name: f"{value[:14]}…" if any(word in name.lower() for word in secret) else value
        for name, value in headers.items()
    }


def masked_url(url: str) -> str:
    """The address without credentials and without the values of its query."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    names = [part.partition("=")[0] for part in parts.query.split("&") if part]
    query = "&".join(f"{name}=…" for name in names)
    return urlunsplit((parts.scheme, host, parts.path, query, ""))
