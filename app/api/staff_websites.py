"""The JSON door of staff, second part: websites, their keys, test webhooks."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from uuid import UUID

from flask import Blueprint, Response

from app.api.bodies import Answer, once, read_body, read_query
from app.api.describing import Link, describes
from app.api.schemas import examples
from app.api.schemas.answers import (
    KeyAnswer,
    KeysAnswer,
    NewKeyAnswer,
    NewWebsiteAnswer,
    TestWebhookAnswer,
    WebsiteAnswer,
    WebsitesAnswer,
)
from app.api.schemas.staff import (
    KeyBody,
    KeyChanges,
    PageQuery,
    TestWebhookBody,
    WebsiteBody,
    WebsiteChanges,
)
from app.api.staff import json_answer
from app.api.wire import key_json, website_json
from app.apikeys import actions as apikeys
from app.apikeys import queries as apikey_queries
from app.bookings import amounts
from app.bookings import queries as bookings
from app.errors import Conflict, Fault, InvalidPayload, NotFound, WebsiteNotFound
from app.extensions import db
from app.staff.context import current_actor, current_person, current_scope, now, settings
from app.staff.guards import requires
from app.staff.permissions import Permission
from app.webhooks.actions import send_test
from app.websites import actions, queries

staff_websites_api = Blueprint("api_staff_websites", __name__)

VIEW = Permission.WEBSITES_VIEW
MANAGE = Permission.WEBSITES_MANAGE
WEBSITES = "Staff: websites and keys"
_THIS_KEY = {
    "website_id": "$response.body#/key/website_id",
    "key_id": "$response.body#/key/id",
}


def _https_only() -> bool:
    return settings().env == "production"


def _door() -> str:
    """Whose Idempotency-Keys these are."""
    return f"staff:{current_person().id}"


@staff_websites_api.get("/api/websites")
@requires(VIEW)
@describes(WEBSITES, answers={200: WebsitesAnswer}, query=PageQuery)
def list_websites() -> Response:
    """The websites one may look at."""
    query = read_query(PageQuery)
    found, following = queries.page(db.session(), current_scope(), query.after or "", query.limit)
    rows = [website_json(website) for website in found]
    return json_answer({"success": True, "websites": rows, "next": following})


@staff_websites_api.post("/api/websites")
@requires(MANAGE)
@describes(
    WEBSITES,
    answers={201: NewWebsiteAnswer},
    body=WebsiteBody,
    errors=(Conflict,),
    repeatable=True,
    examples=examples.WEBSITE,
    links={
        "change": Link("change_website", {"website_id": "$response.body#/website/id"}),
        "keys": Link("list_keys", {"website_id": "$response.body#/website/id"}),
        "addKey": Link("add_key", {"website_id": "$response.body#/website/id"}),
    },
)
def add_website() -> Response:
    """Register a website; its secrets are in this answer and nowhere else."""
    body = read_body(WebsiteBody)

    def make() -> Answer:
        made = actions.register(
            db.session(), current_actor(), current_scope(), body.said(), https_only=_https_only()
        )
        return 201, {
            "success": True,
            "website": website_json(made.website),
            "api_key": made.api_key,
            "webhook_secret": made.webhook_secret,
        }

    status, answer = once(db.session(), _door(), make)
    db.session.commit()
    return json_answer(answer, status)


@staff_websites_api.put("/api/websites/<website_id>")
@requires(MANAGE)
@describes(
    WEBSITES,
    answers={200: WebsiteAnswer},
    body=WebsiteChanges,
    errors=(WebsiteNotFound,),
    examples=examples.WEBSITE_CHANGES,
)
def change_website(website_id: str) -> Response:
    """Change a website."""
    website = actions.edit(
        db.session(),
        current_actor(),
        current_scope(),
        website_id,
        read_body(WebsiteChanges).said(),
        https_only=_https_only(),
    )
    db.session.commit()
    return json_answer({"success": True, "website": website_json(website)})


@staff_websites_api.get("/api/websites/<website_id>/keys")
@requires(VIEW)
@describes(WEBSITES, answers={200: KeysAnswer}, errors=(WebsiteNotFound,))
def list_keys(website_id: str) -> Response:
    """The keys of a website, newest first, also those that have ended."""
    website = queries.get(db.session(), current_scope(), website_id)
    rows = [key_json(key) for key in apikey_queries.of_website(db.session(), website.id)]
    return json_answer({"success": True, "keys": rows})


@staff_websites_api.post("/api/websites/<website_id>/keys")
@requires(MANAGE)
@describes(
    WEBSITES,
    answers={201: NewKeyAnswer},
    body=KeyBody,
    errors=(WebsiteNotFound, Conflict),
    repeatable=True,
    examples=examples.KEY,
    links={
        "change": Link("change_key", _THIS_KEY),
        "revoke": Link("end_key", _THIS_KEY),
    },
)
def add_key(website_id: str) -> Response:
    """Issue a key, or replace one with an overlap; it is in this answer and nowhere else."""
    session, actor, body = db.session(), current_actor(), read_body(KeyBody)
    if body.replaces and body.model_fields_set != {"replaces"}:
        fault = Fault("replaces", "Goes alone: the new key gets the rights of the old one.")
        raise InvalidPayload("Replace a key, or describe a new one.", [fault])
    queries.lock(session, current_scope(), website_id, MANAGE)

    def make() -> Answer:
        if body.replaces:
            overlap = timedelta(hours=settings().secret_overlap_hours)
            issued = apikeys.rotate(session, actor, website_id, body.replaces, overlap, now())
        else:
            said = {name: value for name, value in body.said().items() if name != "replaces"}
            issued = apikeys.issue(session, actor, website_id, **{"name": "", **said})
        return 201, {
            "success": True,
            "key": key_json(issued.key),
            "api_key": issued.clear_text,
        }

    status, answer = once(session, _door(), make)
    db.session.commit()
    return json_answer(answer, status)


@staff_websites_api.put("/api/websites/<website_id>/keys/<uuid:key_id>")
@requires(MANAGE)
@describes(
    WEBSITES,
    answers={200: KeyAnswer},
    body=KeyChanges,
    errors=(WebsiteNotFound, Conflict),
    examples=examples.KEY_CHANGES,
)
def change_key(website_id: str, key_id: UUID) -> Response:
    """Change what a key may do, from where and for how long."""
    session, actor, changes = db.session(), current_actor(), read_body(KeyChanges).said()
    queries.lock(session, current_scope(), website_id, MANAGE)
    key = apikeys.edit(session, actor, website_id, key_id, changes, now())
    db.session.commit()
    return json_answer({"success": True, "key": key_json(key)})


@staff_websites_api.delete("/api/websites/<website_id>/keys/<uuid:key_id>")
@requires(MANAGE)
@describes(WEBSITES, answers={200: KeyAnswer}, errors=(WebsiteNotFound,))
def end_key(website_id: str, key_id: UUID) -> Response:
    """Revoke a key at once."""
    session = db.session()
    queries.lock(session, current_scope(), website_id, MANAGE)
    key = apikeys.revoke(session, current_actor(), website_id, key_id, now())
    db.session.commit()
    return json_answer({"success": True, "key": key_json(key)})


@staff_websites_api.post("/api/admin/test-webhook")
@requires(MANAGE)
@describes(
    WEBSITES,
    answers={200: TestWebhookAnswer},
    body=TestWebhookBody,
    errors=(NotFound, WebsiteNotFound),
    examples=examples.TEST,
)
def test_webhook() -> Response:
    """Make a real, signed call and answer what came back; `success` is whether it arrived."""
    session, scope, body = db.session(), current_scope(), read_body(TestWebhookBody)
    website = queries.get(session, scope, body.website_id, MANAGE)
    booking = bookings.get(session, scope, body.booking_id) if body.booking_id else None
    if booking is not None and booking.website_id != website.id:
        raise NotFound("This website has no such booking.")
    exchange = send_test(session, website, booking, body.event, current_actor())
    db.session.commit()
    shown = partial(amounts.body_for, scope, body.website_id)
    return json_answer(
        {
            "success": exchange.success,
            "message": exchange.message or "Delivered.",
            "duration_ms": exchange.duration_ms,
            "request": {
                "url": exchange.url,
                "headers": exchange.request_headers,
                "body": shown(exchange.request_body),
            },
            "response": {
                "status": exchange.status,
                "headers": exchange.response_headers,
                "body": shown(exchange.response_body),
            },
        }
    )
