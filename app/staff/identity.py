"""From a cookie or a bearer token to a person, and back: what Flask-Login needs from us."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask, Request, Response, g, request, session
from flask_login import login_user, logout_user

from app.extensions import db, login_manager
from app.staff import actions, queries, viewing
from app.staff.actions import Lifetime, SignedIn
from app.staff.context import now, settings
from app.staff.models import User, UserSession
from app.staff.tokens import read_token

TOUCH_EVERY = timedelta(minutes=1)
WAITING, TARGET = "code_token", "code_target"


def init_identity(app: Flask) -> None:
    """Teach Flask-Login how people are found."""
    app.config["SESSION_REFRESH_EACH_REQUEST"] = False
    app.permanent_session_lifetime = timedelta(
        days=app.extensions["settings"].session_absolute_days
    )
    login_manager.session_protection = None  # a phone changes its address; rows can be revoked
    login_manager.user_loader(_by_cookie)
    login_manager.request_loader(_by_bearer)
    app.after_request(_note_use)


def by_token() -> bool:
    """Whether a bearer token speaks for the caller: then the cookie is not looked at."""
    return _bearer(request) is not None


def browser_lifetime() -> Lifetime:
    """Of a session that a cookie carries."""
    return Lifetime("browser", timedelta(days=settings().session_absolute_days))


def token_lifetime() -> Lifetime:
    """Of a session that a bearer token carries."""
    return Lifetime("api", timedelta(minutes=settings().staff_token_minutes))


def remember(signed_in: SignedIn) -> None:
    """Give the browser a fresh cookie: nothing of the one before survives (fixation)."""
    session.clear()
    session.permanent = True
    signed_in.user.login_token = signed_in.token
    login_user(signed_in.user)


def wait_for_code(token: str, target: str) -> None:
    """The browser may take the second step; nobody is signed in yet."""
    session.clear()
    session[WAITING], session[TARGET] = token, target


def waiting() -> tuple[str, str]:
    """The token of the second step, and where to go after it; empty when there is none."""
    return session.get(WAITING, ""), session.get(TARGET, "")


def forget() -> None:
    """Take everything out of the cookie."""
    logout_user()
    session.clear()
    g.pop("user_session", None)
    g.pop("touch", None)


def _by_cookie(token: str) -> User | None:
    if by_token():
        return None
    idle = timedelta(hours=settings().session_idle_hours)
    return _person(queries.session_for_token(db.session(), token, now(), idle), token)


def _by_bearer(incoming: Request) -> User | None:
    token = _bearer(incoming)
    session_id = read_token(settings(), token) if token else None
    if session_id is None:
        return None
    return _person(queries.api_session(db.session(), session_id, now()))


def _person(row: UserSession | None, token: str = "") -> User | None:
    if row is None:
        return None
    g.user_session = row
    if now() - row.last_seen_at >= TOUCH_EVERY:
        g.touch = (row.id, row.user_id)
    row.user.login_token = token
    return row.user


def _bearer(incoming: Request) -> str | None:
    kind, _, token = incoming.headers.get("Authorization", "").partition(" ")
    if not incoming.path.startswith("/api/") or kind.lower() != "bearer":
        return None
    return token.strip()


def _note_use(response: Response) -> Response:
    """After the answer is made: no view waits for it, and none has its own work committed by it."""
    if in_use := g.pop("touch", None):
        viewing.allow_writing()
        db.session.rollback()
        session_id, user_id = in_use
        actions.touch(db.session(), session_id, user_id, now())
        db.session.commit()
    return response
