"""Pages of the customers: the list, one of them, taking along what is held, erasing."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request, url_for

from app.errors import Forbidden, InvalidPayload, WebsiteNotFound
from app.extensions import db
from app.partners import queries as partners
from app.privacy import actions, export, pages, people, profile, queries
from app.privacy.edit_routes import edits
from app.privacy.merge_routes import merges
from app.privacy.people import ONLY, Wanted
from app.privacy.queries import Person
from app.privacy.traveler_routes import kept
from app.staff.context import current_actor, current_scope, now
from app.staff.guards import requires
from app.staff.permissions import Permission
from app.web import go, page, say
from app.websites.context import visible_websites, zone_of

customers = Blueprint("customers", __name__)
customers.register_blueprint(edits)
customers.register_blueprint(merges)
customers.register_blueprint(kept)

VIEW = Permission.CUSTOMERS_VIEW
EXPORT = Permission.CUSTOMERS_EXPORT
ERASE = Permission.CUSTOMERS_ERASE


@customers.get("/customers")
@requires(VIEW)
def index() -> Response:
    """The guests of one's websites; for htmx the list alone, or its next rows."""
    args, scope = request.args, current_scope()
    wanted = Wanted(
        q=args.get("q", "").strip()[:200].replace("\x00", ""),
        only=args.get("only", "") if args.get("only", "") in ONLY else "",
        website=args.get("website", ""),
    )
    if wanted.website and not scope.can(VIEW, wanted.website):
        raise WebsiteNotFound("This website does not exist.")
    today = now().astimezone(zone_of(wanted.website)).date()
    found = people.page(db.session(), scope, wanted, today, args.get("after"))
    more = request.headers.get("HX-Target") == "more"
    return page(
        "customers/index.html",
        "customers/_people_rows.html" if more else "customers/_people.html",
        wanted=wanted,
        only=ONLY,
        rows=found.rows,
        next=found.next,
        after=args.get("after"),
        today=today,
    )


@customers.get("/customers/<uuid:customer_id>")
@requires(VIEW)
def show(customer_id: UUID) -> Response:
    """One person, and those of their bookings that this reader may see; for htmx the next ones."""
    session, scope = db.session(), current_scope()
    customer, travelers = queries.with_travelers(session, scope, customer_id)
    if customer.id != customer_id:  # merged: the old address leads on
        return go(url_for("customers.show", customer_id=customer.id))
    after = request.args.get("after")
    found = profile.bookings(session, scope, customer.id, after)
    rows: dict[str, Any] = {
        "c": customer,
        "rows": found.rows,
        "next": found.next,
        "names": {website.id: website.name for website in visible_websites()},
        "tz": zone_of(),
        "now": now(),
    }
    if request.headers.get("HX-Target") == "more":
        ids = {booking.partner_id for booking in found.rows if booking.partner_id}
        names = partners.names(session, (), ids) if ids else {}
        return page("customers/_rows.html", **rows, partners=names)
    return page("customers/show.html", **rows, **pages.around(customer, travelers), after=after)


@customers.post("/customers/<uuid:customer_id>/export")
@requires(VIEW, EXPORT)
def take_along(customer_id: UUID) -> Response:
    """What is held about this person within one's scope: as JSON, or to read. Written down."""
    session, scope = db.session(), current_scope()
    person = queries.person(session, scope, customer_id, EXPORT)
    if not person.bookings and not scope.can(EXPORT):
        raise Forbidden("You may not export what is held about this customer.")
    held = export.gather(session, scope, person, now())
    actions.note_export(session, current_actor(), person)
    session.commit()
    if request.form.get("format") == "json":
        return _download(held, customer_id)
    return page("customers/export.html", held=held, labelled=export.labelled, **_context(person))


@customers.route("/customers/<uuid:customer_id>/erase", methods=["GET", "POST"])
@requires(VIEW, ERASE)
def erase(customer_id: UUID) -> Response:
    """Ask for the name or a reference, then forget the person."""
    session, scope = db.session(), current_scope()
    person = queries.person(session, scope, customer_id)
    missing = actions.missing(session, scope, customer_id)
    context = {**_context(person), "missing": missing, "typed": "", "fault": ""}
    if request.method == "GET":
        return page("customers/erase.html", **context)
    typed = request.form.get("typed", "")[:300]
    try:
        actions.erase(session, current_actor(), scope, customer_id, typed, now())
    except InvalidPayload as error:
        session.rollback()
        context |= {"typed": typed, "fault": error.details[0].message}
        return page("customers/erase.html", status=422, **context)
    session.commit()
    say("The customer is erased. Bookings and figures stay.")
    return go(url_for("customers.show", customer_id=person.customer.id))


def _context(person: Person) -> dict[str, Any]:
    names = {website.id: website.name for website in visible_websites()}
    return {"p": person, "c": person.customer, "names": names, "tz": zone_of(), "now": now()}


def _download(held: dict[str, Any], customer_id: UUID) -> Response:
    text = json.dumps(held, ensure_ascii=False, indent=2)
    answer = Response(text, mimetype="application/json")
    answer.headers["Content-Disposition"] = f'attachment; filename="customer-{customer_id}.json"'
    answer.headers["Cache-Control"] = "no-store"
    return answer
