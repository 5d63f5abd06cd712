"""A test run leaves no server and no process behind, however it ends."""

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.harness.processes import Daemon, python, until
from tests.harness.servers import TEMP_PREFIX

pytestmark = pytest.mark.slow


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Daemon]:
    """A run of its own, in the middle of a test, on two xdist workers."""
    inherited = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    argv = python("-m", "pytest", "-n2", "-p", "no:cacheprovider", "tests/runtime/sleeper.py")
    daemon = Daemon(argv, tmp_path / "run.log", inherited)
    daemon.start()
    until(lambda: "2 workers [1 item]" in daemon.output(), 120, "the run did not start")
    yield daemon
    daemon.stop()


def servers(run: Daemon) -> list[str]:
    """The commands that work in the temporary directory of this run."""
    mark = f"{TEMP_PREFIX}{run.pid}-"
    found = []
    for process in psutil.process_iter():
        try:
            command = " ".join([*process.cmdline(), process.cwd()])
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        if mark in command:
            found.append(command)
    return found


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_outlives_a_run(run: Daemon, signum: signal.Signals) -> None:
    workers = psutil.Process(run.pid).children(recursive=True)
    assert any("postgres" in command for command in servers(run))
    assert any("redis" in command for command in servers(run))
    assert run.kill(signum) != 0
    until(lambda: not servers(run), 20, f"after {signum.name} there is left: {servers(run)}")
    until(lambda: not any(map(psutil.Process.is_running, workers)), 20, "a process is left")
    if signum != signal.SIGKILL:  # after that the next run sweeps
        assert not list(Path(tempfile.gettempdir()).glob(f"{TEMP_PREFIX}{run.pid}-*"))
