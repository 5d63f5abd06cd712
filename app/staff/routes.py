"""Pages of the staff door: sign in and out, the first superadmin, one's own devices."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from flask import Blueprint, Response, request, url_for
from flask_login import current_user

from app.errors import AuthFailed, HubError, InvalidPayload, NotFound, RateLimited
from app.extensions import db
from app.forms import Form, text
from app.staff import actions, identity, queries, signing_in, two_step
from app.staff.context import (
    current_actor,
    current_person,
    current_session,
    now,
    visitor,
)
from app.staff.devices import describe
from app.staff.forms import CodeForm, FirstAdminForm, LoginForm
from app.staff.guards import before_two_step, public, signed_in, while_viewing
from app.staff.signing_in import CodeNeeded, SignInEnded
from app.web import go, page, say

staff = Blueprint("staff", __name__)


@staff.get("/login")
@public("the way in")
def login() -> Response:
    """Ask who it is."""
    if current_user.is_authenticated:
        return go(local_path(request.args.get("next")))
    return page("staff/login.html", form=LoginForm(next=request.args.get("next", "")))


@staff.post("/login")
@public("the way in")
def sign_in() -> Response:
    """Check the password."""
    form = LoginForm()
    if not form.validate():
        return page("staff/login.html", form=form, status=422)
    target = local_path(form.next.data)
    try:
        done = signing_in.sign_in(
            db.session(),
            text(form.email),
            form.password.data or "",
            visitor(),
            identity.browser_lifetime(),
            now(),
        )
    except (AuthFailed, RateLimited) as error:
        db.session.commit()  # the failure counts
        return refused("staff/login.html", form, error)
    if isinstance(done, CodeNeeded):
        identity.wait_for_code(done.token, target)
        target = url_for("staff.code")
    else:
        identity.remember(done)
    db.session.commit()
    return go(target)


@staff.route("/login/code", methods=["GET", "POST"])
@public("the second step of the way in: whoever gets here has typed the password")
def code() -> Response:
    """Check the code of 2-step sign-in."""
    token, target = identity.waiting()
    form = CodeForm()
    if not token:
        return go(url_for("staff.login"))
    if not form.validate_on_submit():
        return page("staff/code.html", form=form, status=422 if form.is_submitted() else 200)
    lifetime = identity.browser_lifetime()
    try:
        signed = signing_in.sign_in_with_code(
            db.session(), token, text(form.code), visitor(), lifetime, now()
        )
    except SignInEnded as error:
        identity.forget()
        say(error.message, "warning")
        return go(url_for("staff.login"))
    except (AuthFailed, RateLimited) as error:
        db.session.commit()  # the failure counts
        return refused("staff/code.html", form, error)
    identity.remember(signed)
    db.session.commit()
    return go(local_path(target))


def refused(template: str, form: Form, error: HubError, **context: Any) -> Response:
    """The form again, with what was wrong; and when to try again, if that has to wait."""
    form.take(error)
    limited = isinstance(error, RateLimited)
    response = page(template, form=form, status=error.status if limited else 422, **context)
    if isinstance(error, RateLimited):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


@staff.post("/logout")
@while_viewing
@before_two_step
@signed_in
def logout() -> Response:
    """Sign this browser out."""
    actions.sign_out(db.session(), current_actor(), current_session())
    db.session.commit()
    identity.forget()
    return go(url_for("staff.login"))


@staff.route("/setup/<token>", methods=["GET", "POST"])
@public("its one-time link is the key, and works only while nobody exists")
def setup(token: str) -> Response:
    """Make the first superadmin."""
    if not queries.working_link(db.session(), token, actions.FIRST_ADMIN, now()):
        raise NotFound("This link does not work any more.")
    form = FirstAdminForm()
    if not form.validate_on_submit():
        return page("staff/setup.html", form=form, status=422 if form.is_submitted() else 200)
    try:
        user = actions.redeem_first_admin_link(
            db.session(), token, text(form.email), text(form.name), form.password.data or "", now()
        )
    except InvalidPayload as error:
        db.session.rollback()
        return refused("staff/setup.html", form, error)
    lifetime = identity.browser_lifetime()
    signed = actions.open_session(db.session(), user, visitor(), lifetime, now())
    identity.remember(signed)
    db.session.commit()
    return go("/")


@staff.get("/profile")
@signed_in
def profile() -> Response:
    """One's own account: how and where one is signed in."""
    person, here = current_person(), current_session().id
    devices = queries.devices_of(db.session(), person.id, now())
    left = two_step.codes_left(db.session(), person.id) if person.has_two_step else 0
    return page(
        "staff/profile.html", devices=devices, here=here, describe=describe, codes_left=left
    )


@staff.post("/profile/devices/<uuid:session_id>/end")
@signed_in
def end_device(session_id: UUID) -> Response:
    """Sign one device out."""
    actions.end_session(db.session(), current_actor(), current_person(), session_id)
    db.session.commit()
    say("That device is signed out.")
    return go(url_for("staff.profile"))


@staff.post("/profile/devices/end-others")
@signed_in
def end_other_devices() -> Response:
    """Sign out everywhere but here."""
    keep = current_session().id
    actions.end_sessions(db.session(), current_actor(), current_person(), keep)
    db.session.commit()
    say("All other devices are signed out.")
    return go(url_for("staff.profile"))


def local_path(target: str | None) -> str:
    """`target` if it is a path of ours, else the desk: nobody is led away by a link."""
    if not target or not target.startswith("/"):
        return "/"
    if any(ord(letter) < 32 or letter == "\\" for letter in target):
        return "/"
    parts = urlsplit(target)
    return "/" if parts.scheme or parts.netloc else target
