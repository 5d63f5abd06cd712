"""`/api/webhooks/twilio/…`: Twilio tells how messages ended, and what guests answered.

The signature covers the public address, which is made of BASE_URL and never of the request.
"""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from flask import Blueprint, Response, current_app, make_response, request
from twilio.request_validator import (
    SIGNATURE_HEADER,
    SIGNATURE_SETTINGS_HEADER,
    RequestValidator,
    get_signature_algorithm,
)

from app.api.describing import describes
from app.errors import Forbidden
from app.extensions import csrf, db
from app.logs import get_logger
from app.messaging import hearing
from app.staff.guards import public
from app.wall import lifted

twilio_hook = Blueprint("api_twilio", __name__)
csrf.exempt(twilio_hook)

EMPTY_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'
UNVERIFIED = "The signature does not fit."


@twilio_hook.post("/api/webhooks/twilio/status")
@public("Twilio signs what it sends")
@describes("Providers", answers={204: None}, errors=(Forbidden,))
def receive_status() -> Response:
    """Take Twilio's report about one of our messages.

    Reports may come twice and in any order: what is older than what is known changes nothing.
    """
    session = db.session()
    with lifted(session):
        message_id = _uuid(request.args.get("m", ""))
        token = hearing.token_for(session, message_id) if message_id else None
        if message_id is None or token is None or not _is_signed(token):
            raise _refusal()
        hearing.report(session, message_id, request.form, datetime.now(UTC))
    session.commit()
    return make_response("", 204)


@twilio_hook.post("/api/webhooks/twilio/inbound")
@public("Twilio signs what it sends")
@describes("Providers", answers={200: None}, errors=(Forbidden,))
def receive_answer() -> Response:
    """Take what a guest answered to an SMS: STOP ends SMS to them, START lets them begin again."""
    session = db.session()
    with lifted(session):
        found = hearing.accounts_of(session, request.form.get("AccountSid", ""))
        website_id = next((website for website, token in found if _is_signed(token)), None)
        if website_id is None:
            raise _refusal()
        hearing.answer(session, website_id, request.form, datetime.now(UTC))
    session.commit()
    return make_response(EMPTY_TWIML, 200, {"Content-Type": "text/xml; charset=utf-8"})


def _is_signed(token: str) -> bool:
    base: str = current_app.extensions["settings"].base_url.rstrip("/")
    query = request.query_string.decode("ascii", "replace")
    url = f"{base}{request.path}" + (f"?{query}" if query else "")
    algorithm = get_signature_algorithm(request.headers.get(SIGNATURE_SETTINGS_HEADER, ""))
    signature = request.headers.get(SIGNATURE_HEADER, "")
    return bool(RequestValidator(token).validate(url, request.form, signature, algorithm))


def _refusal() -> Forbidden:
    get_logger().warning("webhook of Twilio not verified", path=request.path)
    return Forbidden(UNVERIFIED)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
