"""Real processes for tests: killed in any way, and gone at the end, also if pytest is killed."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

from app.runtime.embedded import tied

ROOT = Path(__file__).parents[2]
T = TypeVar("T")


class Process(Protocol):
    """What a Daemon needs of a `subprocess.Popen`."""

    @property
    def pid(self) -> int: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, sig: int) -> None: ...


@dataclass
class Daemon:
    """One program in a session of its own. It dies with the thread that starts it: use the main."""

    argv: list[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    process: Process | None = None

    def start(self) -> None:
        """Start it, or start it again after its end."""
        if self.process is not None:
            self.process.wait(1)
        self.process = self._begin()

    def _begin(self) -> Process:
        with self.log.open("ab") as output:
            return subprocess.Popen(
                self.argv, cwd=ROOT, env=dict(self.environment), start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )  # fmt: skip

    @property
    def pid(self) -> int:
        assert self.process is not None, "not started"
        return self.process.pid

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self, signum: int = signal.SIGKILL) -> int:
        """Send a signal to the program alone and wait for its end; returns its exit code."""
        assert self.process is not None, "not started"
        self.process.send_signal(signum)
        return self.process.wait(30)

    def stop(self, signum: int = signal.SIGTERM, seconds: float = 10) -> None:
        """End the program, and whatever it has started."""
        if self.process is None:
            return
        if self.running:
            self.process.send_signal(signum)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(seconds)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def output(self, lines: int = 30) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def python(*arguments: str) -> list[str]:
    """A Python program that dies with this process."""
    return tied([sys.executable, *arguments])


def free_port() -> int:
    """A port of the loopback address that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def free_block(ports: int) -> int:
    """The first of so many free ports in a row."""
    while True:
        first = free_port()
        try:
            for port in range(first, first + ports):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            continue
        return first


def until(look: Callable[[], T], seconds: float = 15, what: str = "it did not happen") -> T:
    """Return what `look` returns once that is true. Fails with `what` when time is up."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"{what} within {seconds:.0f} s"
        time.sleep(0.05)
    return found
