"""The harness keeps its promises: tests do not see each other, and do not leave this machine."""

import os
import socket
from pathlib import Path

import pytest
from flask import Flask, g, request_started
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.engine import make_url

from app.extensions import db
from app.runtime import databases
from tests.harness import network, servers

TABLE = "SELECT count(*) FROM pg_tables WHERE tablename = 'left_behind'"


@pytest.mark.parametrize("turn", [1, 2])
@pytest.mark.usefixtures("db_session")
def test_a_rolled_back_test_leaves_nothing_although_it_commits(turn: int) -> None:
    assert db.session.execute(text(TABLE)).scalar_one() == 0
    db.session.execute(text("CREATE TABLE left_behind (n int)"))
    db.session.commit()
    db.session.rollback()
    assert db.session.execute(text(TABLE)).scalar_one() == 1


@pytest.mark.committed
@pytest.mark.parametrize("turn", [1, 2])
def test_a_committed_test_has_a_database_of_its_own(
    app: Flask, committed_database: str, turn: int
) -> None:
    with app.app_context():
        assert db.session.execute(text(TABLE)).scalar_one() == 0
        db.session.execute(text("CREATE TABLE left_behind (n int)"))
        db.session.commit()
        assert db.engine.url.database == make_url(committed_database).database
    with databases.connect(committed_database) as other:
        assert other.execute(TABLE).fetchone() == (1,)


def test_a_request_has_an_application_context_of_its_own(app: Flask) -> None:
    seen: list[bool] = []

    def look(sender: Flask) -> None:
        seen.append("mark" in g)

    with app.app_context(), request_started.connected_to(look, app):
        g.mark = True
        app.test_client().get("/nowhere")
    assert seen == [False]


@pytest.mark.parametrize("host", ["8.8.8.8", "2001:4860:4860::8888", "169.254.169.254", "10.0.0.1"])
def test_another_machine_is_out_of_reach(host: str) -> None:
    with pytest.raises(network.NetworkBlockedError):
        socket.create_connection((host, 80), timeout=1)
    assert network.attempts.pop()


def test_a_name_that_cannot_exist_is_unknown_without_asking_anybody() -> None:
    with pytest.raises(socket.gaierror):
        socket.create_connection(("shop.example.com", 80), timeout=1)


def test_any_other_name_is_not_even_looked_up() -> None:
    with pytest.raises(network.NetworkBlockedError):
        socket.getaddrinfo("localhost.localdomain.net", 80)
    assert network.attempts.pop()


def test_this_machine_is_within_reach() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=1).close()


def test_the_client_commits_for_the_request(client: FlaskClient) -> None:
    with client.application.app_context():
        db.session.execute(text("CREATE TABLE left_behind (n int)"))
        client.get("/nowhere")
        db.session.rollback()
        assert db.session.execute(text(TABLE)).scalar_one() == 1


@pytest.mark.xdist_group("together")
@pytest.mark.parametrize("turn", range(6))
def test_a_group_runs_in_one_process(worker_id: str, turn: int) -> None:
    note = Path(os.environ[servers.HOME]) / "together"
    with note.open("a") as file:
        file.write(f"{worker_id}\n")
    assert set(note.read_text().split()) == {worker_id}
