"""The house of the tests: both websites listen to webhooks."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.desk import House, build_house
from tests.sync.traffic import listens


@pytest.fixture
def house(app: Flask, db_session: object) -> House:
    built = build_house(app)
    listens("ours")
    listens("theirs")
    return built


@pytest.fixture
def manager(house: House) -> FlaskClient:
    return house.browser("manager")
