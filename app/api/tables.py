"""`/api/table-bookings`: a website books tables for its guests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.routing import BaseConverter

from app.api import auth, limits, logged
from app.api.bodies import Answer, read_body, read_query
from app.api.describing import describes
from app.api.logged import LoggedCall
from app.api.schemas import examples
from app.api.schemas.table_offers import (
    MenuAnswer,
    MenuQuery,
    TableTimesAnswer,
    TableTimesQuery,
    TableVenuesAnswer,
)
from app.api.schemas.tables import (
    NewTable,
    TableAnswer,
    TableCancellation,
    TableCancelled,
    TableChange,
)
from app.api.table_stock import demand_free, heard_for_booking, narrowed
from app.api.table_wire import answer_json, menu_json, times_json, venue_json
from app.api.table_wishes import change_of, wish_of
from app.apikeys import queries as apikeys
from app.apikeys.models import KeyScope
from app.bookings import calling_off, depositing, partnering, tabling
from app.bookings.elsewhere import Heard
from app.bookings.making import make
from app.customers.opting import set_sms_opt_in
from app.errors import AuthFailed, Conflict, Forbidden, NotFound, SlotUnavailable, WebsiteNotFound
from app.events.models import Actor
from app.extensions import csrf, db
from app.menus.queries import served
from app.payments.deposits import hold_of
from app.plain import plain
from app.staff.context import now
from app.staff.guards import public
from app.venues.loading import load
from app.venues.models import Activity, Kind, Venue
from app.venues.plan import Plan
from app.websites.models import Website


class Reference(BaseConverter):
    """A booking's reference: not one of the words that stand in its place."""

    regex = r"(?!(?:venues|availability|menu)\Z)[^/]+"


tables = Blueprint("api_tables", __name__, url_prefix="/api/table-bookings")
tables.record_once(lambda state: state.app.url_map.converters.update(reference=Reference))
csrf.exempt(tables)

GROUP = "Tables"
OPEN = "websites bring their API key"
SECURITY = ("apiKey",)
READ, WRITE = KeyScope.READ_TABLES, KeyScope.WRITE_TABLES
NO_KEY = (AuthFailed, Forbidden, WebsiteNotFound)
REFUSALS = (*NO_KEY, NotFound, Conflict, SlotUnavailable)


@dataclass(kw_only=True)
class Call(LoggedCall):
    """A call, and for which website it is made."""

    website: Website

    @property
    def actor(self) -> Actor:
        """The website, as the log knows it."""
        return auth.website_actor(self.website)


def _admitted(scope: KeyScope) -> tuple[Website, str]:
    """The website that calls, and the visible beginning of its key."""
    found = auth.caller()
    limits.spend_key(found.key.id)
    website = auth.admit(found, scope)
    apikeys.touch(db.session(), found.key, datetime.now(UTC))
    return website, found.key.prefix


def _reading(read: Callable[[Website], dict[str, Any]]) -> Response:
    website, _ = _admitted(READ)
    body = read(website)
    db.session.commit()  # the key was used
    return logged.answer(200, body)


def _changing(event: str, make: Callable[[Call], Answer]) -> Response:
    return logged.changing(_call(event), make)


def _call(event: str) -> Call:
    website, prefix = _admitted(WRITE)
    shown = {"X-API-Key": f"{prefix}…"}
    return Call(event, website.door, shown, website_id=website.id, website=website)


@tables.get("/venues")
@public(OPEN)
@describes(GROUP, answers={200: TableVenuesAnswer}, errors=NO_KEY, security=SECURITY)
def list_table_venues() -> Response:
    """Your restaurants, with the tables they offer and the rules for who cancels."""
    return _reading(_venues)


def _venues(website: Website) -> dict[str, Any]:
    session, today = db.session(), now().date()
    mine = select(Venue.id).where(Venue.website_id == website.id, Venue.is_active)
    sold = mine.join(Activity, Activity.venue_id == Venue.id).where(
        Activity.kind == Kind.TABLE, Activity.is_active
    )
    plans = load(session, set(session.scalars(sold)), today, today)
    return {"success": True, "venues": [venue_json(plan) for plan in plans]}


@tables.get("/availability")
@public(OPEN)
@describes(
    GROUP,
    answers={200: TableTimesAnswer},
    query=TableTimesQuery,
    errors=(*NO_KEY, NotFound),
    security=SECURITY,
)
def show_table_times() -> Response:
    """When a party can sit down on a day: within the kitchen's hours, with room for all of it for
    as long as it stays. Where the venue sells through booking platforms too: what is free here and
    there. If none of them answers, `confirmable` is false unless the venue sells without them."""
    return _reading(_times)


def _times(website: Website) -> dict[str, Any]:
    query = read_query(TableTimesQuery)
    plan = _plan(website, query.venue_id, query.date)
    offers = tabling.tables(plan, query.booking_type)
    told = times_json(plan, query.date, query.party_size, offers, now())
    return narrowed(website, query.venue_id, query.date, told)


@tables.get("/menu")
@public(OPEN)
@describes(
    GROUP, answers={200: MenuAnswer}, query=MenuQuery, errors=(*NO_KEY, NotFound), security=SECURITY
)
def show_table_menu() -> Response:
    """What guests can choose for a day."""
    return _reading(_menu)


