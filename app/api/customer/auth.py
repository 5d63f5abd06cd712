"""`/api/v1/customer/auth`: signing in by phone, and staying so."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from app.api.bodies import read_body
from app.api.customer.caller import ENDED, actor_of, nobody
from app.api.customer.calls import GROUP, answer
from app.api.customer.tokens import write_token
from app.api.describing import describes
from app.api.schemas.customer_auth import (
    ASK,
    CHECK,
    CodeCheck,
    CodeRequest,
    CodeSent,
    CustomerTokens,
    RefreshBody,
)
from app.customers.models import Customer
from app.errors import AuthFailed, HubError
from app.extensions import csrf, db
from app.messaging.code_channel import sender
from app.plain import plain
from app.signin import codes, queries, signing_in
from app.signin.numbers import mobile
from app.signin.rules import rules
from app.signin.signing_in import Reused, Signed
from app.staff.context import settings
from app.staff.guards import public

customer_auth = Blueprint("api_customer_auth", __name__, url_prefix="/api/v1/customer/auth")
csrf.exempt(customer_auth)

WRONG = "This code is not right, or it has ended. Please ask for a new one."
SENT = "If this number can get text messages, a code is on its way."
ABOUT_CODES = "the way in: a code is sent to the phone"


class CannotSend(HubError):
    """No codes can be sent as things are."""

    status = 503
    code = "SERVER_ERROR"


@customer_auth.post("/request-otp")
@public(ABOUT_CODES)
@describes(GROUP, answers={200: CodeSent}, body=CodeRequest, errors=(CannotSend,), examples=ASK)
def request_code() -> Response:
    """Have a code of six digits sent to a phone.

    It works for five minutes, once, and takes three attempts. The answer is the same whether
    anybody is known by the number or not; within `resend_in` nothing more is sent.
    """
    phone = mobile(read_body(CodeRequest).phone, rules)
    session = db.session()
    queries.open_shops(session)
    website_id = sender(session, settings())
    if website_id is None:
        raise CannotSend("No codes can be sent at the moment. Please try again later.")
    asked = codes.request(session, nobody(), rules, phone, request.remote_addr or "", website_id)
    session.commit()
    told = {"expires_in": asked.expires_in, "resend_in": asked.resend_in}
    return answer(200, {"success": True, "message": SENT, **told})


@customer_auth.post("/verify-otp")
@public(ABOUT_CODES)
@describes(
    GROUP, answers={200: CustomerTokens}, body=CodeCheck, errors=(AuthFailed,), examples=CHECK
)
def verify_code() -> Response:
    """Exchange the code for tokens: you are signed in on this device."""
    body = read_body(CodeCheck)
    phone = mobile(body.phone, rules)
    session = db.session()
    queries.open_shops(session)
    tried = codes.take_attempt(session, phone)
    session.commit()  # before comparing: an attempt that was taken is never given back
    if tried is None or not codes.is_right(rules, tried, body.otp) or not codes.use(session, tried):
        raise AuthFailed(WRONG)
    here = request.remote_addr or ""
    signed = signing_in.sign_in(session, actor_of, rules, phone, body.device, here)
    return _tokens(signed)


@customer_auth.post("/refresh")
@public("who is signed in brings the token for the next ones")
@describes(GROUP, answers={200: CustomerTokens}, body=RefreshBody, errors=(AuthFailed,))
def refresh_tokens() -> Response:
    """Exchange a refresh token for new tokens.

    Each works once. One that comes a second time ends the device and all its tokens: send it
    once only, and keep the new one before you use it.
    """
    body = read_body(RefreshBody)
    session = db.session()
    queries.open_shops(session)
    try:
        return _tokens(signing_in.refresh(session, actor_of, rules, body.refresh_token))
    except Reused as error:
        session.commit()  # the device is ended
        raise AuthFailed(ENDED) from error


def _tokens(signed: Signed) -> Response:
    """Written down, then told."""
    customer, device = signed.customer, signed.device
    body = {
        "success": True,
        "access_token": write_token(settings(), customer.id, device.id, signed.now),
        "token_type": "Bearer",
        "expires_in": int(rules.token_life.total_seconds()),
        "refresh_token": signed.refresh_token,
        "refresh_expires_in": int(rules.refresh_life.total_seconds()),
        "is_new": signed.is_new,
        "profile": profile_json(customer),
    }
    db.session.commit()
    return answer(200, body)


def profile_json(customer: Customer) -> dict[str, Any]:
    """A customer as they read themselves."""
    name = f"{customer.first_name} {customer.last_name}".strip()
    return {
        "id": plain(customer.id),
        "name": name,
        "phone": customer.phone,
        "email": customer.email,
        "is_complete": bool(name),
        "phone_verified_at": plain(customer.phone_verified_at),
    }
