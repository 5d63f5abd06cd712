"""One PostgreSQL and one Redis for a whole test run.

The controlling process starts them and hands their addresses to the xdist workers through the
environment. `DATABASE_URL` / `REDIS_URL` name servers to use instead: the run makes databases of
its own there, and drops them.
"""

import os
import shutil
import signal
import tempfile
import uuid
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
from tests.harness.processes import Daemon, until

ADMIN_URL = "ONEBOOKING_TEST_ADMIN_URL"
RUN = "ONEBOOKING_TEST_RUN"  # prefix of every database of this run
HOME = "ONEBOOKING_TEST_HOME"  # directory of this run
REDIS_BASE = "ONEBOOKING_TEST_REDIS"
REDIS_SHARE = "ONEBOOKING_TEST_REDIS_SHARE"  # databases for each xdist worker
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


def place(name: str) -> Path:
    """A new directory for a program of the tests.

    Not in pytest's own: that is closed to other users, such as the one that runs PostgreSQL,
    each time that some pytest starts on this machine.
    """
    return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=os.environ[HOME]))


def compiled_templates() -> Path:
    """Where the apps of this run share their compiled templates."""
    found = Path(os.environ[HOME]) / "templates"
    found.mkdir(exist_ok=True)
    return found


def redis_url(worker_id: str, number: int = 0) -> str:
    """One of the Redis databases of an xdist worker (`gw3`, or `master` without xdist)."""
    share = int(os.environ[REDIS_SHARE])
    worker = int(worker_id.removeprefix("gw")) if worker_id.startswith("gw") else 0
    return os.environ[REDIS_BASE].replace("{db}", str(worker * share + number % share))


def start(config: pytest.Config) -> None:
    """Start what the run needs; everything is undone by the cleanups of `config`."""
    sweep()
    home = Path(tempfile.mkdtemp(prefix=f"{TEMP_PREFIX}{os.getpid()}-"))
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))
    os.environ[HOME] = str(home)
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


def _postgres(config: pytest.Config, home: Path) -> None:
    if given := os.environ.get("DATABASE_URL"):
        os.environ[ADMIN_URL] = given
        databases.wait_for(given, 10)
        return
    server = Postgres(home / "postgres", home / "pg", durable=False)
    server.prepare()
    daemon = Daemon(server.command(), home / "postgres.log")
    daemon.start()
    config.add_cleanup(lambda: daemon.stop(signal.SIGINT))
    databases.wait_for(server.url("postgres", role="postgres"), 30)
    databases.ensure_role(server)
    os.environ[ADMIN_URL] = server.url("postgres")


def _redis(config: pytest.Config, home: Path) -> None:
    if given := os.environ.get("REDIS_URL"):
        base, _, number = given.rpartition("/")
        os.environ[REDIS_BASE] = f"{base if number.isdigit() else given}/{{db}}"
        os.environ[REDIS_SHARE] = "4"  # of the usual 16: for up to four xdist workers
        _refuse_foreign_data()
        config.add_cleanup(_empty_redis)
        return
    server = Redis(home / "redis", home / "redis.sock", durable=False, databases=1024)
    server.prepare()
    daemon = Daemon(server.command(), home / "redis.log")
    daemon.start()
    config.add_cleanup(daemon.stop)
    until(server.socket.exists, what="Redis did not start")
    os.environ[REDIS_BASE] = server.url().replace("db=0", "db={db}")
    os.environ[REDIS_SHARE] = "32"


def _refuse_foreign_data() -> None:
    """The tests flush what they use: never let that be somebody's data."""
    with redis.Redis.from_url(redis_url("master")) as client:
        if client.info("keyspace"):
            raise pytest.UsageError("REDIS_URL holds data, which the tests would delete.")


def _empty_redis() -> None:
    """Remove what the run has put into a Redis that was empty when it began."""
    for worker in range(4):
        for number in range(4):
            with redis.Redis.from_url(redis_url(f"gw{worker}", number)) as client:
                client.flushdb()


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
