"""The supervisor: supervisord keeps the programs running, this talks to it.

It lives in a session of its own, out of reach of Ctrl-C, and stops everything when we are gone.
"""

import contextlib
import os
import shlex
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from supervisor.xmlrpc import SupervisorTransport

from app.runtime.embedded import tied
from app.runtime.plan import Plan, StartError
from app.runtime.programs import Program
from app.runtime.supervisord import APP, configuration

STOP_SECONDS = 100  # longer than the programs are given in total
UNREACHABLE = (OSError, xmlrpc.client.Error)


@dataclass
class Supervisor:
    """One supervisord with its programs."""

    plan: Plan
    process: subprocess.Popen[bytes] | None = None

    def start(self, programs: list[Program], environment: Mapping[str, str], lock: IO[str]) -> None:
        """Start it. `lock` is its input: the data stays locked until it has ended, too."""
        config = self.plan.run / "supervisord.conf"
        config.write_text(configuration(self.plan, programs))
        commands = {f"OB_COMMAND_{each.name}": shlex.join(each.argv) for each in programs}
        socket = self.plan.sockets / "supervisor.sock"
        socket.unlink(missing_ok=True)
        serve = [sys.executable, "-m", "supervisor.supervisord", "--nodaemon", "-c", str(config)]
        with (self.plan.logs / "supervisord.out").open("wb") as output:
            self.process = subprocess.Popen(
                tied(serve, parent=os.getpid()), cwd=self.plan.data,
                env={**environment, **commands},
                stdin=lock, stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip
        self.wait(lambda: None if socket.exists() else "supervisord does not answer", 30)

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start_app(self) -> None:
        """Start what had to wait for the servers."""
        call(self.plan, "startProcessGroup", APP, False)

    def failed(self) -> list[str]:
        """The names of the programs that supervisord has given up."""
        try:
            found = call(self.plan, "getAllProcessInfo")
        except UNREACHABLE:  # starting, or gone: `running` tells
            return []
        return [f"{one['group']}:{one['name']}" for one in found if one["statename"] == "FATAL"]

    def wait(self, trouble: Callable[[], str | None], seconds: float) -> None:
        """Return when there is no `trouble`. Raises StartError when a program fails, or in time."""
        deadline = time.monotonic() + seconds
        while said := trouble():
            self.check()
            if failed := self.failed():
                raise StartError(failure(self.plan.logs, failed[0]))
            if time.monotonic() > deadline:
                raise StartError(f"After {seconds:.0f} s: {said}. The logs: {self.plan.logs}")
            time.sleep(0.05)

    def check(self) -> None:
        """Raises StartError when supervisord has ended."""
        if not self.running:
            raise StartError(f"The supervisor ended: {self.plan.logs}/supervisord.log says why.")

    def pause(self, seconds: float) -> None:
        """Sleep, or less when supervisord ends."""
        assert self.process is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)

    def revive(self) -> list[str]:
        """Try the given-up programs once more; returns their names."""
        failed = self.failed()
        for name in failed:
            with contextlib.suppress(*UNREACHABLE):
                call(self.plan, "startProcess", name, False)
        return failed

    def stop(self) -> None:
        """Stop every program, the servers last, then supervisord itself."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()  # the kernel then stops its programs
            self.process.wait()


def call(plan: Plan, method: str, *arguments: Any) -> Any:
    """Ask supervisord, for instance `call(plan, "getState")`. Raises one of UNREACHABLE."""
    transport = SupervisorTransport(serverurl=f"unix://{plan.sockets}/supervisor.sock")
    with xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport) as server:
        return getattr(server.supervisor, method)(*arguments)


def failure(logs: Path, name: str) -> str:
    """What to tell about a program that does not start: its name and the end of its log."""
    name = name.partition(":")[2]
    log = logs / f"{name}.log"
    lines = log.read_text(errors="replace").splitlines()[-15:] if log.exists() else []
    return "\n  ".join([f"{name} does not start. The end of {log}:", *lines])
