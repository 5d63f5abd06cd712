"""The house of the tests, and its desk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db
from app.staff.models import Membership, Role
from app.staff.permissions import Permission
from tests.bookings.made import NOON
from tests.desk import House, build_house


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
    till = Role(name="till", permissions=[str(Permission.PAYMENTS_VIEW)])
    db.session.add(till)
    db.session.flush()
    member = Membership(user_id=house.colleague.id, role_id=till.id, website_id="ours")
    db.session.add(member)
    db.session.flush()
    return house.browser("colleague")
