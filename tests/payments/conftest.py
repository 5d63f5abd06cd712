"""A restaurant that takes deposits, and the stand-in for PayPal."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from app.config import Settings
from app.outbound import policy
from app.paypal import http
from app.paypal.client import provider
from tests.desk import House, build_house
from tests.payments.made import Shop, open_shop
from tests.standins.paypal import PayPalServer, serving


@pytest.fixture
def house(app: Flask, db_session: object) -> House:
    return build_house(app)


@pytest.fixture(scope="module")
def running() -> Iterator[PayPalServer]:
    """One stand-in for all tests of a module: each begins without faults."""
    with serving() as server:
        yield server


@pytest.fixture
def paypal(running: PayPalServer, app: Flask) -> Iterator[PayPalServer]:
    """The stand-in, where our calls go."""
    policy.configure(Settings(env="test", outbound_allow="127.0.0.0/8"))
    provider.configure(Settings(env="test", paypal_url=running.base))
    running.fail()
    running.it.calls.clear()
    running.it.teller.told.clear()
    yield running
    provider.configure(Settings(env="test"))
    policy.configure(Settings(env="test"))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for an answer."""
    monkeypatch.setattr(http, "DEADLINE", 0.5)


@pytest.fixture
def shop(house: House) -> Shop:
    return open_shop(house)
