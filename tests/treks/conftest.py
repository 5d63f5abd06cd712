"""A seller of treks. Every answer is held to the document."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask

from tests.api.conftest import _answers_are_as_documented
from tests.bookings.made import NOON
from tests.treks.shop import Shop, build

__all__ = ["_answers_are_as_documented"]


@pytest.fixture
def noon() -> Iterator[time_machine.Traveller]:
    """It is noon on Friday 20 November 2026 in Bangkok."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def shop(app: Flask, db_session: object, noon: object) -> Shop:
    return build(app)
