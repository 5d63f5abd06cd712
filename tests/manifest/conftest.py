"""A trek that leaves in three hours."""

from __future__ import annotations

import pytest

from tests.desk import House
from tests.manifest.made import Leaving, leaving
from tests.venues.conftest import house, manager, noon

__all__ = ["house", "manager", "noon"]


@pytest.fixture
def trek(house: House) -> Leaving:
    return leaving()
