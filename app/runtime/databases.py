"""Reaching a PostgreSQL server from outside the app: wait for it, make roles and databases."""

import re
import time
from urllib.parse import quote, unquote, urlsplit

import psycopg
from psycopg import sql

from app.runtime.embedded import DESK, ROLE, SUPERUSER, Postgres

TRIES = 10
"""Times half a second."""


def libpq(url: str) -> str:
    """`url` as libpq reads it: without the name of SQLAlchemy's driver."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def named(url: str, database: str) -> str:
    """`url` with another database on the same server."""
    return re.sub(r"^([^:]+://[^/?]*)(/[^?]*)?", rf"\g<1>/{quote(database)}", url)


def connect(url: str, timeout: int = 5) -> psycopg.Connection:
    """A connection of its own, in autocommit. Raises `psycopg.OperationalError`."""
    return psycopg.connect(libpq(url), autocommit=True, connect_timeout=timeout)


def wait_for(url: str, seconds: float) -> None:
    """Return when the server answers. Raises TimeoutError after `seconds`."""
    deadline = time.monotonic() + seconds
    while said := silence(url):
        if time.monotonic() > deadline:
            raise TimeoutError(said)
        time.sleep(0.05)


def silence(url: str) -> str | None:
    """Why the server takes no connection now; None when it does."""
    try:
        connect(url).close()
    except psycopg.OperationalError as error:
        return " ".join(str(error).split())
    return None


def ensure_role(server: Postgres) -> None:
    """Make the app's roles on an embedded server.

    The one that connects may make databases and nothing else; web processes step down to the
    other one (`app/wall.py`).
    """
    with connect(server.url("postgres", role=SUPERUSER)) as connection:
        known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone()
        if not known:
            role = sql.Identifier(ROLE)
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(role))
        desk = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [DESK]).fetchone()
        if not desk:
            names = sql.Identifier(DESK), sql.Identifier(ROLE)
            connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(names[0]))
            connection.execute(sql.SQL("GRANT {} TO {}").format(*names))


def ensure_database(url: str) -> None:
    """Make the database that `url` names, when its server lacks it and lets us.

    Raises `psycopg.Error` when it neither exists nor can be made.
    """
    try:
        connect(url).close()
    except psycopg.OperationalError as error:
        name = unquote(urlsplit(url).path.removeprefix("/"))
        admin = named(url, "postgres")
        try:
            missing = name not in database_names(admin)
        except psycopg.OperationalError:
            missing = False
        if not missing:
            raise error from None
        create_database(admin, name)


def database_names(admin: str) -> list[str]:
    """All databases of the server."""
    with connect(admin) as connection:
        return [name for (name,) in connection.execute("SELECT datname FROM pg_database")]


def create_database(admin: str, name: str, template: str | None = None) -> None:
    """Make a database over the connection `admin`, as a copy of `template` if given."""
    statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
    if template:
        statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
    with connect(admin) as connection:
        connection.execute(statement)


def drop_database(admin: str, name: str) -> None:
    """Drop a database, whoever is connected to it."""
    statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    with connect(admin) as connection:
        for _ in range(TRIES):
            try:
                connection.execute(statement)
                return
            except psycopg.errors.InsufficientPrivilege:
                time.sleep(0.5)  # the server's own vacuum is there: it ends by itself
        connection.execute(statement)
