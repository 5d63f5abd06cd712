"""`/api/partner/customers`: a partner's guests, as the partner described them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response

from app.api.bodies import read_body, read_query
from app.api.describing import describes
from app.api.partner.calls import GROUP, OPEN, SECURITY, Answer, Call, changing, reading
from app.api.partner.wire import customer_json
from app.api.schemas.partner import GuestBody
from app.api.schemas.partner_answers import CustomerAnswer, CustomersAnswer
from app.api.schemas.staff import PageQuery
from app.apikeys.models import KeyScope
from app.customers import of_partners
from app.errors import AuthFailed, Conflict, Forbidden, NotFound
from app.extensions import csrf, db
from app.partners.callers import PartnerCaller
from app.staff.guards import public
from app.web import bad_cursor, decode_cursor, encode_cursor
from app.websites.models import Website

customers = Blueprint("api_partner_customers", __name__, url_prefix="/api/partner/customers")
csrf.exempt(customers)


@customers.post("")
@public(OPEN)
@describes(
    GROUP,
    answers={201: CustomerAnswer},
    body=GuestBody,
    errors=(AuthFailed, Forbidden, Conflict),
    security=SECURITY,
    repeatable=True,
)
def add_customer() -> Response:
    """Describe a guest. The same phone or e-mail is the same guest."""
    return changing(KeyScope.WRITE_BOOKINGS, "customer.created", _add)


def _add(call: Call) -> Answer:
    session, partner = db.session(), call.caller.partner
    described = read_body(GuestBody).described()
    known = of_partners.keep(session, partner.id, described, region_of(call.caller))
    session.flush()
    customer = of_partners.get(session, partner.id, known.id)
    return 201, {"success": True, "customer": customer_json(customer)}


def region_of(found: PartnerCaller) -> str:
    """Where phones without a country code are read: as at the first of the partner's websites."""
    first = min(found.websites, default=None)
    website = db.session.get(Website, first) if first else None
    return website.phone_region if website else "TH"


@customers.get("")
@public(OPEN)
@describes(
    GROUP,
    answers={200: CustomersAnswer},
    query=PageQuery,
    errors=(AuthFailed, Forbidden),
    security=SECURITY,
)
def list_customers() -> Response:
    """Your guests, the newest first."""
    return reading(KeyScope.READ_BOOKINGS, _list)


def _list(found: PartnerCaller) -> dict[str, Any]:
    query = read_query(PageQuery)
    after = _cursor(query.after) if query.after else None
    rows = of_partners.page(db.session(), found.partner.id, after, query.limit)
    shown = rows[: query.limit]
    more = len(rows) > query.limit
    last = (shown[-1].created_at.isoformat(), shown[-1].customer_id) if more else None
    return {
        "success": True,
        "customers": [customer_json(row) for row in shown],
        "next": encode_cursor(last) if last else None,
    }


def _cursor(text: str) -> tuple[datetime, UUID]:
    at, customer_id = decode_cursor(text, 2)
    try:
        return datetime.fromisoformat(at), UUID(customer_id)
    except ValueError as error:
        raise bad_cursor() from error


@customers.get("/<uuid:customer_id>")
@public(OPEN)
@describes(
    GROUP,
    answers={200: CustomerAnswer},
    errors=(AuthFailed, Forbidden, NotFound),
    security=SECURITY,
)
def get_customer(customer_id: UUID) -> Response:
    """One of your guests."""

    def read(found: PartnerCaller) -> dict[str, Any]:
        customer = of_partners.get(db.session(), found.partner.id, customer_id)
        return {"success": True, "customer": customer_json(customer)}

    return reading(KeyScope.READ_BOOKINGS, read)
