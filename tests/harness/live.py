"""The product as it runs: gunicorn, workers and the demo website as real processes."""

import http.client
import itertools
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import redis as redis_library
from flask import Flask

from app.runtime.embedded import Redis
from app.runtime.plan import LOOPBACK
from tests.harness import servers
from tests.harness.forks import Program
from tests.harness.isolation import dispose, make_app
from tests.harness.processes import Daemon, free_port, until

_numbers = itertools.count(1)
SERVE = ["-m", "gunicorn", "--config", "python:app.runtime.web", "wsgi:app"]


@dataclass
class Stack:
    """One running installation. `app` is bound to its database, for what the test itself does."""

    home: Path
    database_url: str
    redis_url: str
    port: int
    demo_port: int
    app: Flask
    redis: Daemon | None = None
    web: Daemon | None = None
    demo_site: Daemon | None = None
    workers: list[Daemon] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    _worker_numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def demo_url(self) -> str:
        return f"http://127.0.0.1:{self.demo_port}"

    def environment(self) -> dict[str, str]:
        """What the programs run in; `settings` comes last."""
        return os.environ | {
            "ENV": "development",
            "DEMO": "0",
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "DATA_DIR": str(self.home),
            "PORT": str(self.port),
            "BASE_URL": self.url,
            "WEB_PROCESSES": "1",
            "DEMO_SITE_PORT": str(self.demo_port),
            "ONEBOOKING_API_URL": self.url,
            "OUTBOUND_ALLOW": LOOPBACK,
            "PYTHONUNBUFFERED": "1",
            **self.settings,
        }

    def daemon(self, name: str, argv: list[str]) -> Daemon:
        """`python ARGV` in this installation, not yet started."""
        return Program(argv, self.home / f"{name}.log", self.environment())

    def start_web(self) -> None:
        """Start gunicorn and wait until it answers."""
        self.web = self.web or self.daemon("web", SERVE)
        self.web.start()
        _answers(self.web, self.port, "/healthz")

    def kill_web(self, signum: int = signal.SIGKILL) -> None:
        """Kill gunicorn with all its processes."""
        assert self.web is not None
        self.web.stop(signum)

    def start_worker(self) -> Daemon:
        """Start one worker more, with a log of its own."""
        worker = self.daemon(f"worker{next(self._worker_numbers)}", ["worker.py"])
        worker.start()
        self.workers.append(worker)
        return worker

    def kill_worker(self, signum: int = signal.SIGKILL, index: int = 0) -> None:
        """Kill a worker; a later `start_worker` starts another in its place."""
        self.workers.pop(index).kill(signum)

    def start_demo_site(self) -> None:
        """Start the demo source website and wait until it answers."""
        self.demo_site = self.daemon("demo_site", ["-m", "demo.source_site"])
        self.demo_site.start()
        _answers(self.demo_site, self.demo_port, "/")

    def start_redis(self) -> None:
        """Start the Redis of this stack (`own_redis`), again after a kill."""
        assert self.redis is not None, "this stack has no Redis of its own"
        Redis(self.home / "redis", self.home / "redis.sock").prepare()
        self.redis.start()
        until((self.home / "redis.sock").exists, what="Redis did not start")

    def kill_redis(self, *, empty: bool = False) -> None:
        """Kill the Redis of this stack; `empty` loses all it held."""
        assert self.redis is not None, "this stack has no Redis of its own"
        self.redis.kill()
        if empty:
            for file in (self.home / "redis").iterdir():
                file.unlink()

    def stop(self) -> None:
        """Stop every program."""
        for daemon in (self.web, self.demo_site, *self.workers, self.redis):
            if daemon is not None:
                daemon.stop(seconds=3)


def _answers(daemon: Daemon, port: int, path: str) -> None:
    """Wait until HTTP is spoken there; fails with the program's own words when it ends first."""

    def look() -> bool:
        assert daemon.running, f"it ended:\n{daemon.output()}"
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", path)
            return connection.getresponse().status < http.client.INTERNAL_SERVER_ERROR
        except OSError:
            return False
        finally:
            connection.close()

    until(look, 30, "no answer")


@contextmanager
def running_stack(
    home: Path, worker_id: str, *, web: bool = True, workers: int = 1, demo_site: bool = False,
    own_redis: bool = False, fill: Callable[[Flask], None] | None = None, **settings: str,
) -> Iterator[Stack]:  # fmt: skip
    """A stack on an empty, migrated database, which `fill` may fill; all gone at the end."""
    number = next(_numbers)
    database_url = servers.new_database(f"{worker_id}_live{number}")
    embedded = Redis(home / "redis", home / "redis.sock") if own_redis else None
    redis_url = embedded.url() if embedded else servers.redis_url(worker_id, 1 + number % 3)
    app = make_app(database_url, redis_url, data_dir=home, outbound_allow=LOOPBACK)
    stack = Stack(home, database_url, redis_url, free_port(), free_port(), app, settings=settings)
    with ExitStack() as undo:
        undo.callback(servers.drop, database_url)
        undo.callback(dispose, app)
        undo.callback(stack.stop)
        if embedded:
            stack.redis = Daemon(embedded.command(), home / "redis.log")
            stack.start_redis()
        else:
            with redis_library.Redis.from_url(redis_url) as client:
                client.flushdb()
        if fill:
            fill(app)
        if web:
            stack.start_web()
        for _ in range(workers):
            stack.start_worker()
        if demo_site:
            stack.start_demo_site()
        yield stack


StackFactory = Callable[..., Stack]


def _factory(directories: pytest.TempPathFactory, worker_id: str) -> Iterator[StackFactory]:
    with ExitStack() as running:

        def make(**options: object) -> Stack:
            home = directories.mktemp("stack")
            return running.enter_context(running_stack(home, worker_id, **options))  # type: ignore[arg-type]

        yield make


@pytest.fixture
def live_stack(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[StackFactory]:
    """Makes stacks that last as long as the test: the arguments are those of `running_stack`."""
    yield from _factory(tmp_path_factory, worker_id)


@pytest.fixture(scope="module")
def module_stack(
    tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Iterator[StackFactory]:
    """Makes stacks that the tests of a module share, for tests that only look."""
    yield from _factory(tmp_path_factory, worker_id)
