"""The restaurant of the tests at noon on a Friday."""

from __future__ import annotations

import pytest

from tests.desk import House
from tests.tables.made import Restaurant, a_restaurant
from tests.venues.conftest import house, manager, noon

__all__ = ["house", "manager", "noon"]


@pytest.fixture
def anchor(house: House) -> Restaurant:
    return a_restaurant()
