"""The JSON door of staff: the guests of one's websites, and what was written to one of them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from app.api.bodies import read_query
from app.api.describing import describes
from app.api.schemas.people import CustomerQuery, GuestsAnswer, MessageQuery, MessagesAnswer
from app.api.staff import json_answer
from app.bookings import references
from app.errors import InvalidPayload
from app.extensions import db
from app.messaging import queries
from app.messaging.addressees import guests_at
from app.messaging.models import Message
from app.messaging.queries import Filter
from app.privacy import people
from app.privacy.people import Row, Wanted
from app.staff.context import current_scope, now
from app.staff.guards import requires
from app.staff.permissions import Permission
from app.websites.context import visible_websites, zone_of

staff_people_api = Blueprint("api_staff_people", __name__)

GUESTS, MESSAGES = Permission.CUSTOMERS_VIEW, Permission.MESSAGES_VIEW


@staff_people_api.get("/api/customers")
@requires(GUESTS)
@describes("Staff: customers", answers={200: GuestsAnswer}, query=CustomerQuery)
def search_customers() -> Response:
    """The guests of one's websites, the newest first, or those that a search means."""
    scope, query = current_scope(), read_query(CustomerQuery)
    website = query.website_id or ""
    if website and not (scope.can(GUESTS, website) and _exists(website)):
        return json_answer({"success": True, "customers": [], "next": None})
    wanted = Wanted(q=query.q, website=website)
    today = now().astimezone(zone_of(website)).date()
    found = people.page(db.session(), scope, wanted, today, query.after, query.limit)
    rows = [_customer_json(row) for row in found.rows]
    return json_answer({"success": True, "customers": rows, "next": found.next})


def _exists(website: str) -> bool:
    """Who may see everything may also name what is not there."""
    return website in {each.id for each in visible_websites()}


def _customer_json(row: Row) -> dict[str, Any]:
    guest, figures = row.customer, row.figures
    names = ("name", "first_name", "last_name", "email", "sms_health", "email_health")
    return {
        "id": str(guest.id),
        **{name: getattr(guest, name) for name in names},
        "phone": guest.phone or guest.phone_raw,
        "bookings": figures.bookings,
        "visits": figures.visits,
        "no_shows": figures.no_shows,
        "last_visit": figures.last.isoformat() if figures.last else None,
        "next_visit": figures.next.isoformat() if figures.next else None,
        "erased": guest.erased_at is not None,
    }


@staff_people_api.get("/api/messages")
@requires(MESSAGES)
@describes(
    "Staff: messages", answers={200: MessagesAnswer}, query=MessageQuery, errors=(InvalidPayload,)
)
def list_messages() -> Response:
    """What was written to one guest, of the websites whose messages one may read."""
    session, scope, query = db.session(), current_scope(), read_query(MessageQuery)
    mine = scope.websites(MESSAGES)
    if query.website_id:
        mine = frozenset({query.website_id} if scope.can(MESSAGES, query.website_id) else ())
    guests = guests_at(session, scope.websites(MESSAGES), query.to)
    wanted = Filter(state=query.state, kind=query.kind, customer_ids=guests)
    found = queries.log(session, mine, wanted, query.after, query.limit, whole=True)
    called = references.of(session, [each.booking_id for each in found.rows])
    rows = [
        _message_json(each, called[each.booking_id].text if each.booking_id in called else None)
        for each in found.rows
    ]
    return json_answer({"success": True, "messages": rows, "next": found.next})


def _message_json(message: Message, reference: str | None) -> dict[str, Any]:
    names = (
        *("website_id", "kind", "medium", "language", "state", "reason", "error_code"),
        *("recipient", "subject", "body", "segments"),
    )
    instants = ("created_at", "sent_at", "delivered_at")
    moments = {name: getattr(message, name) for name in instants}
    return {
        "id": str(message.id),
        "booking_id": str(message.booking_id) if message.booking_id else None,
        "booking_ref": reference,
        "customer_id": str(message.customer_id),
        **{name: getattr(message, name) for name in names},
        **{name: moment.isoformat() if moment else None for name, moment in moments.items()},
    }
