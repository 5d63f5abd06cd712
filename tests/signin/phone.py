"""Somebody's phone, with the app on it: asks for codes, reads them, types them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from app.extensions import db
from app.messaging.models import MessageSettings
from app.signin import codes
from app.signin.models import OtpChallenge
from app.signin.rules import rules
from tests.factories import WebsiteFactory
from tests.messaging.post import ACCOUNTS
from tests.venues.made import TREK, a_venue, an_activity

AUTH = "/api/v1/customer/auth"
NUMBER = "+9779841234567"


def a_trek_shop(sms: str = "capture", website_id: str = "peaks") -> MessageSettings:
    """A website with treks that can send SMS."""
    WebsiteFactory.create(id=website_id, name="Peak Treks")
    an_activity(a_venue(website_id, "Trailhead"), **TREK)
    made = MessageSettings(website_id=website_id, sms_by=sms, sms=dict(ACCOUNTS[sms]))
    db.session.add(made)
    db.session.flush()
    return made


def number(index: int) -> str:
    """A mobile number of its own thousand, so that only what is tested limits it."""
    return f"+97798412{index:02d}{index:03d}"


@dataclass
class Phone:
    """One number. What it does is answered as the hub answers anybody."""

    app: Flask
    number: str = NUMBER
    address: str = "203.0.113.7"
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.app.test_client()

    def post(self, path: str, body: dict[str, Any], **more: Any) -> TestResponse:
        where = {"REMOTE_ADDR": self.address}
        return self.client.post(f"{AUTH}/{path}", json=body, environ_base=where, **more)

    def ask(self) -> TestResponse:
        """Ask for a code."""
        return self.post("request-otp", {"phone": self.number})

    def type(self, code: str, **more: Any) -> TestResponse:
        """Type a code."""
        return self.post("verify-otp", {"phone": self.number, "otp": code, **more})

    def challenge(self) -> OtpChallenge:
        """The newest."""
        query = select(OtpChallenge).where(OtpChallenge.phone == self.number)
        newest = query.order_by(OtpChallenge.created_at.desc(), OtpChallenge.id.desc())
        found = db.session.scalars(newest.execution_options(populate_existing=True)).first()
        assert found is not None, "no code was asked for"
        return found

    def code(self) -> str:
        """What the SMS says."""
        return codes.code_of(rules, self.challenge())

    def wrong(self) -> str:
        """Another code."""
        return f"{(int(self.code()) + 1) % 1_000_000:06d}"

    def sign_in(self, **more: Any) -> dict[str, Any]:
        """Ask, read, type. Returns the answer."""
        assert self.ask().status_code == 200
        answer = self.type(self.code(), **more)
        assert answer.status_code == 200, answer.text
        assert answer.json is not None
        return dict(answer.json)


def pass_time(seconds: float) -> None:
    """Let so much time pass for all codes and tokens there are."""
    for table, columns in {
        "otp_challenges": ("created_at", "expires_at"),
        "refresh_tokens": ("created_at", "expires_at"),
    }.items():
        shifts = ", ".join(f"{each} = {each} - make_interval(secs => :s)" for each in columns)
        db.session.execute(text(f"UPDATE {table} SET {shifts}"), {"s": seconds})
    db.session.commit()


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    """The headers of who is signed in."""
    return {"Authorization": f"Bearer {tokens['access_token']}"}
