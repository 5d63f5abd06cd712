"""The machine in a rolled-back transaction."""

import pytest
from flask_sqlalchemy.session import Session
from sqlalchemy.orm import scoped_session

from tests.deliveries.world import World


@pytest.fixture
def world(db_session: scoped_session[Session]) -> World:
    return World(db_session())
