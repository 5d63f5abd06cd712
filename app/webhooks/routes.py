"""The page from which a test webhook is sent, and which shows the whole exchange."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request

from app.apikeys.pages import Crumb
from app.bookings import amounts, listing
from app.bookings.filters import Filters
from app.bookings.models import Booking
from app.errors import Fault, HubError, InvalidPayload
from app.extensions import db
from app.partners import queries as partners
from app.partners.actions import home_of
from app.partners.models import Partner
from app.partners.routes import crumbs as partner_crumbs
from app.staff.context import current_actor, current_scope
from app.staff.guards import requires
from app.staff.permissions import Permission
from app.web import page
from app.webhooks.actions import send_test
from app.webhooks.channel import EVENTS
from app.webhooks.receivers import Receiver
from app.websites import queries as websites
from app.websites.models import Website
from app.websites.routes import crumbs as website_crumbs

webhooks = Blueprint("webhooks", __name__)

MANAGE = Permission.WEBSITES_MANAGE
MANAGE_PARTNERS = Permission.PARTNERS_MANAGE
CHOICES = [(event, event) for event in sorted(EVENTS)]


@dataclass(frozen=True)
class Tested:
    """Whose webhook is tested, the way to its page, and the website in whose log it is told."""

    receiver: Receiver
    crumbs: tuple[Crumb, ...]
    website_id: str | None

    @property
    def kind(self) -> str:
        return "partner" if isinstance(self.receiver, Partner) else "website"


@webhooks.get("/websites/<website_id>/test")
@requires(MANAGE)
def test(website_id: str) -> Response:
    """Choose what to send."""
    return _page(_website(website_id), {"event": "booking.updated"})


@webhooks.post("/websites/<website_id>/test")
@requires(MANAGE)
def send(website_id: str) -> Response:
    """Send it, and show what went and what came back."""
    form = _form()
    try:
        shown = _sent(_website(website_id), form)
    except InvalidPayload as error:
        db.session.rollback()
        return _page(_website(website_id), form, error=_sentence(error), status=422)
    return _page(_website(website_id), form, **shown)


@webhooks.get("/partners/<uuid:partner_id>/test")
@requires(MANAGE_PARTNERS)
def test_partner(partner_id: UUID) -> Response:
    """The same of a partner."""
    return _page(_partner(partner_id), {"event": "booking.updated"})


@webhooks.post("/partners/<uuid:partner_id>/test")
@requires(MANAGE_PARTNERS)
def send_partner(partner_id: UUID) -> Response:
    """Send it to the partner, and show what went and what came back."""
    form = _form()
    try:
        shown = _sent(_partner(partner_id), form)
    except InvalidPayload as error:
        db.session.rollback()
        return _page(_partner(partner_id), form, error=_sentence(error), status=422)
    return _page(_partner(partner_id), form, **shown)


def _website(website_id: str) -> Tested:
    website = websites.get(db.session(), current_scope(), website_id, MANAGE)
    return Tested(website, website_crumbs(website), website.id)


def _partner(partner_id: UUID) -> Tested:
    """Who may manage it manages partners at each of its websites: any of them may log the test."""
    session = db.session()
    partner = partners.get(session, current_scope(), partner_id, MANAGE_PARTNERS)
    places = sorted(partners.websites_of(session, partner.id))
    home = home_of(session, partner) or next(iter(places), None)
    return Tested(partner, partner_crumbs(partner), home)


def _form() -> dict[str, str]:
    return {name: request.form.get(name, "").strip()[:200] for name in ("event", "booking")}


def _sent(tested: Tested, form: dict[str, str]) -> dict[str, Any]:
    """Send it; what the page shows of it. Raises InvalidPayload."""
    booking = _booking(tested.receiver, form["booking"])
    about = booking.website_id if booking else tested.website_id
    exchange = send_test(
        db.session(), tested.receiver, booking, form["event"], current_actor(), about
    )
    db.session.commit()
    return {
        "exchange": exchange,
        "request_body": _pretty(exchange.request_body, about),
        "response_body": _pretty(exchange.response_body, about),
    }


def _page(
    tested: Tested, form: dict[str, str], error: str = "", status: int = 200, **shown: Any
) -> Response:
    context: dict[str, Any] = {"w": tested.receiver, "crumbs": tested.crumbs, "kind": tested.kind}
    context |= {"events": CHOICES, "form": form, "error": error, **shown}
    return page("webhooks/test.html", None, status, **context)


def _booking(receiver: Receiver, reference: str) -> Booking | None:
    """The receiver's booking whose reference begins so; None when none was asked for."""
    if not reference:
        return None
    whose: dict[str, Any] = (
        {"website_id": receiver.id}
        if isinstance(receiver, Website)
        else {"partner_id": receiver.id}
    )
    filters = Filters(**whose, q=reference)
    found = listing.page(db.session(), current_scope(), filters, limit=1, whole=True).rows
    if not found:
        kind = "website" if isinstance(receiver, Website) else "partner"
        fault = Fault("booking", f"No booking of this {kind} has this reference.")
        raise InvalidPayload("There is no such booking.", [fault])
    return found[0]


def _sentence(error: HubError) -> str:
    return " ".join(fault.message for fault in error.details) or error.message


def _pretty(body: str, website_id: str | None) -> str:
    """JSON with line breaks; anything else as it is. Without amounts for who may not see them."""
    body = amounts.body_for(current_scope(), website_id, body) or ""
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return body
