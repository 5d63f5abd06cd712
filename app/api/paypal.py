"""`POST /api/webhooks/paypal/table-bookings`: PayPal tells what became of payments."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Response, current_app, jsonify, make_response, request

from app.api.describing import describes
from app.api.schemas.paypal import HookAnswer
from app.errors import AuthFailed, HubError, PayloadTooLarge
from app.extensions import csrf, db
from app.logs import get_logger
from app.payments import queries
from app.payments.models import PaymentSettings
from app.paypal import hearing
from app.paypal.certificates import Certificates, certificates
from app.paypal.client import Account
from app.paypal.verifying import CannotAsk, Genuine, Signature, offline, online
from app.staff.guards import public
from app.wall import lifted, open_for

paypal_hook = Blueprint("api_paypal", __name__)
csrf.exempt(paypal_hook)

MOST_BYTES = 64 * 1024
UNVERIFIED = "The webhook could not be verified."


class AskAgain(HubError):
    """It cannot be told now whether the webhook is genuine."""

    status = 503
    code = "SERVER_ERROR"


@paypal_hook.post("/api/webhooks/paypal/table-bookings")
@public("PayPal signs what it sends")
@describes("Providers", answers={200: HookAnswer}, errors=(AuthFailed, PayloadTooLarge, AskAgain))
def receive_paypal() -> Response:
    """Take what PayPal tells of a payment, signed over its raw bytes.

    Each event counts once, in whatever order they come. What cannot be verified is told nothing.
    """
    session = db.session()
    body = _raw()
    headers = {name.lower(): value for name, value in request.headers.items()}
    signature, heard = Signature.of(headers), hearing.read(body)
    if signature is None or heard is None:
        raise AuthFailed(UNVERIFIED)
    with lifted(session):
        website_id = hearing.website_of(session, heard)
    if website_id is None:
        raise AuthFailed(UNVERIFIED)
    open_for(session, frozenset({website_id}))
    settings = queries.settings_of(session, website_id)
    if settings is None or not _is_genuine(signature, body, settings):
        get_logger().warning("webhook of PayPal not verified", website_id=website_id)
        raise AuthFailed(UNVERIFIED)
    hearing.keep(session, heard, website_id)
    session.commit()
    return make_response(jsonify({"success": True, "received": True}), 200)


def _raw() -> bytes:
    """The body as it came. Raises PayloadTooLarge."""
    if (request.content_length or 0) > MOST_BYTES:
        raise PayloadTooLarge("The body is larger than 64 KiB.")
    body = request.get_data(cache=False)
    if len(body) > MOST_BYTES:
        raise PayloadTooLarge("The body is larger than 64 KiB.")
    return body


def _is_genuine(signature: Signature, body: bytes, settings: PaymentSettings) -> bool:
    """Raises AskAgain when only PayPal can say, and does not answer."""
    account, ask = Account.of(settings), settings.verify_online
    if not account.webhook_id:
        return False
    db.session.commit()  # no transaction is open while certificates or answers are fetched
    if not ask:
        said = offline(signature, body, account.webhook_id, _certificates())
        if said is not Genuine.UNSURE:
            return said is Genuine.YES
    try:
        return online(signature, body, account)
    except CannotAsk as error:
        raise AskAgain("Please send it again later.") from error


def _certificates() -> Certificates:
    """Those of this process; tests bring their own."""
    return cast(Certificates, current_app.extensions.get("paypal_certificates", certificates))
