"""What the pages of the bookings show, and how a change is answered in drawer, list and page."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, make_response, request, url_for

from app.bookings import (
    amounts,
    counting,
    dining,
    listing,
    payment_pages,
    pricing,
    queries,
    timeline,
)
from app.bookings.beside import beside
from app.bookings.fields import values_of
from app.bookings.filters import Filters
from app.bookings.forms import NotesForm
from app.bookings.listview import ONLY, RANGES, SOURCES, TABS, ListView
from app.bookings.models import Booking
from app.bookings.moves import CANCEL, offered
from app.bookings.origins import origins
from app.bookings.searching import looked_up
from app.bookings.status import Status
from app.bookings.wording import TABLE_TYPES, city, long_day, transport
from app.customers import queries as customers
from app.customers.phones import to_e164
from app.deliveries import status as deliveries
from app.errors import Conflict
from app.events import queries as events
from app.extensions import db
from app.partners import commission
from app.partners import queries as partners
from app.partners.models import Relation
from app.staff.context import current_scope, now
from app.staff.permissions import Permission
from app.venues.queries import last_day_of
from app.web import go, page, say, toast, trigger, wants_fragment
from app.websites.context import visible_websites

DRAWER = "drawer-content"
PAGE_ROWS, MOST_ROWS = 50, 200
MOST_NEW = 20
CHOICES = {
    "when": [(name, label) for name, label in RANGES.items() if name != "upcoming"],
    "source": list(SOURCES.items()),
    "only": list(ONLY.items()),
}


def list_page(view: ListView, after: str | None) -> dict[str, Any]:
    """The rows of a list. A search that finds nothing to come looks at all dates by itself."""
    session, scope = db.session(), current_scope()
    limit = max(PAGE_ROWS, min(request.args.get("rows", 0, int), MOST_ROWS))
    asked, wide = looked_up(session, view.filters()), view
    found = listing.page(session, scope, asked, after, limit)
    if not found.rows and view.q and view.range == "upcoming" and not after:
        wide = view.but(when="all")
        asked = replace(wide.filters(), found=asked.found)
        found = listing.page(session, scope, asked, after, limit)
    arrived = ids_of(request.args.get("new", "").split(","))
    there = {booking.id for booking in found.rows}
    pinned = listing.among(session, scope, arrived - there, view.filters())
    rows = [*found.rows, *pinned]
    return {
        "view": view,
        "shown": wide,
        "asked": asked,
        "rows": found.rows,
        "next": found.next,
        "after": after,
        "arrived": arrived,
        "pinned": pinned,
        "websites_by_id": {website.id: website for website in visible_websites()},
        "tabs": TABS,
        "choices": CHOICES,
        **whose(view, rows),
        "origins": origins.names(session, rows),
    }


def whose(view: ListView, rows: Sequence[Booking]) -> dict[str, Any]:
    """Names of partners and venues: for badges, and to choose from."""
    session, scope = db.session(), current_scope()
    mine = listing.visible_websites(scope, view.website or None)
    partner_ids = {booking.partner_id for booking in rows if booking.partner_id}
    found = partners.names(session, mine, partner_ids)
    places = [p for p in partners.places(session, scope, Permission.BOOKINGS_VIEW)
              if mine is None or p.website_id in mine]  # fmt: skip
    venues = {place.venue_id: place.venue for place in places}
    return {
        "partner_names": found,
        "partner_choices": list(found.items()),
        "venue_choices": list(venues.items()),
        "names": {str(each): name for each, name in [*found.items(), *venues.items()]},
    }


def tab_counts(view: ListView, asked: Filters | None = None) -> dict[str, int | None]:
    """How many bookings each tab holds, and the list itself where it has no tab.

    `asked`: the list's filters, where its search was looked up already.
    """
    names = list(dict.fromkeys([*TABS, view.status]))
    if asked and asked.q and asked.found is None:  # so common that counting takes too long
        return dict.fromkeys(names)
    hits = asked.found if asked else None
    lists = [replace(view.but(status=name).filters(), found=hits) for name in names]
    counts = counting.counts_up_to(db.session(), current_scope(), lists)
    return dict(zip(names, counts, strict=True))


def changes_page(view: ListView, rows: Sequence[Booking]) -> dict[str, Any]:
    """What these rows of a list that is open need around them."""
    partner_ids = {booking.partner_id for booking in rows if booking.partner_id}
    found = partners.names(db.session(), (), partner_ids) if partner_ids else {}
    names = {website.id: website for website in visible_websites()}
    counts = tab_counts(view)
    context = {"view": view, "shown": view, "counts": counts, "tabs": TABS}
    of = {"partner_names": found, "origins": origins.names(db.session(), rows)}
    return {**context, "rows": rows, "websites_by_id": names, **of}


def ids_of(texts: Collection[str]) -> set[UUID]:
    """Booking ids from an address; what is none is left out."""
    found = set()
    for text in list(texts)[:MOST_NEW]:
        try:
            found.add(UUID(text))
        except ValueError:
            continue
    return found


def booking_page(
    booking_id: UUID, notes: NotesForm | None = None, status: int = 200, **more: Any
) -> Response:
    """One booking with its history."""
    booking = queries.get(db.session(), current_scope(), booking_id)
    around = queries.around(db.session(), booking)
    buttons = offered(booking, current_scope())
    context = {
        "b": booking,
        "sold_by": around.website,
        "moves": [move for move in buttons if move is not CANCEL],
        "cancel": CANCEL if CANCEL in buttons else None,
        "may_edit": current_scope().can(Permission.BOOKINGS_EDIT, booking.website_id),
        "notes": notes or NotesForm(formdata=None),
        "history": _history(booking),
        "now": now(),
        "sees_amounts": amounts.may_see(current_scope(), booking.website_id),
        "partner": _partner(booking),
        "odd_total": pricing.hint(values_of(booking), booking.currency),
        "fares": pricing.fares(values_of(booking)),
        "long_day": long_day,
        "city": city,
        "transport": transport,
        "table_types": TABLE_TYPES,
        "dishes_missing": dining.mains_missing(db.session(), booking),
        "website_action": url_for("bookings.index"),
        **beside.told(db.session(), current_scope(), booking),
        **more,
    }
    if context["sees_amounts"]:
        context["payments"] = payment_pages.panel(db.session(), current_scope(), booking, now())
    website = around.website
    context["tz"] = ZoneInfo((around.venue or website).timezone)
    until = last_day_of(db.session(), booking.departure_id) if booking.departure_id else None
    context["until"] = until if until and until > booking.activity_date else None
    context["phone_link"] = _dial(booking, website.phone_region)
    return page("bookings/show.html", "bookings/_drawer.html", status=status, **context)


def _partner(booking: Booking) -> dict[str, Any] | None:
    """Whose booking it is, and what that costs; None for a booking of one's own."""
    if booking.partner_id is None:
        return None
    session, scope = db.session(), current_scope()
    digits = commission.digits_of(booking.currency)
    sums = (booking.total_amount, booking.refunded_amount, booking.commission_rate)
    seen = partners.sees(scope, partners.websites_of(session, booking.partner_id))
    return {
        "id": booking.partner_id,
        "name": partners.name_of(session, booking.partner_id),
        "is_seen": seen,
        "relation": Relation(booking.payment_relation) if booking.payment_relation else None,
        "owed": commission.owed(booking.status, *sums, digits=digits),
    }


