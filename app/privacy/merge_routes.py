"""Pages that merge two records of one person, and undo it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request, url_for

from app.customers.models import Customer
from app.customers.snapshots import CHOICES
from app.errors import Conflict
from app.extensions import db
from app.privacy import merging, people, profile, queries
from app.privacy.people import Wanted
from app.staff.context import current_actor, current_scope, now
from app.staff.guards import requires
from app.staff.permissions import Permission
from app.web import go, page, say
from app.websites.context import visible_websites, zone_of

merges = Blueprint("merges", __name__)

VIEW = Permission.CUSTOMERS_VIEW
EDIT = Permission.CUSTOMERS_EDIT
LABELS = {"name": "Name", "phone": "Phone", "email": "E-mail", "language": "Language"}


@merges.get("/customers/<uuid:customer_id>/merge")
@requires(VIEW, EDIT)
def form(customer_id: UUID) -> Response:
    """Choose the other record, then what stays; shows what would move."""
    session, scope = db.session(), current_scope()
    customer = queries.demand_visible(session, scope, customer_id)
    other_id = _uuid(request.args.get("other", ""))
    if other_id is None or other_id == customer.id:
        return _choose(customer)
    return _preview(customer, queries.demand_visible(session, scope, other_id))


@merges.post("/customers/<uuid:customer_id>/merge")
@requires(VIEW, EDIT)
def merge(customer_id: UUID) -> Response:
    """Merge. A second click finds it done."""
    session, scope = db.session(), current_scope()
    customer = queries.demand_visible(session, scope, customer_id)
    other_id = _uuid(request.form.get("other", ""))
    if other_id is None:
        return _choose(customer, 422)
    take = [choice for choice in CHOICES if request.form.get(choice) == "other"]
    try:
        merging.merge(session, current_actor(), scope, customer_id, other_id, take)
    except Conflict as error:
        session.rollback()
        return _back(customer_id, error.message, "warning")
    session.commit()
    return _back(customer_id, "The two records are one now. You can undo this for 30 days.")


@merges.post("/customers/<uuid:customer_id>/merges/<uuid:merge_id>/undo")
@requires(VIEW, EDIT)
def undo(customer_id: UUID, merge_id: UUID) -> Response:
    """Take a merge back, and say what did not go back."""
    session = db.session()
    try:
        done = merging.undo(session, current_actor(), current_scope(), customer_id, merge_id, now())
    except Conflict as error:
        session.rollback()
        return _back(customer_id, error.message, "warning")
    session.commit()
    words = [f"They are two records again; {_count(done.back)} went back."]
    if done.elsewhere:
        words.append(f"{_count(done.elsewhere)} had been given to somebody else and stayed there.")
    if done.stay:
        changed = ", ".join(LABELS[each].lower() for each in CHOICES if each in done.stay)
        words.append(f"Changed since and kept as it is here: {changed}.")
    return _back(customer_id, " ".join(words), "warning" if len(words) > 1 else "success")


def _choose(customer: Customer, status: int = 200) -> Response:
    """Likely ones, and a search."""
    session, scope = db.session(), current_scope()
    q = request.args.get("q", "").strip()[:200].replace("\x00", "")
    today = now().astimezone(zone_of()).date()
    found = people.page(session, scope, Wanted(q=q), today).rows[:10] if q else []
    return page(
        "customers/merge_with.html",
        status=status,
        c=customer,
        q=q,
        found=[row.customer for row in found if row.customer.id != customer.id],
        alike=profile.alike(session, scope, customer),
    )


def _preview(kept: Customer, gone: Customer) -> Response:
    session, scope = db.session(), current_scope()
    if kept.id == gone.id:
        return _back(kept.id, "These records were merged already.", "warning")
    names = {website.id: website.name for website in visible_websites()}
    lacking = merging.lacking(session, scope, kept.id, gone.id)
    context: dict[str, Any] = {
        "c": kept,
        "other": gone,
        "choices": _choices(kept, gone),
        "gains": _gains(kept, gone),
        "moving": {} if lacking else merging.moving(session, gone.id),
        "names": names,
        "lacking": [names.get(each, "another website") for each in lacking],
    }
    return page("customers/merge.html", **context)


def _choices(kept: Customer, gone: Customer) -> list[dict[str, str]]:
    """What both records have and say differently."""
    found = []
    for choice, label in LABELS.items():
        mine, theirs = (_value(each, choice) for each in (kept, gone))
        if mine and theirs and mine != theirs:
            found.append({"name": choice, "label": label, "mine": mine, "theirs": theirs})
    return found


def _gains(kept: Customer, gone: Customer) -> list[str]:
    """What only the other one has, and the kept one takes over."""
    found = [_value(gone, choice) for choice in LABELS if not _value(kept, choice)]
    return [each for each in found if each]


def _value(customer: Customer, choice: str) -> str:
    if choice == "phone":
        return customer.phone or customer.phone_raw or ""
    return getattr(customer, choice) or ""


def _count(bookings: int) -> str:
    return f"{bookings} booking" if bookings == 1 else f"{bookings} bookings"


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _back(customer_id: UUID, said: str, tone: str = "success") -> Response:
    say(said, tone)
    return go(url_for("customers.show", customer_id=customer_id))
