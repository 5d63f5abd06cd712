"""`/api/v1/customer/treks`: what there is to book. Nobody needs to sign in to look."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response

from app.api.bodies import read_query
from app.api.customer.trek_wire import batch_json, trek_json
from app.api.describing import describes
from app.api.logged import answer
from app.api.schemas.treks import BatchesAnswer, BatchQuery, TrekAnswer, TrekQuery, TreksAnswer
from app.errors import NotFound
from app.extensions import csrf, db
from app.staff.context import now
from app.staff.guards import public
from app.treks import offers

treks = Blueprint("api_customer_treks", __name__, url_prefix="/api/v1/customer/treks")
csrf.exempt(treks)

GROUP = "Customers: treks"
FOR_SALE = "what is for sale"


@treks.get("")
@public(FOR_SALE)
@describes(GROUP, answers={200: TreksAnswer}, query=TrekQuery)
def list_treks() -> Response:
    """The treks that can be booked, by name, each with its next departure with room."""
    query = read_query(TrekQuery)
    found, following = offers.page(
        *(db.session(), now()),
        q=query.q,
        venue_id=query.venue,
        after=query.after or "",
        limit=query.limit,
    )
    shown = [trek_json(trek) for trek in found]
    return answer(200, {"success": True, "treks": shown, "next": following})


@treks.get("/<uuid:trek_id>")
@public(FOR_SALE)
@describes(GROUP, answers={200: TrekAnswer}, errors=(NotFound,))
def show_trek(trek_id: UUID) -> Response:
    """One trek: what it costs, for whom it is, and the next departure with room."""
    trek = offers.get(db.session(), trek_id, now())
    return answer(200, {"success": True, "trek": trek_json(trek)})


@treks.get("/<uuid:trek_id>/batches")
@public(FOR_SALE)
@describes(GROUP, answers={200: BatchesAnswer}, query=BatchQuery, errors=(NotFound,))
def list_batches(trek_id: UUID) -> Response:
    """The departures of a trek within these dates, with the seats that are left now.

    Those without room and the closed ones are shown as well: `state` says so.
    """
    query = read_query(BatchQuery)
    trek = offers.get(db.session(), trek_id, now(), query.first, query.last)
    batches = [batch_json(each) for each in trek.batches]
    return answer(200, {"success": True, "trek": trek_json(trek), "batches": batches})
