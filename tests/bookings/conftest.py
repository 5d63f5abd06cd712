"""The house of the tests, and its desk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from tests.bookings.made import NOON
from tests.desk import House, at_the_till, build_house


@pytest.fixture
def house(app: Flask, db_session: object) -> House:
    return build_house(app)


@pytest.fixture
def noon() -> Iterator[time_machine.Traveller]:
    """It is noon on Friday 20 November 2026 in Bangkok."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def desk(house: House, noon: object) -> FlaskClient:
    """The browser of the colleague at the desk of `ours`, who is also at the till there."""
    at_the_till(house.colleague)
    return house.browser("colleague")
