"""Two real workers at once, with a mailbox that allows four letters at a time: none is refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.config import Settings
from app.extensions import db
from app.messaging.channel import EmailChannel, SmsChannel
from app.messaging.models import Message
from app.outbound import policy
from demo.standins.graph import Graph
from demo.standins.twilio import Twilio
from tests.deliveries.running import sending
from tests.harness.processes import until
from tests.messaging.conftest import Clock
from tests.messaging.post import BASE, Post, a_booking, a_guest, a_writer
from tests.standins.serving import serving

pytestmark = pytest.mark.committed
GUESTS = 5


@pytest.fixture
def settings(_loopback: None) -> Iterator[tuple[Settings, Graph, Twilio]]:
    graph, phones = Graph(takes=0.2), Twilio(pause=0.0)
    with serving(graph.app()) as letters, serving(phones.app()) as texts:
        own = Settings(
            env="test",
            base_url=BASE,
            twilio_url=texts,
            graph_url=letters,
            graph_login_url=letters,
        )
        yield own, graph, phones


def test_they_share_the_pace_and_nothing_goes_twice(
    app: Flask, clock: Clock, settings: tuple[Settings, Graph, Twilio]
) -> None:
    own, graph, phones = settings
    assert policy.allows("127.0.0.1")
    with app.app_context():
        writer = a_writer(sms="twilio", email="graph")
        post = Post(db.session(), own)
        for number in range(GUESTS):
            post.tell(a_booking(writer, a_guest(phone=f"+6681234567{number}")))
        db.session.commit()
        engine = db.engine

    def sent() -> bool:
        with Session(engine) as session:
            found = list(session.scalars(select(Message.state)))
        return found.count("sent") == 2 * GUESTS

    with ExitStack() as workers:
        for _ in range(2):
            channels = (SmsChannel(own), EmailChannel(own))
            workers.enter_context(sending(app, 15.0, *channels))
        until(sent, 30)
    assert len(phones.messages) == GUESTS
    assert len(graph.letters) == GUESTS
    assert graph.throttled == 0
    assert graph.most_seen <= 4
