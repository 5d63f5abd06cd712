"""A guest at the page of their own booking."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.bookings import links
from app.bookings.models import Booking
from app.events.models import Event
from app.extensions import db
from app.selfservice.models import ChangeRequest

_HIDDEN = re.compile(r'name="(\w+)" value="([^"]*)"')


@dataclass
class Guest:
    """Somebody's phone, with the link."""

    client: FlaskClient
    booking: Booking

    @property
    def link(self) -> str:
        return f"/my/{links.token_of(self.booking.id)}"

    def look(self, path: str = "") -> str:
        """The page, which must be there."""
        answer = self.client.get(self.link + path)
        assert answer.status_code == 200, answer.text
        return answer.text

    def send(self, path: str, page: str = "", **typed: Any) -> TestResponse:
        """A form of a page (`page`: its path), with its hidden fields."""
        return self.submit(path, self.look(page), **typed)

    def submit(self, path: str, page: str, **typed: Any) -> TestResponse:
        """The same of a page that was read before."""
        hidden = dict(_HIDDEN.findall(page))
        return self.client.post(self.link + path, data={**hidden, **typed})

    def ask(self, words: str) -> TestResponse:
        return self.send("/requests", words=words)

    @property
    def requests(self) -> list[ChangeRequest]:
        """Oldest first."""
        mine = select(ChangeRequest).where(ChangeRequest.booking_id == self.booking.id)
        return list(db.session.scalars(mine.order_by(ChangeRequest.id)))

    @property
    def log(self) -> list[Event]:
        """What was written of the booking, oldest first."""
        mine = select(Event).where(Event.booking_id == self.booking.id)
        return list(db.session.scalars(mine.order_by(Event.id)))


def guest_of(app: Flask, booking: Booking) -> Guest:
    """A phone that was not here before."""
    return Guest(app.test_client(), booking)
