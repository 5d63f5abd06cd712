"""The portal: what people of a partner see. Everything is read only."""

from __future__ import annotations

from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, request

from app.apikeys import queries as apikeys
from app.apikeys.owner import Owner
from app.bookings.status import Status
from app.customers.queries import data_keys
from app.events import queries as events
from app.extensions import db
from app.partners import commission as rule
from app.portal import history, queries
from app.portal.context import current_side
from app.portal.queries import Wanted
from app.staff.context import now
from app.staff.guards import partners_person
from app.statements.papers import paper, sheet
from app.statements.statement import BASES, Reader
from app.statements.statement import statement as owed
from app.web import page

portal = Blueprint("portal", __name__, url_prefix="/portal")

FILES = {"csv": (sheet, "text/csv"), "pdf": (paper, "application/pdf")}
STATUSES = [(status.value, status.label) for status in Status]
MONTHS_BACK = 24


@portal.get("")
@partners_person
def index() -> Response:
    """The partner's bookings; for htmx the list alone, or its next rows."""
    session, side = db.session(), current_side()
    wanted = _wanted()
    found = queries.bookings(session, side, wanted, request.args.get("after", ""))
    rows_only = request.headers.get("HX-Target") == "more"
    return page(
        "portal/index.html",
        "portal/_rows.html" if rows_only else "portal/_list.html",
        rows=found.rows,
        next=found.next,
        wanted=wanted,
        args={name: value for name, value in request.args.items() if name != "after" and value},
        names=queries.website_names(session, side),
        statuses=STATUSES,
        today=now().date(),
    )


@portal.get("/bookings/<uuid:booking_id>")
@partners_person
def booking(booking_id: UUID) -> Response:
    """One booking with what concerns the partner of its history."""
    session, side = db.session(), current_side()
    found = queries.booking(session, side, booking_id)
    sums = (found.status, found.total_amount, found.refunded_amount, found.commission_rate)
    name, zone = queries.website_names(session, side)[found.website_id]
    happened = events.of_booking(session, found.id)
    keys = data_keys(session, {event.customer_id for event in happened if event.customer_id})
    told = history.lines(happened, keys, found.currency, side.partner)
    return page(
        "portal/booking.html",
        b=found,
        partner=side.partner,
        website=name,
        tz=ZoneInfo(zone),
        owed=rule.owed(*sums, digits=rule.digits_of(found.currency)),
        history=told,
    )


@portal.get("/customers")
@partners_person
def customers() -> Response:
    """The guests whom the partner described."""
    found = queries.customers(db.session(), current_side(), request.args.get("after", ""))
    return page("portal/customers.html", rows=found.rows, next=found.next)


@portal.get("/commission")
@partners_person
def commission() -> Response:
    """The statement of a month: as page, CSV or PDF."""
    session, side = db.session(), current_side()
    today = now().date()
    month = _month(request.args.get("month", "")) or today.replace(day=1)
    by = request.args.get("by", "")
    asked = (side.partner, month, by if by in BASES else "booked", Reader.PARTNER)
    made = owed(session, side.scope, *asked)
    kind = request.args.get("as", "")
    if kind in FILES:
        write, mime = FILES[kind]
        answer = Response(write(made), mimetype=mime)
        name = f'attachment; filename="statement-{made.month:%Y-%m}.{kind}"'
        answer.headers["Content-Disposition"] = name
        answer.headers["Cache-Control"] = "no-store"
        return answer
    return page(
        *("portal/commission.html",), s=made, months=_months(today, month), bases=BASES.items()
    )


@portal.get("/keys")
@partners_person
def keys() -> Response:
    """The partner's keys: whoever manages it at the desk issues and revokes them."""
    side = current_side()
    found = apikeys.of_owner(db.session(), Owner(partner_id=side.partner.id))
    return page("portal/keys.html", keys=found, now=now())


@portal.get("/webhooks")
@partners_person
def webhooks() -> Response:
    """What was sent to the partner, and how it was answered."""
    session, side = db.session(), current_side()
    found = queries.webhooks(session, side, request.args.get("after", ""))
    ids = [row.booking_id for row in found.rows if row.booking_id]
    return page(
        "portal/webhooks.html",
        rows=found.rows,
        next=found.next,
        url=side.partner.webhook_url,
        references=queries.references(session, side, ids),
    )


@portal.get("/webhooks/<int:delivery_id>")
@partners_person
def webhook(delivery_id: int) -> Response:
    """One of them: each attempt with what was sent and answered."""
    found = queries.webhook(db.session(), current_side(), delivery_id)
    return page("portal/webhook.html", d=found.delivery, attempts=found.attempts)


def _wanted() -> Wanted:
    status = request.args.get("status", "")
    return Wanted(
        q=request.args.get("q", "")[:100],
        status=status if status in set(Status) else "",
        since=_day(request.args.get("since", "")),
        until=_day(request.args.get("until", "")),
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _month(text: str) -> date | None:
    """The first day of `2026-11`; None for what is no month of this century."""
    found = _day(f"{text}-01") if len(text) == 7 else None
    return found if found and 2000 <= found.year < 2100 else None


def _months(today: date, chosen: date) -> list[tuple[str, str]]:
    """Months to choose from, the latest first."""
    number = today.year * 12 + today.month
    found = {date(n // 12, n % 12 + 1, 1) for n in range(number - MONTHS_BACK, number + 1)}
    return [(f"{m:%Y-%m}", f"{m:%B %Y}") for m in sorted(found | {chosen}, reverse=True)]
