"""People at the desk: three of them in every test of access, each with a browser of their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer

from app.extensions import db
from app.staff import actions
from app.staff.actions import Lifetime
from app.staff.models import Membership, Role, User
from app.staff.permissions import Permission
from app.staff.visitor import Visitor
from tests.factories import WebsiteFactory, person

CSRF = "a csrf token of the test"
LIFETIME = Lifetime("browser", timedelta(days=30))


def browser_of(app: Flask, user: User) -> FlaskClient:
    """A browser in which this person is signed in, and which sends the CSRF header."""
    signed = actions.open_session(
        db.session(), user, Visitor("127.0.0.1"), LIFETIME, datetime.now(UTC)
    )
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = signed.token
        cookie["csrf_token"] = CSRF
    client.environ_base["HTTP_X_CSRFTOKEN"] = csrf_header(app)
    return client


def csrf_header(app: Flask) -> str:
    """What belongs to the CSRF token in the cookie."""
    key = app.config["SECRET_KEY"]
    return URLSafeTimedSerializer(key, salt="wtf-csrf-token").dumps(CSRF)


@dataclass(frozen=True)
class House:
    """Website `ours`, its manager, a colleague at its desk, and the manager of another website."""

    app: Flask
    manager: User
    colleague: User
    outsider: User
    ours: str = "ours"
    theirs: str = "theirs"

    def browser(self, who: str) -> FlaskClient:
        """The browser of `manager`, `colleague`, `outsider`, or of a stranger."""
        user = getattr(self, who, None)
        return browser_of(self.app, user) if user else self.app.test_client()


def build_house(app: Flask) -> House:
    """The house, in the session of the test."""
    WebsiteFactory(id="ours", name="Our park")
    WebsiteFactory(id="theirs", name="Their park")
    return House(
        app,
        manager=person("admin", "ours", name="Mara Manager"),
        colleague=person("staff", "ours", name="Cole Colleague"),
        outsider=person("admin", "theirs", name="Otto Outsider"),
    )


def at_the_till(user: User, website: str = "ours") -> None:
    """Let somebody see amounts there, beside what they may do anyway."""
    role = Role(name="till", permissions=[str(Permission.PAYMENTS_VIEW)])
    db.session.add(role)
    db.session.flush()
    db.session.add(Membership(user_id=user.id, role_id=role.id, website_id=website))
    db.session.flush()
