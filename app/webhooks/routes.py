"""The page from which a test webhook is sent, and which shows the whole exchange."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, request

from app.bookings import amounts, listing
from app.bookings.filters import Filters
from app.bookings.models import Booking
from app.errors import Fault, HubError, InvalidPayload
from app.extensions import db
from app.staff.context import current_actor, current_scope
from app.staff.guards import requires
from app.staff.permissions import Permission
from app.web import page
from app.webhooks.actions import send_test
from app.webhooks.channel import EVENTS
from app.websites import queries as websites
from app.websites.models import Website

webhooks = Blueprint("webhooks", __name__)

MANAGE = Permission.WEBSITES_MANAGE
CHOICES = [(event, event) for event in sorted(EVENTS)]


@webhooks.get("/websites/<website_id>/test")
@requires(MANAGE)
def test(website_id: str) -> Response:
    """Choose what to send."""
    website = websites.get(db.session(), current_scope(), website_id, MANAGE)
    return _page(website, {"event": "booking.updated"})


@webhooks.post("/websites/<website_id>/test")
@requires(MANAGE)
def send(website_id: str) -> Response:
    """Send it, and show what went and what came back."""
    website = websites.get(db.session(), current_scope(), website_id, MANAGE)
    form = {name: request.form.get(name, "").strip()[:200] for name in ("event", "booking")}
    try:
        booking = _booking(website_id, form["booking"])
        exchange = send_test(db.session(), website, booking, form["event"], current_actor())
    except InvalidPayload as error:
        db.session.rollback()
        website = websites.get(db.session(), current_scope(), website_id, MANAGE)
        return _page(website, form, error=_sentence(error), status=422)
    db.session.commit()
    website = websites.get(db.session(), current_scope(), website_id, MANAGE)
    return _page(
        website,
        form,
        exchange=exchange,
        request_body=_pretty(exchange.request_body, website_id),
        response_body=_pretty(exchange.response_body, website_id),
    )


def _page(
    website: Website, form: dict[str, str], error: str = "", status: int = 200, **shown: Any
) -> Response:
    context = {"w": website, "events": CHOICES, "form": form, "error": error, **shown}
    return page("webhooks/test.html", None, status, **context)


def _booking(website_id: str, reference: str) -> Booking | None:
    """The booking of this website whose reference begins so; None when none was asked for."""
    if not reference:
        return None
    filters = Filters(website_id=website_id, q=reference)
    found = listing.page(db.session(), current_scope(), filters, limit=1, whole=True).rows
    if not found:
        fault = Fault("booking", "No booking of this website has this reference.")
        raise InvalidPayload("There is no such booking.", [fault])
    return found[0]


def _sentence(error: HubError) -> str:
    return " ".join(fault.message for fault in error.details) or error.message


def _pretty(body: str, website_id: str) -> str:
    """JSON with line breaks; anything else as it is. Without amounts for who may not see them."""
    body = amounts.body_for(current_scope(), website_id, body) or ""
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return body
