"""The house of the tests with a venue, and its desk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from app.venues.models import Venue
from tests.bookings.made import NOON
from tests.desk import House, build_house
from tests.venues.made import a_venue


@pytest.fixture
def noon() -> Iterator[time_machine.Traveller]:
    """It is noon on Friday 20 November 2026 in Bangkok."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def house(app: Flask, db_session: object, noon: object) -> House:
    return build_house(app)


@pytest.fixture
def venue(house: House) -> Venue:
    """`Our pier`, open from 09:00 to 17:00 every day."""
    return a_venue("ours", "Our pier")


@pytest.fixture
def manager(house: House) -> FlaskClient:
    return house.browser("manager")
