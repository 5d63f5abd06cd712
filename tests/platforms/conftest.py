"""Platforms are called on this machine only; and an inn that sells through one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from aiohttp import web
from flask import Flask

from app.config import Settings
from app.extensions import db
from app.outbound import policy
from app.platforms import registry
from app.platforms.models import PlatformConnection
from app.venues.models import Venue
from demo.standins.covermanager.book import Book, Restaurant
from demo.standins.covermanager.server import KEY, Standin
from tests.desk import build_house
from tests.platforms import toy
from tests.platforms.contract import CASES, SLUG, There, there
from tests.platforms.inn import SAIL, Inn, an_inn, connect
from tests.platforms.pub import House, Shelf, a_house, kind_of


@pytest.fixture(autouse=True)
def _loopback() -> Iterator[None]:
    policy.configure(Settings(env="test", outbound_allow="127.0.0.0/8"))
    yield
    policy.configure(Settings(env="test"))


def two_restaurants() -> web.Application:
    places = [Restaurant(SLUG, "The Anchor", "Valletta"), Restaurant(SAIL, "The Sail", "Sliema")]
    return Standin(Book({each.slug: each for each in places}), {KEY: True}).app()


@pytest.fixture
def place() -> Iterator[There]:
    """CoverManager, with two restaurants."""
    with there(replace(CASES["covermanager"], app=two_restaurants)) as found:
        yield found
    registry._standing_in.clear()


@pytest.fixture
def inn(app: Flask, db_session: object) -> Inn:
    policy.configure(Settings(env="test", outbound_allow="127.0.0.0/8"))
    return Inn(db.session())


@pytest.fixture
def venue(inn: Inn) -> Venue:
    return an_inn()


@pytest.fixture
def connection(venue: Venue, place: There) -> PlatformConnection:
    return connect(venue, place)


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> Iterator[There]:
    """A platform that cannot change a reservation."""
    monkeypatch.setitem(registry.KINDS, "toy", toy.KIND)
    with there(CASES["toy"]) as found:
        yield found


@pytest.fixture
def pub(app: Flask) -> Iterator[House]:
    """A house at a platform in memory that tells lists, with real commits."""
    shelf = Shelf()
    registry.KINDS["pub"] = kind_of(shelf)
    with app.app_context():
        build_house(app)
        yield a_house(shelf)
        db.session.remove()
    registry.KINDS.pop("pub")
