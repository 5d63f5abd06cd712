"""Pages of the staff door: sign in and out, the first superadmin, one's own account."""

from __future__ import annotations

from urllib.parse import urlsplit
from uuid import UUID

from flask import Blueprint, Response, request, url_for
from flask_login import current_user

from app.errors import AuthFailed, HubError, NotFound, RateLimited
from app.extensions import db
from app.forms import text
from app.staff import actions, identity, queries
from app.staff.context import (
    current_actor,
    current_person,
    current_session,
    now,
    visitor,
)
from app.staff.devices import describe
from app.staff.forms import FirstAdminForm, LoginForm
from app.staff.guards import public, signed_in
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
    try:
        signed = actions.sign_in(
            db.session(),
            text(form.email),
            form.password.data or "",
            visitor(),
            identity.browser_lifetime(),
            now(),
        )
    except (AuthFailed, RateLimited) as error:
        db.session.commit()  # the failure counts
        return _refused(form, error)
    identity.remember(signed)
    db.session.commit()
    return go(local_path(form.next.data))


def _refused(form: LoginForm, error: HubError) -> Response:
    form.form_errors.append(error.message)
    if not isinstance(error, RateLimited):
        return page("staff/login.html", form=form, status=422)
    response = page("staff/login.html", form=form, status=error.status)
    response.headers["Retry-After"] = str(error.retry_after)
    return response


@staff.post("/logout")
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
    user = actions.redeem_first_admin_link(
        db.session(), token, text(form.email), text(form.name), form.password.data or "", now()
    )
    lifetime = identity.browser_lifetime()
    signed = actions.open_session(db.session(), user, visitor(), lifetime, now())
    identity.remember(signed)
    db.session.commit()
    return go("/")


@staff.get("/profile")
@signed_in
def profile() -> Response:
    """One's own account: where one is signed in."""
    devices = queries.devices_of(db.session(), current_person().id, now())
    here = current_session().id
    return page("staff/profile.html", devices=devices, here=here, describe=describe)


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
