"""Pages that correct whom a guest keeps as a traveler, or remove them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request

from app.customers.models import Customer
from app.errors import Conflict, Fault, InvalidPayload
from app.extensions import db
from app.plain import plain
from app.privacy import people
from app.privacy.edit_routes import EDIT, VIEW, back, editable, region_of
from app.staff.context import current_actor, current_scope, now
from app.staff.guards import requires
from app.staff.permissions import Permission
from app.staff.scope import Scope
from app.travelers import actions, queries, rules
from app.travelers.models import Traveler
from app.web import page
from app.websites.context import zone_of

kept = Blueprint("kept", __name__, url_prefix="/customers/<uuid:customer_id>/travelers")

HEALTH = Permission.CUSTOMERS_HEALTH
NOT_SAVED = "The traveler cannot be kept like this."


@kept.get("/<uuid:traveler_id>")
@requires(VIEW, EDIT)
def form(customer_id: UUID, traveler_id: UUID) -> Response:
    """What is kept of one of them."""
    customer = editable(customer_id)
    traveler = queries.get(db.session(), customer.id, traveler_id)
    return _form(customer, traveler, shown(traveler))


@kept.post("/<uuid:traveler_id>")
@requires(VIEW, EDIT)
def save(customer_id: UUID, traveler_id: UUID) -> Response:
    """Keep what was corrected; bookings stay as they are."""
    session, customer = db.session(), editable(customer_id)
    traveler = queries.get(session, customer.id, traveler_id, lock=True)
    before = shown(traveler)
    typed = {name: _line(request.form.get(name, old)) for name, old in before.items()}
    if not sees_health(current_scope(), customer):
        typed["medical_notes"] = before["medical_notes"]
    if request.form.get("read") != _mark(traveler):
        said = "Somebody changed this traveler meanwhile. What you typed is still here: save again."
        return _form(customer, traveler, typed, Conflict(said))
    try:
        values = _read({name: each for name, each in typed.items() if each != before[name]})
        who = current_actor(), customer.id, traveler_id
        actions.change(session, *who, values, now(), region_of(customer))
    except InvalidPayload as error:
        session.rollback()
        return _form(customer, queries.get(session, customer.id, traveler_id), typed, error)
    session.commit()
    return back(customer.id, "Saved." if values else "Nothing was changed.")


@kept.post("/<uuid:traveler_id>/remove")
@requires(VIEW, EDIT)
def remove(customer_id: UUID, traveler_id: UUID) -> Response:
    """Offer somebody no more."""
    session, customer = db.session(), editable(customer_id)
    actions.remove(session, current_actor(), customer.id, traveler_id, now())
    session.commit()
    return back(customer.id, "Removed. Bookings keep who travels with them.")


def sees_health(scope: Scope, customer: Customer) -> bool:
    """Profiles are of no website: medical notes show to who may see them at one of the guest's."""
    if scope.can(HEALTH):
        return True
    if not scope.can_somewhere(HEALTH):
        return False
    today = now().astimezone(zone_of()).date()
    found = people.figures(db.session(), scope, [customer.id], today).get(customer.id)
    return any(scope.can(HEALTH, each) for each in (found.websites if found else ()))


def shown(traveler: Traveler) -> dict[str, str]:
    """The fields as the form shows them: the age of today, where no date of birth tells it."""
    said = {name: plain(getattr(traveler, name)) for name in rules.FIELDS}
    if traveler.birth_date is None:
        today = now().astimezone(zone_of()).date()
        said["age"] = rules.age_on(None, traveler.age, traveler.age_on, today)
    return {name: "" if value is None else str(value) for name, value in said.items()}


def _line(text: str) -> str:
    """Without the ends of lines that browsers send."""
    return text.replace("\r\n", "\n").strip()


def _read(typed: Mapping[str, str]) -> dict[str, Any]:
    """In the types of the columns. Raises InvalidPayload."""
    said: dict[str, Any] = {name: value or None for name, value in typed.items()}
    faults = []
    if age := typed.get("age"):
        if age.isascii() and age.isdecimal() and len(age) < 4:
            said["age"] = int(age)
        else:
            faults.append(Fault("age", "Type a whole number of years."))
    if birth := typed.get("birth_date"):
        try:
            said["birth_date"] = date.fromisoformat(birth)
        except ValueError:
            faults.append(Fault("birth_date", "Is not a date."))
    if faults:
        raise InvalidPayload(NOT_SAVED, faults)
    return said


def _mark(traveler: Traveler) -> str:
    changed: datetime = traveler.updated_at
    return changed.isoformat()


def _form(
    customer: Customer,
    traveler: Traveler,
    values: Mapping[str, str],
    error: InvalidPayload | Conflict | None = None,
) -> Response:
    wrong = {each.field: each.message for each in (error.details if error else [])}
    faults: list[tuple[str | None, str]] = [
        (name, f"{rules.LABELS.get(name or '', '')}: {words}") for name, words in wrong.items()
    ]
    if error and not faults:
        faults = [(None, error.message)]
    return page(
        "customers/traveler.html",
        status=422 if error else 200,
        c=customer,
        t=traveler,
        values=values,
        read=_mark(traveler),
        wrong=wrong,
        faults=faults,
        labels=rules.LABELS,
        genders=[("", "Not said"), *rules.GENDERS.items()],
        sees_health=sees_health(current_scope(), customer),
    )
