"""The post office, its clock at noon of a Saturday in November, and the stand-ins."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask_sqlalchemy.session import Session
from sqlalchemy.orm import scoped_session

from app.config import Settings
from app.messaging import composing
from app.outbound import policy
from demo.standins.graph import Graph
from demo.standins.smtp import MailServer
from demo.standins.twilio import Twilio
from tests.messaging.post import BASE, NOON, Post
from tests.standins.serving import serving


class Clock:
    """What the channels take for now: noon, and whatever has passed since."""

    def __init__(self) -> None:
        self._began = datetime.now(UTC)
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return NOON + self.ahead + (datetime.now(UTC) - self._began)

    def move(self, **by: float) -> None:
        self.ahead += timedelta(**by)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(composing, "utc_now", made)
    return made


@pytest.fixture
def _loopback() -> Iterator[None]:
    policy.configure(Settings(env="test", outbound_allow="127.0.0.0/8"))
    yield
    policy.configure(Settings(env="test"))


@pytest.fixture
def post(db_session: scoped_session[Session], clock: Clock) -> Post:
    return Post(db_session())


@pytest.fixture
def phones(_loopback: None) -> Twilio:
    """Twilio; its address is in `twilio.url` of the settings that `wired` makes."""
    return Twilio(pause=0.0)


@pytest.fixture
def office(_loopback: None) -> Graph:
    return Graph(takes=0.0)


@pytest.fixture
def mail(_loopback: None) -> Iterator[MailServer]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Requiring AUTH while not requiring TLS")
        with MailServer() as server:
            yield server


@pytest.fixture
def wired(
    db_session: scoped_session[Session], clock: Clock, phones: Twilio, office: Graph
) -> Iterator[Post]:
    """The post office, wired to the stand-ins."""
    with serving(phones.app()) as twilio, serving(office.app()) as graph:
        settings = Settings(
            env="test", base_url=BASE, twilio_url=twilio, graph_url=graph, graph_login_url=graph
        )
        yield Post(db_session(), settings)
