"""A house with a pier, and a partner that books there."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.partners.models import Partner
from app.venues.models import Venue
from tests.desk import House, browser_of, build_house
from tests.factories import VenueFactory, partner_at, person


@pytest.fixture
def house(app: Flask, db_session: object) -> House:
    return build_house(app)


@pytest.fixture
def owner(house: House) -> FlaskClient:
    """The browser of somebody who may do everything everywhere."""
    return browser_of(house.app, person("superadmin", name="Olga Owner"))


@pytest.fixture
def pier(house: House) -> Venue:
    made: Venue = VenueFactory.create(website_id="ours", name="Our pier")
    return made


@pytest.fixture
def their_pier(house: House) -> Venue:
    made: Venue = VenueFactory.create(website_id="theirs", name="Their pier")
    return made


@pytest.fixture
def partner(pier: Venue) -> Partner:
    """Books at our pier alone."""
    return partner_at(pier, name="Reef Travel", contact_email="desk@reef.example.com")
