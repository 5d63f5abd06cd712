"""Guests with a link to their booking: a table with a deposit, and a plain booking."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.desk import House, build_house
from tests.payments.made import Shop, open_shop
from tests.selfservice.made import Guest, guest_of


@pytest.fixture
def house(app: Flask, db_session: object) -> House:
    return build_house(app)


@pytest.fixture
def shop(house: House) -> Shop:
    return open_shop(house)


@pytest.fixture
def gale(shop: Shop) -> Guest:
    """Who has paid 20 THB for a table in 30 days."""
    return guest_of(shop.house.app, shop.paid())
