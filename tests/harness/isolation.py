"""Each test sees an empty, migrated database and leaves nothing in it.

Usually a test runs inside one outer transaction that is rolled back; what the code under test
commits is a savepoint there. So `now()` stands still, and other connections see nothing of it.
A test marked `committed` gets a database of its own instead, and may start threads and processes.
"""

import contextvars
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest
import redis as redis_library
from argon2 import PasswordHasher
from flask import Flask, has_app_context
from flask.testing import FlaskClient
from flask_sqlalchemy.session import Session
from jinja2 import FileSystemBytecodeCache
from sqlalchemy.engine import Connection
from sqlalchemy.orm import scoped_session
from werkzeug.test import TestResponse

from app import create_app
from app.config import Settings
from app.extensions import db
from app.staff import passwords
from app.wall import PEOPLE, ROLE, WEBSITES, wall
from tests.harness import servers

_numbers = itertools.count()
# A commit under test ends a savepoint of the outer transaction, and a rollback undoes only it.
db.session.session_factory.configure(join_transaction_mode="create_savepoint")

SERVED_HASHER = passwords._hasher
"""What the product hashes with. It is slow on purpose, which tests need not be."""
passwords._hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
passwords._DUMMY = passwords.hash_password("nobody has this password")


@contextmanager
def behind_the_wall(app: Flask) -> Iterator[None]:
    """A request as a web process serves it, where it shares the connection of its test."""
    with app.app_context():
        engine: Any = db.engines[None]
    if not isinstance(engine, Connection):
        yield
        return
    cursor = engine.connection.cursor()  # not the engine's: no count sees this
    cursor.execute(f"SET LOCAL ROLE {ROLE}")
    wall.stands = True
    try:
        yield
    finally:
        wall.stands = False
        cursor.execute("RESET ROLE")
        cursor.execute(f"SET LOCAL {WEBSITES} = ''; SET LOCAL {PEOPLE} = ''")


class Client(FlaskClient):
    """A test client whose requests never share an application context with the test.

    Otherwise Flask would lend them the test's own, with its session and its cached user. What the
    test has written is committed first; what the request changed is read afresh afterwards.
    """

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        if has_app_context():
            db.session.commit()
        with behind_the_wall(self.application):
            kwargs.setdefault("buffered", True)  # what is streamed is served within, too
            response = contextvars.Context().run(super().open, *args, **kwargs)
        if has_app_context():
            db.session.expire_all()
        return response


def make_app(database_url: str, redis_url: str, **changes: Any) -> Flask:
    """The app as tests use it, against these servers."""
    settings = {"env": "test", "database_url": database_url, "redis_url": redis_url, **changes}
    app = create_app(Settings(**settings))
    app.testing = True
    app.test_client_class = Client
    # Templates are the same for every app: compiled once for the run.
    app.jinja_env.bytecode_cache = FileSystemBytecodeCache(str(servers.compiled_templates()))
    return app


def dispose(app: Flask) -> None:
    """Close the connections that `app` holds."""
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    """`gw0`, `gw1`, …, or `master` when the tests run in one process."""
    workerinput = getattr(request.config, "workerinput", None)
    return workerinput["workerid"] if workerinput else "master"


@pytest.fixture(scope="session")
def redis_url(worker_id: str) -> str:
    """The Redis database of this worker."""
    return servers.redis_url(worker_id)


@pytest.fixture
def redis(redis_url: str) -> Iterator[redis_library.Redis]:
    """A client of this worker's Redis database, emptied for the test."""
    with redis_library.Redis.from_url(redis_url) as client:
        client.flushdb()
        yield client


@pytest.fixture(scope="session")
def shared_app(worker_id: str, redis_url: str) -> Iterator[Flask]:
    """The app of this worker, for tests that are rolled back. Use `app`."""
    url = servers.new_database(worker_id)
    app = make_app(url, redis_url)
    yield app
    dispose(app)
    servers.drop(url)


@pytest.fixture
def committed_database(worker_id: str) -> Iterator[str]:
    """The URL of an empty, migrated database of the test's own."""
    url = servers.new_database(f"{worker_id}_{next(_numbers)}")
    yield url
    servers.drop(url)


@pytest.fixture
def app(request: pytest.FixtureRequest, redis: redis_library.Redis) -> Iterator[Flask]:
    """The app on an empty database: rolled back afterwards, or its own if marked `committed`."""
    if request.node.get_closest_marker("committed"):
        yield from _committed(request)
    else:
        yield from _rolled_back(request.getfixturevalue("shared_app"))


def _committed(request: pytest.FixtureRequest) -> Iterator[Flask]:
    url, redis_url = map(request.getfixturevalue, ("committed_database", "redis_url"))
    app = make_app(url, redis_url)
    yield app
    dispose(app)


def _rolled_back(app: Flask) -> Iterator[Flask]:
    with app.app_context():
        # The extension asks this table for an engine: it gets the one connection instead.
        engines = cast(dict[str | None, Any], db.engines)
    engine = engines[None]
    with engine.connect() as connection, connection.begin() as outer:
        engines[None] = connection
        try:
            yield app
        finally:
            engines[None] = engine
            outer.rollback()


@pytest.fixture
def db_session(app: Flask) -> Iterator[scoped_session[Session]]:
    """The session, inside an application context that lasts as long as the test."""
    with app.app_context():
        yield db.session
        db.session.remove()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without cookies; `Client` says how it keeps apart from the test."""
    return app.test_client()
