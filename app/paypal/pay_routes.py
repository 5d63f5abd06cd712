"""The pages on which a guest pays. Whoever has the link may: it is signed, and names nobody."""

from __future__ import annotations

from urllib.parse import urlsplit
from uuid import UUID

from flask import Blueprint, Response, request, url_for

from app.errors import Conflict, NotFound
from app.events.models import Actor
from app.extensions import csrf, db
from app.payments import links, queries
from app.paypal import checkout
from app.paypal.checkout import Came, CannotPay
from app.paypal.client import provider
from app.paypal.paying_view import shown
from app.security import CSP
from app.staff.context import now, visitor
from app.staff.guards import public
from app.wall import lifted, open_for
from app.web import go, page

pay = Blueprint("pay", __name__)
# No session stands behind these forms: what protects them is the signed link itself.
csrf.exempt(pay)

BECAUSE = "guests pay by a signed link"
PAYPAL = "https://www.paypal.com https://www.sandbox.paypal.com"
SAID = {
    Came.NOT_APPROVED: "not_approved",
    Came.TOO_LATE: "too_late",
    Came.UNKNOWN: "checking",
}


@pay.get("/pay/<token>")
@public(BECAUSE)
def show(token: str) -> Response:
    """What is paid for, how much, how much time is left; or what became of it."""
    said = request.args.get("said", "")
    notice = "cancelled" if request.args.get("cancelled") else said
    return _page(token, _load(token), notice)


@pay.post("/pay/<token>")
@public(BECAUSE)
def begin(token: str) -> Response:
    """Make the order, and send the guest to PayPal."""
    payment_id = _load(token)
    try:
        return _safe(go(checkout.start(db.session(), _guest(), payment_id, now())))
    except (Conflict, CannotPay) as error:
        db.session.rollback()
        notice = "unavailable" if isinstance(error, CannotPay) else ""
        return _page(token, _load(token), notice, status=error.status)


@pay.get("/pay/<token>/return")
@public(BECAUSE)
def come_back(token: str) -> Response:
    """The guest comes from PayPal: take the money, then show what became of it."""
    payment_id = _load(token)
    session = db.session()
    try:
        newest = _newest(payment_id)
        came = checkout.come_back(session, _guest(), newest, now())
    except CannotPay:
        session.rollback()
        came = Came.UNKNOWN
    session.commit()
    return _safe(go(url_for("pay.show", token=token, said=SAID.get(came))))


def _load(token: str) -> UUID:
    """The payment of a link; its website's rows are open afterwards. Raises NotFound."""
    session, payment_id = db.session(), links.read(token)
    website_id = None
    if payment_id is not None:
        with lifted(session):
            website_id = queries.website_of(session, payment_id)
    if payment_id is None or website_id is None:
        raise NotFound("This link does not lead to a payment.")
    open_for(session, frozenset({website_id}))
    return payment_id


def _newest(payment_id: UUID) -> UUID:
    """The attempt that is under way: the order that PayPal names, if it is one of this booking."""
    order_id = request.args.get("token", "")
    found = queries.of_same_booking(db.session(), payment_id)
    named = next((each for each in found if order_id and each.order_id == order_id), None)
    return named.id if named else payment_id


def _guest() -> Actor:
    here = visitor()
    return Actor(
        kind="customer",
        id="guest",
        label="Guest",
        door="payment page",
        request_id=here.request_id,
        ip=here.ip,
    )


def _page(token: str, payment_id: UUID, notice: str, status: int = 200) -> Response:
    view = shown(db.session(), payment_id, now())
    return _safe(
        page("payments/pay.html", None, status, view=view, token=token, notice=notice, now=now())
    )


def _safe(response: Response) -> Response:
    """The form leads to PayPal, and the address stays between the guest and us."""
    base = urlsplit(provider.base(live=True))
    origins = f"{base.scheme}://{base.netloc}" if provider.is_elsewhere else PAYPAL
    response.headers["Content-Security-Policy"] = CSP.replace(
        "form-action 'self'", f"form-action 'self' {origins}"
    )
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
