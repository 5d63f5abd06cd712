"""Programs of the product that start in an instant: forked from a process that has imported them.

They are processes like any others, with an environment, a log and a death of their own. What is
saved is two seconds of imports for each. `./run` itself is tested with programs started plainly.
"""

import importlib
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess

from app.runtime.child import die_with_parent
from tests.harness.processes import ROOT, Daemon, Process

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.harness.loaded"])


class Program(Daemon):
    """A program of the product: `argv` is what follows `python`. It ends with this process."""

    def _begin(self) -> Process:
        arguments = (self.argv, dict(self.environment), str(self.log))
        process = _context.Process(target=_become, args=arguments)
        self.log.touch()
        process.start()
        return Forked(process)


@dataclass
class Forked:
    """A process of `multiprocessing`, as a Daemon wants it."""

    process: ForkServerProcess

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def poll(self) -> int | None:
        """The exit code; None while it runs."""
        return self.process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, once there is one. Raises `subprocess.TimeoutExpired`."""
        self.process.join(timeout)
        if self.process.exitcode is None:
            raise subprocess.TimeoutExpired(str(self.process), timeout or 0)
        return self.process.exitcode

    def send_signal(self, sig: int) -> None:
        """Nothing, when it has ended."""
        if self.poll() is None:
            os.kill(self.pid, sig)


def _become(arguments: list[str], environment: dict[str, str], log: str) -> None:
    os.setsid()
    die_with_parent(signal.SIGTERM, os.getppid())
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(output, stream.fileno())
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    importlib.reload(sys.modules["app.deliveries.faults"])  # has read the environment already
    if arguments[0] == "-m":
        sys.argv = arguments[1:]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        runpy.run_path(arguments[0], run_name="__main__")
