"""The house of the reports: two websites, people of each, and partners."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.desk import House, build_house


@pytest.fixture
def house(app: Flask, db_session: object) -> House:
    """The three people of every access test."""
    return build_house(app)
