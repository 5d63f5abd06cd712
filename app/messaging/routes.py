"""Pages of what was sent: the log, one message, the messages of a booking, sending again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, make_response, render_template, request, url_for

from app.bookings import queries as bookings
from app.bookings import references
from app.deliveries import actions as deliveries
from app.deliveries.models import Delivery, State
from app.errors import Conflict, WebsiteNotFound
from app.events import queries as events
from app.extensions import db
from app.messaging import queries, story
from app.messaging.logview import AUDIENCES, CHOICES, MEDIA, STATES, LogView, said_of
from app.messaging.models import Message, MessageState
from app.messaging.queries import Filter
from app.staff.context import current_actor, current_scope, now
from app.staff.guards import requires
from app.staff.permissions import Permission
from app.web import go, page, say, toast, wants_fragment
from app.websites.context import visible_websites, zone_of

messages = Blueprint("messages", __name__)

VIEW = Permission.MESSAGES_VIEW
MANAGE = Permission.MESSAGES_MANAGE


@messages.get("/messages")
@requires(VIEW)
def index() -> Response:
    """The log; for htmx the list alone, or its next rows."""
    view, after = LogView.read(request.args), request.args.get("after")
    if view.website and not current_scope().can(VIEW, view.website):
        raise WebsiteNotFound("This website does not exist.")
    found = queries.log(db.session(), _websites_of(view), _filter(view), after)
    context = {
        "view": view,
        "rows": found.rows,
        "next": found.next,
        "after": after,
        "choices": CHOICES,
        "manages": _manages(view.website),
        **_words(found.rows),
        "tz": zone_of(view.website),
    }
    more = request.headers.get("HX-Target") == "more"
    fragment = "messaging/_rows.html" if more else "messaging/_list.html"
    return page("messaging/index.html", fragment, **context)


@messages.get("/messages/<uuid:message_id>")
@requires(VIEW)
def show(message_id: UUID) -> Response:
    """One message: a page of its own, or the inside of the drawer."""
    return _message_page(message_id)


@messages.post("/messages/<uuid:message_id>/again")
@requires(MANAGE)
def send_again(message_id: UUID) -> Response:
    """Send one message again, in the words of now."""
    session, scope = db.session(), current_scope()
    message = queries.one(session, scope.websites(VIEW), message_id)
    scope.demand(MANAGE, message.website_id, seen_with=VIEW)
    sent = queries.delivery_of(session, message)
    if sent is None:
        return _answered(message_id, "There is nothing to send again.", "warning")
    try:
        # It is written anew when its turn comes: nothing goes backwards.
        deliveries.replay(session, current_actor(), sent.id, out_of_order=True)
    except Conflict as error:
        session.rollback()
        return _answered(message_id, error.message, "warning")
    session.commit()
    return _answered(message_id, "It is on its way again.")


@messages.get("/bookings/<uuid:booking_id>/messages")
@requires(VIEW)
def of_booking(booking_id: UUID) -> Response:
    """The messages about one booking: a part of its page and drawer; without script, the log."""
    session, scope = db.session(), current_scope()
    booking = bookings.get(session, scope, booking_id)
    scope.demand(VIEW, booking.website_id, seen_with=bookings.VIEW)
    if not wants_fragment():
        return go(url_for("messages.index", q=str(booking_id)))
    rows = queries.of_booking(session, booking_id)
    shown = render_template(
        "messaging/_of_booking.html", rows=rows, tz=zone_of(booking.website_id), **_words([])
    )
    answer = make_response(shown)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _message_page(message_id: UUID) -> Response:
    session, scope = db.session(), current_scope()
    message = queries.one(session, scope.websites(VIEW), message_id)
    sent = queries.delivery_of(session, message)
    told = events.of_subject(session, "message", str(message.id))
    context = {
        "m": message,
        "delivery": sent,
        "story": story.lines(message, told),
        "reference": references.of(session, [message.booking_id]).get(message.booking_id)
        if message.booking_id
        else None,
        "sees_bookings": scope.can(Permission.BOOKINGS_VIEW, message.website_id),
        "sees_sync": scope.can(Permission.SYNC_VIEW, message.website_id),
        "again": _may_send_again(message, sent),
        **_words([]),
        "tz": zone_of(message.website_id),
    }
    drawer = request.headers.get("HX-Target") == "drawer-content"
    return page("messaging/show.html", "messaging/_drawer.html" if drawer else None, **context)


def _may_send_again(message: Message, sent: Delivery | None) -> bool:
    if sent is None or not current_scope().can(MANAGE, message.website_id):
        return False
    return message.state != MessageState.QUEUED and sent.state not in (State.SENDING, State.WAITING)


def _answered(message_id: UUID, said: str, tone: str = "success") -> Response:
    """The drawer anew, or its page."""
    if not wants_fragment():
        say(said, tone)
        return go(url_for("messages.show", message_id=message_id))
    return toast(_message_page(message_id), said, tone)


def _websites_of(view: LogView) -> frozenset[str] | None:
    return frozenset({view.website}) if view.website else current_scope().websites(VIEW)


def _filter(view: LogView) -> Filter:
    found = None
    if view.q:
        mine = _websites_of(view)
        ids = [w.id for w in visible_websites() if mine is None or w.id in mine]
        found = references.find(db.session(), ids, view.q)
    return Filter(
        state=view.state or None,
        kind=view.kind or None,
        medium=view.medium or None,
        booking_ids=found,
        customer_ids=(UUID(view.customer),) if view.customer else None,
    )


def _words(rows: Iterable[Message]) -> dict[str, Any]:
    """What lists and details of messages need to speak of them."""
    return {
        "references": references.of(db.session(), [row.booking_id for row in rows]),
        "names": {website.id: website.name for website in visible_websites()},
        "states": STATES,
        "media": MEDIA,
        "audiences": AUDIENCES,
        "said_of": said_of,
        "now": now(),
        "website_action": url_for("messages.index"),
    }


def _manages(website: str) -> bool:
    scope = current_scope()
    return scope.can(MANAGE, website) if website else scope.can_somewhere(MANAGE)
