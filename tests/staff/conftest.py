"""The house with its owner."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.staff.models import User
from tests.desk import House, browser_of, build_house
from tests.factories import person


@pytest.fixture
def house(app: Flask, db_session: object) -> House:
    return build_house(app)


@pytest.fixture
def owner(house: House) -> User:
    return person("superadmin", name="Olga Owner")


@pytest.fixture
def boss(house: House, owner: User) -> FlaskClient:
    """The owner's browser."""
    return browser_of(house.app, owner)


@pytest.fixture
def manager(house: House) -> FlaskClient:
    """The browser of the manager of `ours`."""
    return house.browser("manager")
