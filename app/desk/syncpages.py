"""What the pages of Sync show, and how a change is answered in drawer and page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.bookings import amounts, references, timeline
from app.customers import queries as customers
from app.deliveries import queries, status
from app.deliveries.models import OPEN_STATES, Delivery, State, SyncLog
from app.deliveries.queries import Detail, Filter
from app.deliveries.status import Badges, DestinationState
from app.desk.syncview import ANSWERS, PERIODS, STATES, TABS, SyncView
from app.desk.syncwords import pretty, shown_state, what_changed
from app.errors import WebsiteNotFound
from app.extensions import db
from app.messaging.facts import doors as accounts
from app.partners import queries as partners
from app.staff.context import current_scope, now
from app.staff.permissions import Permission
from app.web import go, page, say, toast, trigger, wants_fragment
from app.websites.context import visible_websites, zone_of

VIEW = Permission.SYNC_VIEW
REPLAY = Permission.SYNC_REPLAY
REFUSED_FOR = timedelta(days=7)
"""How long a refused call counts as a problem."""
REFUSED_SHOWN = 10


def read_view() -> SyncView:
    """The page that the address describes. Raises WebsiteNotFound."""
    view = SyncView.read(request.args)
    if view.website and not current_scope().can(VIEW, view.website):
        raise WebsiteNotFound("This website does not exist.")
    return view


def websites_of(view: SyncView) -> frozenset[str] | None:
    """The websites that the page is about; None means all."""
    return frozenset({view.website}) if view.website else current_scope().websites(VIEW)


def list_page(view: SyncView, after: str | None) -> dict[str, Any]:
    """What a tab lists, and what stands around it."""
    badges = status.badges(db.session(), websites_of(view))
    context = {
        "view": view,
        "after": after,
        "badges": badges,
        "pulse": pulse_of(badges),
        "tabs": TABS,
        "choices": {"state": STATES, "answer": ANSWERS, "period": PERIODS},
        "states": _destinations(view),
        "shown_state": shown_state,
        "what_changed": what_changed,
        "names": {website.id: website.name for website in visible_websites()},
        "tz": zone_of(view.website),
        "now": now(),
    }
    return context | _LISTS[view.tab](view, after)


def _problems(view: SyncView, after: str | None) -> dict[str, Any]:
    asked, session, mine = _filter(view), db.session(), websites_of(view)
    rows = queries.deliveries(session, mine, replace(asked, problems=True), after)
    if after:
        return {"deliveries": rows.rows, "next": rows.next, **_named(rows.rows)}
    week = now() - REFUSED_FOR
    recent = max(asked.since or week, week)
    refusals = replace(asked, direction="inbound", status="failed", since=recent)
    refused = queries.logs(session, mine, refusals, limit=REFUSED_SHOWN)
    return {
        "deliveries": rows.rows,
        "next": rows.next,
        "calls": refused.rows,
        "more_calls": refused.next,
        **_named([*rows.rows, *refused.rows]),
    }


def _deliveries(view: SyncView, after: str | None) -> dict[str, Any]:
    wanted = replace(_filter(view), state=view.state or None)
    found = queries.deliveries(db.session(), websites_of(view), wanted, after)
    return {"deliveries": found.rows, "next": found.next, **_named(found.rows)}


def _calls(view: SyncView, after: str | None) -> dict[str, Any]:
    wanted = replace(_filter(view), direction="inbound", status=view.answer or None)
    found = queries.logs(db.session(), websites_of(view), wanted, after)
    return {"calls": found.rows, "next": found.next, **_named(found.rows)}


_LISTS: dict[str, Callable[[SyncView, str | None], dict[str, Any]]] = {
    "": _problems,
    "outbound": _deliveries,
    "inbound": _calls,
    "destinations": lambda view, after: {},
}


def _filter(view: SyncView) -> Filter:
    """What every tab understands."""
    found = None
    if view.q:
        mine = websites_of(view)
        ids = [w.id for w in visible_websites() if mine is None or w.id in mine]
        found = references.find(db.session(), ids, view.q)
    chosen = UUID(view.destination) if view.destination else None
    return Filter(booking_ids=found, destination_id=chosen, since=view.since(now()))


def _named(rows: Iterable[Delivery | SyncLog]) -> dict[str, Any]:
    return {"references": references.of(db.session(), [row.booking_id for row in rows])}


def _destinations(view: SyncView) -> Sequence[DestinationState]:
    session, mine = db.session(), websites_of(view)
    doors = [] if mine is None else [*partners.doors(session, mine), *accounts(session, mine)]
    return status.destinations(session, mine, doors)


def pulse_of(badges: Badges) -> str:
    """A word that changes when anything happens that the page shows."""
    return f"{badges.newest_call}-{badges.failed}-{badges.parked}-{badges.retrying}"


def delivery_page(delivery_id: int) -> Response:
    """One delivery: a page of its own, or the inside of the drawer."""
    session, scope = db.session(), current_scope()
    detail = queries.delivery(session, scope.websites(VIEW), delivery_id)
    delivery = detail.delivery
    event = delivery.event
    known = references.of(session, [delivery.booking_id])
    reference = known.get(delivery.booking_id) if delivery.booking_id else None
    keys = customers.data_keys(session, [event.customer_id] if event.customer_id else [])
    sees = amounts.may_see(scope, delivery.website_id)
    context = {
        "d": delivery,
        "attempts": detail.attempts,
        "reference": reference,
        "what": timeline.lines(
            [event], keys, reference.currency if reference else "", {}, amounts=sees
        ),
        "body": partial(amounts.body_for, scope, delivery.website_id),
        "lane": _lane(detail),
        "overtaken": detail.overtaken,
        **_allowed(delivery),
        **_common(delivery.website_id),
    }
    return page("sync/delivery.html", _drawer("sync/_delivery_drawer.html"), **context)


def _lane(detail: Detail) -> Sequence[Delivery]:
    if detail.delivery.state not in OPEN_STATES:
        return []
    return queries.lane(db.session(), detail.delivery)


def _allowed(delivery: Delivery) -> dict[str, bool]:
    """What this person may do with a delivery as it stands."""
    may = current_scope().can(REPLAY, delivery.website_id)
    moving = delivery.state == State.SENDING
    return {
        "may_send": may and not moving and delivery.state != State.WAITING,
        "may_skip": may and not moving and delivery.state in OPEN_STATES,
    }


def call_page(log_id: int) -> Response:
    """One call: a page of its own, or the inside of the drawer."""
    session, scope = db.session(), current_scope()
    call = queries.log_entry(session, scope.websites(VIEW), log_id)
    known = references.of(session, [call.booking_id])
    reference = known.get(call.booking_id) if call.booking_id else None
    body = partial(amounts.body_for, scope, call.website_id)
    context = {"c": call, "reference": reference, "body": body, **_common(call.website_id)}
    return page("sync/call.html", _drawer("sync/_call_drawer.html"), **context)


def _common(website_id: str | None) -> dict[str, Any]:
    names = {website.id: website.name for website in visible_websites()}
    return {
        "website_name": names.get(website_id or "", ""),
        "sees_bookings": current_scope().can(Permission.BOOKINGS_VIEW, website_id),
        "tz": zone_of(website_id if website_id in names and website_id else ""),
        "now": now(),
        "pretty": pretty,
        "shown_state": shown_state,
        "website_action": url_for("sync.index"),
    }


def _drawer(fragment: str) -> str | None:
    return fragment if request.headers.get("HX-Target") == "drawer-content" else None


def after_change(delivery_id: int, said: str, tone: str = "success") -> Response:
    """Answer a change of a delivery: the drawer anew, or its page."""
    if not wants_fragment():
        say(said, tone)
        return go(url_for("sync.delivery", delivery_id=delivery_id))
    return toast(trigger(delivery_page(delivery_id), "sync-changed"), said, tone)
