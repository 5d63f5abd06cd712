"""`POST /api/bookings/sync`: the door of the source websites."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from flask import Blueprint, Response, g, jsonify, make_response, request
from sqlalchemy import Table, insert

from app.api import auth, limits, receipts
from app.api.bodies import demand_flat, demand_json, read_raw
from app.api.describing import describes
from app.api.models import Receipt
from app.api.schemas import examples
from app.api.schemas.answers import SyncAnswer
from app.api.schemas.sync import SyncBody, parse, translate, wire_details
from app.apikeys import queries as apikeys
from app.apikeys.models import KeyScope
from app.apikeys.queries import Caller
from app.bookings.receiving import Received, receive
from app.deliveries.models import SyncLog
from app.errors import (
    AuthFailed,
    Conflict,
    DuplicateBooking,
    Forbidden,
    HubError,
    NotFound,
    RateLimited,
    WebsiteNotFound,
    error_body,
)
from app.extensions import csrf, db
from app.logs import get_logger
from app.staff.guards import public
from app.websites.models import Website

sync = Blueprint("api_sync", __name__)
csrf.exempt(sync)
_INSERT_LOG = insert(cast(Table, SyncLog.__table__))


@dataclass
class Call:
    """One call while it is being answered: what its sync log row will say."""

    raw: bytes = b""
    started: float = field(default_factory=time.perf_counter)
    website_id: str | None = None
    key_id: UUID | None = None
    key_prefix: str = ""
    body: SyncBody | None = None
    booking_id: UUID | None = None
    notes: list[str] = field(default_factory=list)


@sync.post("/api/bookings/sync")
@public("source websites bring their API key")
@describes(
    "Source websites",
    answers={201: SyncAnswer, 200: SyncAnswer},
    body=SyncBody,
    errors=(AuthFailed, Forbidden, NotFound, WebsiteNotFound, DuplicateBooking, Conflict),
    security=("apiKey",),
    repeatable=True,
    examples=examples.SYNC,
)
def receive_booking() -> Response:
    """Take a new or updated booking from a source website.

    201 when it was made, else 200. Send it once, twice or out of order: it ends right. A
    `booking.created` needs all of booking_ref, package_name, package_price, activity_date,
    time_slot, guest_count, total_amount, customer.name and customer.email; any other event only
    what changed (null clears, absent leaves), unless the booking is unknown here. Fields that
    nobody knows are ignored.
    """
    call = Call()
    try:
        status, answer = _answer(call)
        _log(call, status, answer)
        db.session.commit()
    except HubError as error:
        db.session.rollback()
        return _refuse(call, error)
    except Exception as error:
        db.session.rollback()
        get_logger().error("sync call failed", exc_info=error)
        return _refuse(call, HubError("Internal server error"))
    return make_response(jsonify(answer), status)


def _answer(call: Call) -> tuple[int, dict[str, Any]]:
    """Admit, read, apply: everything in one transaction, committed by the caller."""
    session = db.session()
    found = auth.caller()
    _remember_caller(call, found)
    limits.spend_key(found.key.id)
    call.raw = read_raw()
    website = auth.admit(found, KeyScope.WRITE_BOOKINGS)
    apikeys.touch(session, found.key, datetime.now(UTC))
    demand_json(named=False)
    demand_flat(call.raw)
    call.body = body = parse(call.raw)
    if body.website_id not in (None, website.id):
        raise WebsiteNotFound("This key does not speak for that website.")
    call.notes = _ignored(body)
    tickets = _claim(website, body, call.raw)
    if isinstance(tickets, Receipt):
        call.notes.append("Repeated: the first answer was given again")
        call.booking_id = UUID(tickets.answer["booking_id"])
        return 200, tickets.answer
    message = translate(body, datetime.now(UTC), website.currency)
    received = receive(session, auth.website_actor(website), website, message)
    call.booking_id = received.booking_id
    call.notes += received.notes
    answer = _body(received)
    status = 201 if received.created else 200
    receipts.keep(session, tickets, status, answer)
    return status, answer


def _remember_caller(call: Call, found: Caller) -> None:
    call.website_id = found.key.website_id
    call.key_id, call.key_prefix = found.key.id, found.key.prefix


def _claim(website: Website, body: SyncBody, raw: bytes) -> list[receipts.Ticket] | Receipt:
    """Claim the event id and the Idempotency-Key; a receipt means that we answered before.

    Raises Conflict when the Idempotency-Key was used with another body.
    """
    keys = [receipts.for_event(body.event_id)] if body.event_id else []
    header = request.headers.get("Idempotency-Key", "").strip()
    if header:
        keys.append(receipts.for_idempotency(header))
    claimed = receipts.claim(db.session(), website.door, keys, raw)
    if header and isinstance(claimed[-1], Receipt):
        receipts.demand_same_body(claimed[-1], raw)
    tickets = [one for one in claimed if not isinstance(one, Receipt)]
    first = next((one for one in claimed if isinstance(one, Receipt)), None)
    if first is None:
        return tickets
    receipts.keep(db.session(), tickets, first.http_status, first.answer)  # now known by both
    return first


def _ignored(body: SyncBody) -> list[str]:
    names = body.ignored()
    return [f"Ignored unknown fields: {', '.join(names[:30])}"] if names else []


def _body(received: Received) -> dict[str, Any]:
    return {
        "success": True,
        "booking_id": str(received.booking_id),
        "message": received.message,
    }


def _refuse(call: Call, error: HubError) -> Response:
    """Answer an error; a call whose key is known leaves its row also when it is refused."""
    error.details = wire_details(error.details)
    if isinstance(error, DuplicateBooking):
        call.booking_id = error.booking_id
    answer = error_body(error, g.get("request_id", ""))
    response = make_response(jsonify(answer), error.status)
    if isinstance(error, RateLimited):
        response.headers["Retry-After"] = str(error.retry_after)
        if call.key_id is not None and not limits.is_worth_a_row(call.key_id):
            return response  # a flood must not fill the log
        call.notes.append("Too many calls: others refused in the same minute are not listed")
    if call.website_id is not None:
        _log(call, error.status, answer)
        db.session.commit()
    return response


def _log(call: Call, status: int, answer: dict[str, Any]) -> None:
    """The sync log row of this call, in the current transaction."""
    body = call.body
    row = {
        "direction": "inbound",
        "website_id": call.website_id,
        "booking_id": call.booking_id,
        "source_event_id": body.event_id if body else None,
        "event_type": body.event.value if body else "unreadable",
        "door": f"website:{call.website_id}",
        "status": "success" if status < 400 else "failed",
        "http_status": status,
        "code": answer.get("code"),
        "error_message": answer.get("error"),
        "notes": call.notes,
        "request_headers": _headers(call),
        "request_body": call.raw.decode("utf-8", "replace").replace("\x00", "\ufffd"),
        "response_body": jsonify(answer).get_data(as_text=True),
        "url": request.path,
        "duration_ms": round((time.perf_counter() - call.started) * 1000),
        "request_id": g.get("request_id", ""),
        "ip": request.remote_addr or "",
    }
    db.session.execute(_INSERT_LOG, row)


def _headers(call: Call) -> dict[str, str]:
    """Headers worth keeping. Of the key only its visible beginning."""
    kept = ("Content-Type", "User-Agent", "Idempotency-Key")
    found = {name: request.headers[name][:300] for name in kept if name in request.headers}
    return {**found, "X-API-Key": f"{call.key_prefix}…"}
