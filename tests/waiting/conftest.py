"""A trek with one departure, and the people who want to go."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask

from tests.bookings.made import NOON
from tests.desk import House, build_house
from tests.waiting.made import Trek, a_trek


@pytest.fixture
def noon() -> Iterator[time_machine.Traveller]:
    """It is noon on Friday 20 November 2026 in Bangkok."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def house(app: Flask, db_session: object, noon: object) -> House:
    return build_house(app)


@pytest.fixture
def trek(house: House) -> Trek:
    """Eight places in ten days, none of them taken."""
    return a_trek()
