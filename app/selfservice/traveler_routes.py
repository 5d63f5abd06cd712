"""The pages on which guests say who goes, and what guides must know of them."""

from __future__ import annotations

from uuid import UUID

from flask import Response, request

from app.errors import Conflict, Fault, InvalidPayload
from app.extensions import db
from app.selfservice import details
from app.selfservice.opening import Visit, open_link
from app.selfservice.routes import BECAUSE, back, guest, locked, my, refused
from app.selfservice.view import Typed, news
from app.staff.context import now
from app.staff.guards import public
from app.travelers.rules import LABELS
from app.web import page

__all__ = ["my"]

CHANGED = "{} changed since you opened this page. Please look at it, and save again."


@my.get("/<token>/travelers/new")
@public(BECAUSE)
def name_traveler(token: str) -> Response:
    """Name somebody of the party."""
    visit = open_link(db.session(), token, now())
    if not details.may_add(db.session(), visit, now()):
        return back(token, "")
    return _form(token, visit, None)


@my.get("/<token>/travelers/<uuid:row_id>")
@public(BECAUSE)
def tell(token: str, row_id: UUID) -> Response:
    """Give details of somebody."""
    visit = open_link(db.session(), token, now())
    if not details.may_tell(visit, now()):
        return back(token, "")
    return _form(token, visit, row_id)


@my.post("/<token>/travelers/new")
@public(BECAUSE)
def add_traveler(token: str) -> Response:
    """Keep a new one."""
    return _save(token, None)


@my.post("/<token>/travelers/<uuid:row_id>")
@public(BECAUSE)
def save_details(token: str, row_id: UUID) -> Response:
    """Keep what was typed; what was left empty stays as it is."""
    return _save(token, row_id)


def _save(token: str, row_id: UUID | None) -> Response:
    visit, session = locked(token), db.session()
    typed = Typed({name: request.form.get(name, "") for name in LABELS})
    try:
        rows = details.told(session, visit, row_id, typed.values, now())
    except InvalidPayload as error:
        typed.faults = {fault.field: _sentence(fault) for fault in error.details}
        session.rollback()
        return _form(token, open_link(session, token, now()), row_id, typed, status=422)
    except Conflict as error:
        return refused(token, error.message)
    if rows == visit.booking.travelers:
        return back(token, "same")
    if changed := news(session, visit, request.form.get("version", 0, int)):
        session.rollback()
        visit = open_link(session, token, now())
        return _form(token, visit, row_id, typed, CHANGED.format(changed), 409)
    details.keep(session, guest(visit), visit, rows, now())
    session.commit()
    return back(token, "saved")


def _sentence(fault: Fault) -> str:
    """A fault that leaves its subject out, with it: `Age must be from 0 to 120.`"""
    if fault.message.startswith(("Is ", "Must ", "Does ")):
        return f"{LABELS[fault.field]} {fault.message[0].lower()}{fault.message[1:]}"
    return fault.message


def _form(
    token: str,
    visit: Visit,
    row_id: UUID | None,
    typed: Typed | None = None,
    trouble: str = "",
    status: int = 200,
) -> Response:
    session, who = db.session(), details.person(visit, row_id) if row_id else None
    return page(
        "selfservice/traveler.html",
        status=status,
        visit=visit,
        token=token,
        who=who,
        asks_age=details.may_say_age(session, visit, who, now()),
        min_age=visit.activity.min_age if visit.activity else None,
        typed=typed or Typed(),
        trouble=trouble,
    )
