"""`./run` on a data directory of the test's own."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from app.runtime.plan import STANDINS, Plan, read_plan
from app.runtime.supervise import call
from tests.harness.processes import ROOT, Daemon, free_block, python, until
from tests.harness.servers import place

SERVERS = ("DATABASE_URL", "REDIS_URL", "OUTBOUND_ALLOW")


@dataclass
class Launcher:
    """One `./run`: the same program, started where `.venv` is known to be current."""

    data: Path
    environment: dict[str, str]
    daemon: Daemon

    @property
    def plan(self) -> Plan:
        return read_plan(self.environment)

    def start(self) -> None:
        """Start it and wait for its word that it is ready."""
        self.daemon.log.unlink(missing_ok=True)
        self.daemon.start()
        until(self._ready, 180, "not ready")

    def _ready(self) -> bool:
        assert self.daemon.running, self.output()
        return "Data and logs" in self.output()

    def output(self) -> str:
        return self.daemon.output(100)

    def pid(self, program: str) -> int:
        """The process that runs `program` now; 0 while none does."""
        return int(call(self.plan, "getProcessInfo", program)["pid"])

    def processes(self) -> list[psutil.Process]:
        """Every process of this installation: its environment or its folder names the data."""
        mark = f"{self.data}"
        found = []
        for process in psutil.process_iter():
            try:
                named = [process.environ().get("DATA_DIR"), process.cwd(), *process.cmdline()]
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
            if any(name and mark in name for name in named):
                found.append(process)
        return found


LauncherFactory = Callable[..., Launcher]


def make_launcher(data: Path, log: Path, **settings: str) -> Launcher:
    """A launcher on `data`, on ports that are free."""
    inherited = {name: value for name, value in os.environ.items() if name not in SERVERS}
    environment = inherited | {
        "DATA_DIR": str(data),
        "PORT": str(free_block(max(STANDINS.values()) + 1)),
        "DEMO": "0",
        "WEB_PROCESSES": "1",
        **settings,
    }
    return Launcher(data, environment, Daemon(python("app/runtime"), log, environment))


@pytest.fixture
def home() -> Path:
    """A directory for the data and the log of the test's launchers."""
    return place("launch")


@pytest.fixture
def launcher(home: Path) -> Iterator[LauncherFactory]:
    """Makes launchers, by default on one data directory; they are stopped at the end."""
    with ExitStack() as running:

        def make(data: Path = home / "data", **settings: str) -> Launcher:
            log = home / f"launcher{len(list(home.glob('*.log')))}.log"
            made = make_launcher(data, log, **settings)
            running.callback(made.daemon.stop, seconds=60)
            return made

        yield make


@dataclass
class Refusal:
    """How a launcher ended that could not start."""

    code: int
    message: str


@pytest.fixture
def refusal(home: Path) -> Callable[..., Refusal]:
    """Starts a launcher that must refuse; checks that it leaves nothing running."""

    def run(data: Path = home / "data", **settings: str) -> Refusal:
        made = make_launcher(data, home / "refused.log", **settings)
        done = subprocess.run(
            [sys.executable, "app/runtime"], cwd=ROOT, env=made.environment,
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert "Ready" not in done.stdout
        return Refusal(done.returncode, done.stderr.strip())

    return run
