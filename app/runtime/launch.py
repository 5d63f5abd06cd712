"""One start of an installation, from the first check until the last process is gone."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
from http import HTTPStatus
from types import FrameType
from typing import IO, NoReturn

from app.runtime import banner, checks, databases, supervise
from app.runtime.embedded import SUPERUSER, Postgres, Redis, tied
from app.runtime.environment import DATABASE, program_environment
from app.runtime.plan import LINK, ROOT, Plan, StartError, read_plan
from app.runtime.programs import app_programs, server_programs
from app.runtime.supervise import Supervisor

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
RECOVERY_SECONDS = 600  # a big database after a power cut
READY_SECONDS = 60
REVIVE_SECONDS = 15
CONNECTIONS_PER_PROCESS = 20  # more than a full pool


class Stopped(BaseException):
    """Somebody asked us to stop: Ctrl-C, `kill`, or the terminal is gone."""


def main() -> int:
    """Run until told to stop: exit code 0 then, and 1 when it cannot start or go on."""
    for signum in SIGNALS:
        signal.signal(signum, _raise_stopped)
    os.umask(0o077)
    try:
        plan = read_plan(os.environ)
        checks.make_directories(plan)
        with checks.locked(plan.data) as lock:
            run(plan, lock)
    except Stopped:
        return 0
    except StartError as error:
        print(error, file=sys.stderr)
    return 1


def _raise_stopped(signum: int, frame: FrameType | None) -> None:
    raise Stopped


def run(plan: Plan, lock: IO[str]) -> None:
    """Start everything, say so, watch over it. Raises StartError or Stopped when all is stopped."""
    checks.check_ports(plan)
    postgres, redis = embedded_servers(plan)
    environment = program_environment(plan, os.environ, postgres, redis)
    if not postgres:
        checks.check_database(environment["DATABASE_URL"])
    if not redis:
        checks.check_redis(environment["REDIS_URL"])
    shutil.rmtree(plan.metrics, ignore_errors=True)
    plan.metrics.mkdir()
    programs = [*server_programs(postgres, redis), *app_programs(plan)]
    supervisor = Supervisor(plan)
    try:
        supervisor.start(programs, environment, lock)
        if postgres:
            await_postgres(supervisor, postgres)
        link = prepare(plan, environment)
        supervisor.start_app()
        if redis:
            await_redis(supervisor, redis)
        supervisor.wait(lambda: not_ready(plan), READY_SECONDS)
        if plan.demo:
            supervisor.wait(lambda: not_listening(plan), READY_SECONDS)
        banner.show(plan, link)
        watch(supervisor)
    finally:
        for signum in SIGNALS:
            signal.signal(signum, signal.SIG_IGN)
        supervisor.stop()
        if plan.sockets != plan.run:
            shutil.rmtree(plan.sockets, ignore_errors=True)


def embedded_servers(plan: Plan) -> tuple[Postgres | None, Redis | None]:
    """The servers that the environment does not name, ready to be started."""
    postgres = redis = None
    try:
        if not plan.database_url:
            processes = plan.web_processes + plan.workers
            connections = 40 + processes * CONNECTIONS_PER_PROCESS
            place = plan.data / "postgres", plan.sockets / "pg"
            postgres = Postgres(*place, connections=connections)
            postgres.prepare()
        if not plan.redis_url:
            redis = Redis(plan.data / "redis", plan.sockets / "redis.sock")
            redis.prepare()
    except (subprocess.CalledProcessError, OSError, KeyError) as error:
        raise StartError(f"The embedded servers cannot be set up: {error}") from None
    return postgres, redis


def await_postgres(supervisor: Supervisor, server: Postgres) -> None:
    """Return when the embedded PostgreSQL answers and has our role and database."""
    root = server.url("postgres", role=SUPERUSER)
    supervisor.wait(lambda: databases.silence(root), RECOVERY_SECONDS)
    databases.ensure_role(server)
    databases.ensure_database(server.url(DATABASE))


def await_redis(supervisor: Supervisor, server: Redis) -> None:
    """Return when the embedded Redis answers. The hub works without, but should not begin so."""
    supervisor.wait(lambda: checks.redis_silence(server.url()), RECOVERY_SECONDS)


def prepare(plan: Plan, environment: dict[str, str]) -> str | None:
    """Migrate and load the demo, in a process of its own; returns the link for the first admin."""
    log = plan.logs / "prepare.log"
    with log.open("w") as output:
        done = subprocess.run(
            tied([sys.executable, "-m", "app.runtime.prepare"]), cwd=ROOT, env=environment,
            stdout=subprocess.PIPE, stderr=output, text=True, check=False,
        )  # fmt: skip
    if done.returncode:
        lines = (done.stdout + log.read_text()).splitlines()[-15:]
        raise StartError("\n  ".join([f"The installation cannot be prepared ({log}):", *lines]))
    links = [line.removeprefix(LINK) for line in done.stdout.splitlines() if line.startswith(LINK)]
    return links[0] if links else None


def not_ready(plan: Plan) -> str | None:
    """Why the web process does not serve yet; None when it says that it can."""
    connection = http.client.HTTPConnection(plan.connect_host, plan.port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        if answer.status == HTTPStatus.OK:
            return None
        return f"/readyz answers {answer.status}: {answer.read(300).decode(errors='replace')}"
    except (OSError, http.client.HTTPException) as error:
        return f"/readyz cannot be asked: {error}"
    finally:
        connection.close()


def not_listening(plan: Plan) -> str | None:
    """Why the demo website cannot be reached; None when it can."""
    try:
        socket.create_connection((plan.connect_host, plan.demo_port), timeout=5).close()
    except OSError as error:
        return f"the demo website does not answer: {error}"
    return None


def watch(supervisor: Supervisor) -> NoReturn:
    """Try given-up programs again, all the time. Raises StartError when supervisord dies."""
    told: set[str] = set()
    while True:
        supervisor.check()
        revived = set(supervisor.revive())
        for name in revived - told:
            print(supervise.failure(supervisor.plan.logs, name), file=sys.stderr)
            print(f"  Trying again every {REVIVE_SECONDS} s.", file=sys.stderr, flush=True)
        told = revived
        supervisor.pause(REVIVE_SECONDS)
