"""The supervisor: supervisord keeps the programs running, this talks to it.

Its configuration holds no path and no secret: both reach it through the environment, which nothing
parses. It lives in a session of its own, out of reach of Ctrl-C, and stops when we are gone.
"""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from xmlrpc.client import ServerProxy

from supervisor.xmlrpc import SupervisorTransport

from app.runtime.embedded import tied
from app.runtime.plan import Plan, StartError
from app.runtime.programs import Program

ROOT = Path(__file__).parents[2]
STOP_SECONDS = 100  # longer than the programs are given in total
APP = "app"

HEAD = """\
[unix_http_server]
file=%(ENV_OB_SOCKETS)s/supervisor.sock
chmod=0700

[supervisord]
nodaemon=true
silent=true
umask=077
logfile=%(ENV_OB_LOGS)s/supervisord.log
logfile_maxbytes=5MB
logfile_backups=1
pidfile=%(ENV_OB_RUN)s/supervisord.pid
childlogdir=%(ENV_OB_LOGS)s

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""

PROGRAM = """
[program:{name}]
command=%(ENV_OB_COMMAND_{name})s
numprocs={copies}
process_name={process_name}
priority={priority}
autostart={autostart}
autorestart=true
startsecs=2
startretries=3
stopsignal={stop_signal}
stopwaitsecs={stop_seconds}
stopasgroup={stop_as_group}
killasgroup=true
redirect_stderr=true
stdout_logfile=%(ENV_OB_LOGS)s/{process_name}.log
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=3
"""


@dataclass
class Supervisor:
    """A running supervisord."""

    plan: Plan
    process: subprocess.Popen[bytes]

    def rpc(self, method: str, *arguments: Any) -> Any:
        """Call supervisord, for instance `rpc("getState")`. Raises `xmlrpc.client.Fault`."""
        transport = SupervisorTransport(serverurl=f"unix://{self.plan.sockets}/supervisor.sock")
        with ServerProxy("http://127.0.0.1", transport=transport) as server:
            return getattr(server.supervisor, method)(*arguments)

    def start_app(self) -> None:
        """Start what had to wait for the servers."""
        self.rpc("startProcessGroup", APP, False)

    def failed(self) -> list[str]:
        """The names of the programs that supervisord has given up."""
        found = self.rpc("getAllProcessInfo")
        return [f"{one['group']}:{one['name']}" for one in found if one["statename"] == "FATAL"]

    def wait(self, until: Callable[[], bool], seconds: float, what: str) -> None:
        """Return when `until` is true. Raises StartError when a program fails or time is up."""
        deadline = time.monotonic() + seconds
        while not until():
            if self.process.poll() is not None:
                raise StartError(
                    f"The supervisor ended: {self.plan.logs}/supervisord.log says why."
                )
            if failed := self.failed():
                raise StartError(failure(self.plan.logs, failed[0]))
            if time.monotonic() > deadline:
                raise StartError(f"{what} after {seconds:.0f} s: see {self.plan.logs}.")
            time.sleep(0.1)

    def revive(self) -> list[str]:
        """Try the given-up programs once more; returns their names."""
        failed = self.failed()
        for name in failed:
            self.rpc("startProcess", name, False)
        return failed

    def stop(self) -> None:
        """Stop every program, the servers last, then supervisord itself."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()  # the kernel then stops its programs
            self.process.wait()


def start(
    plan: Plan, programs: list[Program], environment: Mapping[str, str], lock: IO[str]
) -> Supervisor:
    """Start supervisord. `lock` is its input: the data stays locked until it has ended, too."""
    config = plan.run / "supervisord.conf"
    config.write_text(configuration(programs))
    commands = {f"OB_COMMAND_{each.name}": shlex.join(each.argv) for each in programs}
    places = {"OB_SOCKETS": plan.sockets, "OB_LOGS": plan.logs, "OB_RUN": plan.run}
    (plan.sockets / "supervisor.sock").unlink(missing_ok=True)
    serve = [sys.executable, "-m", "supervisor.supervisord", "--nodaemon", "-c", str(config)]
    with (plan.logs / "supervisord.out").open("wb") as output:
        process = subprocess.Popen(
            tied(serve, parent=os.getpid()), cwd=ROOT, start_new_session=True,
            env={**environment, **commands, **{name: str(path) for name, path in places.items()}},
            stdin=lock, stdout=output, stderr=output,
        )  # fmt: skip
    supervisor = Supervisor(plan, process)
    socket = plan.sockets / "supervisor.sock"
    deadline = time.monotonic() + 20
    while not socket.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    return supervisor


def configuration(programs: list[Program]) -> str:
    """The text of supervisord.conf. Programs that wait are one group: they stop together."""
    waiting = [each for each in programs if not each.at_once]
    group = f"\n[group:{APP}]\nprograms={','.join(each.name for each in waiting)}\npriority=30\n"
    return HEAD + "".join(map(_section, programs)) + group


def failure(logs: Path, name: str) -> str:
    """What to tell about a program that does not start: its name and the end of its log."""
    name = name.partition(":")[2]
    log = logs / f"{name}.log"
    lines = log.read_text(errors="replace").splitlines()[-15:] if log.exists() else []
    return "\n  ".join([f"{name} does not start. The end of {log}:", *lines])


def _section(program: Program) -> str:
    values = {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in vars(program).items()
    }
    process_name = program.name if program.copies == 1 else f"{program.name}_%(process_num)d"
    return PROGRAM.format(**values, process_name=process_name, autostart=values["at_once"])
