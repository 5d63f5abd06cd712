"""Pages of one's own sign-in: the password, and 2-step sign-in with its recovery codes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import segno
from flask import Blueprint, Response, url_for
from markupsafe import Markup

from app.errors import AuthFailed, InvalidPayload, RateLimited
from app.extensions import db
from app.forms import text
from app.staff import actions, two_step
from app.staff.context import current_actor, current_person, current_session, now, visitor
from app.staff.forms import CodeForm, PasswordForm, ProofForm
from app.staff.guards import before_two_step, signed_in
from app.staff.models import User
from app.staff.routes import refused
from app.staff.signing_in import prove
from app.web import go, page, say

account = Blueprint("account", __name__)

JUST_NOW = timedelta(minutes=10)
"""Who signed in this recently need not prove again who they are, to set up 2-step sign-in."""


@account.route("/profile/password", methods=["GET", "POST"])
@signed_in
def password() -> Response:
    """Change one's own password; all other sessions end."""
    form = PasswordForm()
    if not form.validate_on_submit():
        return page("staff/password.html", form=form, status=422 if form.is_submitted() else 200)
    person, keep = current_person(), current_session().id
    try:
        prove(db.session(), person, form.current.data or "", visitor(), now())
        actions.set_password(db.session(), current_actor(), person, form.password.data or "", keep)
    except InvalidPayload as error:
        db.session.rollback()
        return refused("staff/password.html", form, error)
    except (AuthFailed, RateLimited) as error:
        db.session.commit()  # the failure counts
        return refused("staff/password.html", form, error)
    db.session.commit()
    say("Your password is changed. All other devices are signed out.")
    return go(url_for("staff.profile"))


@account.get("/profile/two-step")
@before_two_step
@signed_in
def two_step_page() -> Response:
    """Whether it is on; the QR code while it is being set up."""
    return page("staff/two_step.html", form=ProofForm(), **_state(current_person()))


@account.post("/profile/two-step/start")
@before_two_step
@signed_in
def start() -> Response:
    """Make a secret for the app."""
    person = current_person()
    if not _signed_in_just_now() and (answer := _ask_password(person)):
        return answer
    two_step.start(db.session(), person)
    db.session.commit()
    return go(url_for("account.two_step_page"))


@account.post("/profile/two-step/confirm")
@before_two_step
@signed_in
def confirm() -> Response:
    """The first code: it is on from now."""
    person, form = current_person(), CodeForm()
    state = _state(person)
    if not form.validate():
        state["code_form"] = form
        return page("staff/two_step.html", status=422, form=ProofForm(), **state)
    keep = current_session().id
    try:
        codes = two_step.confirm(
            db.session(), current_actor(), person, text(form.code), now(), keep
        )
    except InvalidPayload as error:
        form.take(error)
        state["code_form"] = form
        return page("staff/two_step.html", status=422, form=ProofForm(), **state)
    db.session.commit()
    return page("staff/recovery_codes.html", codes=codes)


@account.post("/profile/two-step/codes")
@signed_in
def renew_codes() -> Response:
    """A new set of recovery codes, shown once."""
    person = current_person()
    if answer := _ask_password(person):
        return answer
    codes = two_step.renew_codes(db.session(), current_actor(), person)
    db.session.commit()
    return page("staff/recovery_codes.html", codes=codes)


@account.post("/profile/two-step/off")
@signed_in
def switch_off() -> Response:
    """Back to the password alone."""
    person = current_person()
    if answer := _ask_password(person):
        return answer
    two_step.switch_off(db.session(), current_actor(), person)
    db.session.commit()
    say("2-step sign-in is off.")
    return go(url_for("account.two_step_page"))


def _signed_in_just_now() -> bool:
    return now() - current_session().created_at < JUST_NOW


def _ask_password(person: User) -> Response | None:
    """None when the password is right, else the page that says what is wrong."""
    form, state = ProofForm(), _state(person)
    if not form.validate():
        return page("staff/two_step.html", status=422, form=form, **state)
    try:
        prove(db.session(), person, form.current.data or "", visitor(), now())
    except (AuthFailed, RateLimited) as error:
        db.session.commit()  # the failure counts
        return refused("staff/two_step.html", form, error, **state)
    return None


def _state(person: User) -> dict[str, Any]:
    """What the page shows. Read before anything is committed."""
    is_on = person.has_two_step
    pending = person.totp_secret is not None and not is_on
    return {
        "code_form": CodeForm(),
        "since": person.two_step_since,
        "required": person.needs_two_step,
        "ask_password": not _signed_in_just_now(),
        "codes_left": two_step.codes_left(db.session(), person.id) if is_on else 0,
        "secret": person.totp_secret if pending else None,
        "qr": _qr(two_step.uri(person)) if pending else None,
    }


def _qr(content: str) -> Markup:
    """An inline SVG without a style attribute; dark on light in both themes, as cameras want it."""
    code = segno.make(content, error="m")
    drawing = code.svg_inline(scale=5, border=4, dark="#000", light="#fff")
    return Markup(drawing)  # noqa: S704 (drawn here; nothing of the content is text in it)
