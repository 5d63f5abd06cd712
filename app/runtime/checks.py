"""What must be true before anything starts; each fault is one line that says what to do."""

import contextlib
import fcntl
import os
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import psutil
import psycopg
import redis

from app.runtime import databases
from app.runtime.plan import Plan, StartError

OLDEST_POSTGRES = 14
PATIENCE = 60  # seconds for an earlier run, whose launcher was killed, to end


def make_directories(plan: Plan) -> None:
    """DATA_DIR and its folders, for this user alone. Raises StartError when it is not writable."""
    try:
        for directory in (plan.data, plan.logs, plan.run):
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        (plan.data / "run" / ".writable").write_text("")
    except OSError as error:
        reason = f"{error.strerror}: {error.filename}"
        raise StartError(
            f"DATA_DIR={plan.data} cannot be written ({reason}). Set another."
        ) from None
    plan.sockets.mkdir(exist_ok=True, mode=0o700)
    found = plan.sockets.lstat()
    ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    if not ours or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise StartError(f"{plan.sockets} is open to somebody else. Set a shorter DATA_DIR.")


@contextlib.contextmanager
def locked(data: Path) -> Iterator[IO[str]]:
    """Hold DATA_DIR for this run and for the supervisor that inherits the file.

    Raises StartError when another `./run` has it. One that was killed is waited for.
    """
    with (data / "lock").open("a+") as lock:
        deadline = time.monotonic() + PATIENCE
        while not _try(lock):
            lock.seek(0)
            holder = lock.read().strip()
            alive = holder.isdigit() and psutil.pid_exists(int(holder))
            if alive or time.monotonic() > deadline:
                raise StartError(
                    f"DATA_DIR={data} is in use by another ./run (process {holder}). "
                    "Stop it, or set DATA_DIR to another directory."
                )
            time.sleep(0.2)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield lock


def _try(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def check_ports(plan: Plan) -> None:
    """Raises StartError when somebody listens where we are going to."""
    ports = {"PORT": plan.port} | ({"PORT + 1 (demo website)": plan.demo_port} if plan.demo else {})
    for name, port in plan.standins.items():
        ports[f"PORT + {port - plan.port} (stand-in for {name})"] = port
    for name, port in ports.items():
        family = socket.AF_INET6 if ":" in plan.host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((plan.host, port))
            except OSError as error:
                raise StartError(
                    f"{name} {port} on {plan.host}: {error.strerror}. "
                    "Stop what uses it, or start with another PORT."
                ) from None


def check_database(url: str) -> None:
    """Raises StartError when the PostgreSQL of DATABASE_URL is out of reach or too old."""
    try:
        databases.ensure_database(url)
        with databases.connect(url) as connection:
            version = connection.info.server_version // 10_000
    except (psycopg.Error, ValueError) as error:
        reason = " ".join(str(error).split())
        raise StartError(f"DATABASE_URL cannot be used: {reason}") from None
    if version < OLDEST_POSTGRES:
        raise StartError(
            f"DATABASE_URL is PostgreSQL {version}; {OLDEST_POSTGRES} or newer is needed."
        )


def check_redis(url: str) -> None:
    """Raises StartError when the Redis of REDIS_URL is out of reach."""
    if said := redis_silence(url):
        raise StartError(f"REDIS_URL cannot be used: {said}")


def redis_silence(url: str) -> str | None:
    """Why this Redis does not answer now; None when it does."""
    try:
        with redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5) as client:
            client.ping()
    except (redis.RedisError, ValueError, OSError) as error:
        return str(error)
    return None