def _menu(website: Website) -> dict[str, Any]:
    query = read_query(MenuQuery)
    plan = _plan(website, query.venue_id, query.date)
    found = served(db.session(), query.venue_id, query.date, query.booking_type)
    return menu_json(plan, query.date, found)


@tables.post("")
@public(OPEN)
@describes(
    GROUP,
    answers={201: TableAnswer},
    body=NewTable,
    errors=REFUSALS,
    security=SECURITY,
    repeatable=True,
    examples=examples.TABLE,
)
def book_table() -> Response:
    """Book a table. Where a deposit is due the booking is `pending`, its table is kept until
    `payment.expires_at`, and it counts once the guest has paid at `payment.url`. Where `notice`
    says `CANNOT_CONFIRM_NOW` it is `pending` until the venue confirms it, and nothing is paid yet.

    409 SLOT_UNAVAILABLE when there is no room; 400 names every dish that cannot be had.
    """
    call = _call("booking.created")
    heard = heard_for_booking(call.website)
    return logged.changing(call, lambda call: _book(call, heard))


def _book(call: Call, heard: Heard) -> Answer:
    session, body, moment = db.session(), read_body(NewTable), now()
    plan = _plan(call.website, body.venue_id, body.date)
    offer = tabling.offer_for(
        *(plan, body.date, body.time, body.party_size, moment),
        booking_type=body.booking_type,
        activity_id=body.activity_id,
    )
    demand_free(heard, body.time)
    hold = None
    if heard.confirmable:
        hold = hold_of(session, call.website.id, offer.activity, body.party_size, moment)
    wish = wish_of(call.website, offer.activity, body, hold, heard)
    booking = make(session, call.actor, call.website, wish)
    if hold is not None:
        depositing.ask_deposit(session, call.actor, booking, moment)
    if body.customer.sms_opt_in is not None:
        _opt_in(session, call, booking.customer_id, body.customer.sms_opt_in)
    call.booking_id = booking.id
    return 201, answer_json(session, booking, moment)


def _opt_in(session: Session, call: Call, customer_id: UUID, wanted: bool) -> None:
    set_sms_opt_in(session, call.actor, customer_id, wanted, website_id=call.website.id)


@tables.get("/<reference:reference>")
@public(OPEN)
@describes(GROUP, answers={200: TableAnswer}, errors=(*NO_KEY, NotFound), security=SECURITY)
def get_table_booking(reference: str) -> Response:
    """A table booking by its reference."""

    def read(website: Website) -> dict[str, Any]:
        session = db.session()
        return answer_json(session, tabling.get(session, website.id, reference), now())

    return _reading(read)


@tables.put("/<reference:reference>")
@public(OPEN)
@describes(
    GROUP,
    answers={200: TableAnswer},
    body=TableChange,
    errors=REFUSALS,
    security=SECURITY,
    repeatable=True,
    examples=examples.TABLE_CHANGES,
)
def change_table_booking(reference: str) -> Response:
    """Change date, time, party, dishes or requests, all or nothing; a new date alone keeps the
    time. A deposit stays as it was asked for.

    409 CONFLICT after the venue's deadline (`changeable_until`), or when it has changed since the
    `version` given.
    """
    return _changing("booking.updated", lambda call: _change(call, reference))


def _change(call: Call, reference: str) -> Answer:
    session, body, moment = db.session(), read_body(TableChange), now()
    booking = tabling.lock(session, call.website.id, reference)
    call.booking_id = booking.id
    said = body.said()
    if body.version not in (None, booking.version):
        raise Conflict("The booking has changed since you read it.", version=booking.version)
    partnering.demand_open(session, booking, moment)
    wanted = change_of(booking, said)
    partnering.change(session, call.actor, booking, wanted, moment)
    return 200, answer_json(session, booking, moment)


@tables.delete("/<reference:reference>")
@public(OPEN)
@describes(
    GROUP,
    answers={200: TableCancelled},
    query=TableCancellation,
    errors=(*NO_KEY, NotFound, Conflict),
    security=SECURITY,
    repeatable=True,
)
def cancel_table_booking(reference: str) -> Response:
    """Cancel a booking until it begins; its table is free again at once. Again: nothing happens.

    Of what was paid all goes back until `changeable_until`, later the venue's
    `late_refund_percent`.
    """
    return _changing("booking.cancelled", lambda call: _cancel(call, reference))


def _cancel(call: Call, reference: str) -> Answer:
    reason, session, moment = read_query(TableCancellation).reason, db.session(), now()
    booking = tabling.lock(session, call.website.id, reference)
    call.booking_id = booking.id
    due = calling_off.cancel(session, call.actor, booking, reason or None, moment)
    return 200, {**answer_json(session, booking, moment), "refund": plain(due)}


def _plan(website: Website, venue_id: UUID, day: date) -> Plan:
    """One of the website's venues as it is planned over a day. Raises NotFound."""
    session = db.session()
    venue = session.get(Venue, venue_id)
    if venue is None or venue.website_id != website.id or not venue.is_active:
        raise NotFound("There is no such venue.")
    (plan,) = load(session, [venue_id], day, day)
    return plan
