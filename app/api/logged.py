"""One call that changes something: answered once, logged, committed. What it changed and its row in
the sync log are one."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast
from uuid import UUID

from flask import Response, g, jsonify, make_response, request
from sqlalchemy import Table, insert

from app.api.bodies import Answer, once
from app.deliveries.models import SyncLog
from app.errors import HubError, error_body
from app.extensions import db

_INSERT_LOG = insert(cast(Table, SyncLog.__table__))


@dataclass
class LoggedCall:
    """What the sync log will say of a call. Without a website there is no row."""

    event: str
    door: str
    key_shown: Mapping[str, str]
    """The header that carried the key, with only its visible beginning."""
    website_id: str | None = None
    booking_id: UUID | None = None
    hidden: frozenset[str] = frozenset()
    """Names of fields, at whatever depth, whose values are not kept."""
    started: float = field(default_factory=time.perf_counter)


Call = TypeVar("Call", bound=LoggedCall)


def changing(call: Call, make: Callable[[Call], Answer]) -> Response:
    """Answer a call, once for each Idempotency-Key, and log it; a refused one as well."""
    try:
        status, body = once(db.session(), call.door, lambda: make(call))
        log(call, status, body)
        db.session.commit()
    except HubError as error:
        db.session.rollback()
        log(call, error.status, error_body(error, g.get("request_id", "")))
        db.session.commit()
        raise
    return answer(status, body)


def answer(status: int, body: Any) -> Response:
    """JSON that nobody keeps."""
    response = make_response(jsonify(body), status)
    response.headers["Cache-Control"] = "no-store"
    return response


def log(call: LoggedCall, status: int, body: Any) -> None:
    """The row of a call in the sync log of the website that it is about, if it is known."""
    if call.website_id is None:
        return
    refused = body if status >= 400 and isinstance(body, dict) else {}
    row = {
        "direction": "inbound",
        "website_id": call.website_id,
        "booking_id": call.booking_id,
        "event_type": call.event,
        "door": call.door,
        "status": "failed" if refused else "success",
        "http_status": status,
        "code": refused.get("code"),
        "error_message": refused.get("error"),
        "notes": [],
        "request_headers": dict(call.key_shown),
        "request_body": _kept(call, request.get_data().decode("utf-8", "replace")),
        "response_body": _kept(call, jsonify(body).get_data(as_text=True)),
        "url": request.path,
        "duration_ms": round((time.perf_counter() - call.started) * 1000),
        "request_id": g.get("request_id", ""),
        "ip": request.remote_addr or "",
    }
    db.session.execute(_INSERT_LOG, row)


def _kept(call: LoggedCall, text: str) -> str:
    """A body as the log keeps it; what cannot be looked through is not kept at all."""
    if call.hidden and text:
        try:
            text = json.dumps(_without(json.loads(text), call.hidden), ensure_ascii=False)
        except (ValueError, RecursionError):
            text = ""
    return text.replace("\x00", "\ufffd")


def _without(value: Any, hidden: frozenset[str]) -> Any:
    if isinstance(value, list):
        return [_without(each, hidden) for each in value]
    if isinstance(value, dict):
        return {
            name: "…" if name in hidden and each else _without(each, hidden)
            for name, each in value.items()
        }
    return value
