"""Servers of a measurement: a durable PostgreSQL and a Redis of its own, gone at the end."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask

from app import create_app
from app.config import Settings
from app.extensions import db
from app.runtime import databases
from app.runtime.embedded import Postgres, Redis
from app.runtime.prepare import migrate
from tests.harness.processes import Daemon, free_port, python, until

SERVE = ("-m", "gunicorn", "--config", "python:app.runtime.web")


@dataclass
class Bench:
    """The servers, and the app bound to them. `environment` is what programs run in."""

    home: Path
    database_url: str
    app: Flask
    environment: dict[str, str]

    @contextmanager
    def serving(self, target: str = "wsgi:app", **settings: str) -> Iterator[str]:
        """Serve a WSGI app with the product's own gunicorn settings; yields its address."""
        port = free_port()
        environment = {**self.environment, "PORT": str(port), **settings}
        log = self.home / f"web-{port}.log"
        daemon = Daemon(python(*SERVE, target), log, environment)
        daemon.start()
        try:
            until(lambda: b"Listening" in log.read_bytes(), 30, "gunicorn did not start")
            yield f"http://127.0.0.1:{port}"
        finally:
            daemon.stop()


@contextmanager
def bench() -> Iterator[Bench]:
    """Start the servers on an empty, migrated database."""
    home = Path(tempfile.mkdtemp(prefix="ob-bench-"))
    with ExitStack() as undo:
        undo.callback(shutil.rmtree, home, ignore_errors=True)
        postgres = Postgres(home / "postgres", home / "pg")
        cache = Redis(home / "redis", home / "redis.sock")
        for server, name, end in ((postgres, "pg", signal.SIGINT), (cache, "rd", signal.SIGTERM)):
            server.prepare()
            daemon = Daemon(server.command(), home / f"{name}.log")
            daemon.start()
            undo.callback(daemon.stop, end)
        databases.wait_for(postgres.url("postgres", role="postgres"), 30)
        databases.ensure_role(postgres)
        databases.create_database(postgres.url("postgres"), "bench")
        url = postgres.url("bench")
        app = create_app(Settings(database_url=url, redis_url=cache.url(), data_dir=home))
        migrate(app)
        with app.app_context():
            db.engine.dispose()
        environment = os.environ | {
            "DATABASE_URL": url,
            "REDIS_URL": cache.url(),
            "DATA_DIR": str(home),
            "ENV": "development",
            "DEMO": "0",
        }
        yield Bench(home, url, app, environment)
