"""One PostgreSQL and one Redis for a whole test run.

The controlling process starts them and hands their addresses to the xdist workers through the
environment. `DATABASE_URL` / `REDIS_URL` name servers to use instead: the run makes databases of
its own there, and drops them.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import redis
from sqlalchemy.engine import make_url

from app import create_app
from app.config import Settings
from app.extensions import db
from app.runtime import databases
from app.runtime.embedded import Postgres, Redis
from app.runtime.prepare import migrate

ADMIN_URL = "ONEBOOKING_TEST_ADMIN_URL"
RUN = "ONEBOOKING_TEST_RUN"  # prefix of every database of this run
REDIS_BASE = "ONEBOOKING_TEST_REDIS"
TEMP_PREFIX = "ob-test-"


def template_name() -> str:
    """The migrated, empty database that all others are copies of."""
    return f"{os.environ[RUN]}_template"


def database_url(name: str) -> str:
    return databases.named(os.environ[ADMIN_URL], name)


def new_database(suffix: str) -> str:
    """Clone the template; returns the URL of the copy."""
    name = f"{os.environ[RUN]}_{suffix}"
    databases.create_database(os.environ[ADMIN_URL], name, template=template_name())
    return database_url(name)


def drop(url: str) -> None:
    databases.drop_database(os.environ[ADMIN_URL], make_url(url).database or "")


def redis_url(worker_id: str) -> str:
    """A Redis database for one xdist worker (`gw3`, or `master` without xdist)."""
    number = int(worker_id.removeprefix("gw")) + 1 if worker_id.startswith("gw") else 0
    return os.environ[REDIS_BASE].replace("{db}", str(number))


def start(config: pytest.Config) -> None:
    """Start what the run needs; everything is undone by the cleanups of `config`."""
    sweep()
    home = Path(tempfile.mkdtemp(prefix=f"{TEMP_PREFIX}{os.getpid()}-"))
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))
    os.environ[RUN] = f"onebooking_test_{uuid.uuid4().hex[:8]}"
    _redis(config, home)
    _postgres(config, home)
    config.add_cleanup(_drop_all)
    _migrate_template(home)


def sweep() -> None:
    """Remove the directories of runs that were killed."""
    for left in Path(tempfile.gettempdir()).glob(f"{TEMP_PREFIX}*"):
        pid = left.name.removeprefix(TEMP_PREFIX).partition("-")[0]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(left, ignore_errors=True)


def spawn(argv: list[str], log: Path, signum: int = signal.SIGTERM) -> Callable[[], None]:
    """Start a server with its output in `log`; returns what stops it."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )

    def stop() -> None:
        process.send_signal(signum)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    return stop


def _postgres(config: pytest.Config, home: Path) -> None:
    if given := os.environ.get("DATABASE_URL"):
        os.environ[ADMIN_URL] = given
        databases.wait_for(given, 10)
        return
    server = Postgres(home / "postgres", home / "pg", durable=False)
    server.prepare()
    config.add_cleanup(spawn(server.command(), home / "postgres.log", signal.SIGINT))
    databases.wait_for(server.url("postgres", role="postgres"), 30)
    databases.ensure_role(server)
    os.environ[ADMIN_URL] = server.url("postgres")


def _redis(config: pytest.Config, home: Path) -> None:
    if given := os.environ.get("REDIS_URL"):
        base, _, number = given.rpartition("/")
        os.environ[REDIS_BASE] = f"{base if number.isdigit() else given}/{{db}}"
        _refuse_foreign_data()
        return
    server = Redis(home / "redis", home / "redis.sock", durable=False)
    server.prepare()
    config.add_cleanup(spawn(server.command(), home / "redis.log"))
    os.environ[REDIS_BASE] = server.url().replace("db=0", "db={db}")
    deadline = time.monotonic() + 10
    while not server.socket.exists() and time.monotonic() < deadline:
        time.sleep(0.02)


def _refuse_foreign_data() -> None:
    """The tests flush what they use: never let that be somebody's data."""
    for worker in ("master", "gw0", "gw1", "gw2", "gw3"):
        client = redis.Redis.from_url(redis_url(worker))
        if client.dbsize():
            raise pytest.UsageError(f"The Redis database {redis_url(worker)} holds data: empty it.")
        client.close()


def _migrate_template(home: Path) -> None:
    databases.create_database(os.environ[ADMIN_URL], template_name())
    settings = Settings(
        env="test",
        database_url=database_url(template_name()),
        redis_url=redis_url("master"),
        data_dir=home,
    )
    app = create_app(settings)
    migrate(app)
    with app.app_context():
        db.engine.dispose()


def _drop_all() -> None:
    for name in databases.database_names(os.environ[ADMIN_URL]):
        if name.startswith(os.environ[RUN]):
            databases.drop_database(os.environ[ADMIN_URL], name)