def _dial(booking: Booking, region: str) -> str:
    """What a telephone dials: the number in full where it parses, else its digits."""
    raw = booking.customer_phone or ""
    full = to_e164(raw, booking.customer_country_code, region)
    return full or re.sub(r"[^\d+]", "", raw)


def _history(booking: Booking) -> list[dict[str, Any]]:
    session = db.session()
    found = events.of_booking(session, booking.id)
    trips = deliveries.trips(session, [event.id for event in found])
    waiting = queries.undispatched(session, booking.id)
    linked = current_scope().can(Permission.SYNC_VIEW, booking.website_id)
    people = {booking.customer_id, *(event.customer_id for event in found if event.customer_id)}
    keys = customers.data_keys(session, people)
    sent = timeline.sent(trips, waiting, linked=linked)
    sees = amounts.may_see(current_scope(), booking.website_id)
    return timeline.lines(found, keys, booking.currency, sent, amounts=sees)


def notes_clash(booking_id: UUID, form: NotesForm, error: Conflict) -> Response:
    """Show whose notes are there now, and keep what was typed."""
    session = db.session()
    booking = queries.get(session, current_scope(), booking_id)
    since = queries.changed_since(session, booking, form.read_at).get("admin_notes")
    form.version.data, form.version.raw_data = booking.version, None
    form.before.data = booking.admin_notes or ""
    return booking_page(booking_id, form, status=422, notes_since=since)


def after_change(
    booking_id: UUID, said: str, tone: str = "success", undo: str | None = None
) -> Response:
    """Answer a change: the drawer anew, or word that the booking changed, or its page."""
    button = {"url": undo, "label": "Undo"} if undo else None
    if not wants_fragment():
        say(said, tone, button)
        return back_to(booking_id)
    in_drawer = request.headers.get("HX-Target") == DRAWER
    answer = booking_page(booking_id) if in_drawer else make_response("", 204)
    trigger(answer, "booking-changed", {"id": str(booking_id)})
    return toast(answer, said, tone, button)


def no_room(booking_id: UUID, to: Status, why: str) -> Response:
    """A move that needs a place which is gone: what to do now."""
    if wants_fragment() and request.headers.get("HX-Target") != DRAWER:
        words = f"{why} Open the booking and choose another time first."
        return toast(make_response("", 204), words, "warning")
    return booking_page(booking_id, status=422, no_room={"why": why, "to": to.value})


def back_to(booking_id: UUID) -> Response:
    """To where a plain form came from: Today, or the booking's page."""
    there = request.form.get("next", "")
    if there.startswith("/today"):
        return go(there)
    return go(url_for("bookings.show", booking_id=booking_id))
