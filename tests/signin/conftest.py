"""A house with a trek and an SMS account, and the app's way to it."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.signin.phone import Phone, a_trek_shop


@pytest.fixture
def phone(app: Flask, db_session: object) -> Phone:
    """A phone at a house whose SMS are kept here."""
    a_trek_shop()
    return Phone(app)
