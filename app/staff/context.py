"""Who is asking, in this request: for routes, guards and templates; never for actions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

from flask import current_app, g, request
from flask_login import current_user

from app.config import Settings
from app.errors import AuthFailed
from app.events.models import Actor
from app.extensions import db
from app.staff import queries
from app.staff.models import User, UserSession
from app.staff.scope import NOTHING, Scope
from app.staff.visitor import Visitor
from app.wall import open_for


def settings() -> Settings:
    """The installation's settings."""
    return cast(Settings, current_app.extensions["settings"])


def now() -> datetime:
    """The present, in UTC."""
    return datetime.now(UTC)


def visitor() -> Visitor:
    """The browser or program that is calling, whoever sits in front of it."""
    return Visitor(
        ip=request.remote_addr or "",
        user_agent=request.headers.get("User-Agent", "")[:300],
        request_id=g.get("request_id", ""),
    )


def current_person() -> User:
    """The signed-in person. Raises AuthFailed when there is none."""
    if not current_user.is_authenticated:
        raise AuthFailed("Please sign in.")
    return cast(User, current_user._get_current_object())


def current_session() -> UserSession:
    """The session of the signed-in person. Raises AuthFailed when there is none."""
    current_person()
    return cast(UserSession, g.user_session)


def only_watching() -> None:
    """A page is looking by itself, nobody is using it: that does not keep the session alive."""
    g.pop("touch", None)


def current_scope() -> Scope:
    """What the signed-in person may do where; NOTHING for a stranger.

    While they look at the desk as somebody else: what both may do.
    """
    if "scope" not in g:
        g.scope = current_user.scope if current_user.is_authenticated else NOTHING
        if seen_as := viewed_person():
            g.scope = g.scope & seen_as.scope if seen_as.is_active else NOTHING
        open_for(db.session(), g.scope.anywhere())
    return cast(Scope, g.scope)


def viewed_person() -> User | None:
    """The person as whom the signed-in one looks at the desk, read only."""
    if "viewed_person" not in g:
        row = g.get("user_session") if current_user.is_authenticated else None
        viewed_id = row.viewing_as_id if row else None
        g.viewed_person = queries.with_memberships(db.session(), viewed_id) if viewed_id else None
    return cast("User | None", g.viewed_person)


def current_actor() -> Actor:
    """The signed-in person, as actions and the log know them. Raises AuthFailed."""
    person, here = current_person(), visitor()
    return Actor(
        kind="user",
        id=str(person.id),
        label=person.name,
        door="staff",
        request_id=here.request_id,
        ip=here.ip,
    )
