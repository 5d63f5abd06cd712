"""Every answer of the app is held to the document; who is at the desk."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.api.conftest import _answers_are_as_documented
from tests.desk import House, build_house

__all__ = ["_answers_are_as_documented"]


@pytest.fixture
def house(app: Flask, db_session: object) -> House:
    return build_house(app)
