"""What `./run` was asked for: its settings, read from the environment and checked."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOOPBACK = "127.0.0.0/8,::1,localhost"
STANDINS = {"covermanager": 2, "restoo": 3, "paypal": 4, "twilio": 5, "graph": 6}
"""Stand-ins of the demo, by how far above PORT they listen."""
LINK = "first-admin-link: "  # how `prepare` marks the line that holds it
LONGEST_SOCKET_DIR = 80  # a socket's whole path must fit in 107 bytes


class StartError(Exception):
    """The installation cannot start; the message is one line that says what to do."""


@dataclass(frozen=True)
class Plan:
    """One start of one installation on this machine."""

    host: str
    port: int
    data: Path
    database_url: str | None
    redis_url: str | None
    demo: bool
    outbound_allow: str
    web_processes: int
    workers: int

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    @property
    def run(self) -> Path:
        """Files that matter only while it runs."""
        return self.data / "run"

    @property
    def metrics(self) -> Path:
        """Where the processes of this run keep their counters."""
        return self.run / "metrics"

    @property
    def sockets(self) -> Path:
        """Where the unix sockets live: in the data if its path is short enough, else in /tmp."""
        if len(os.fsencode(self.run)) <= LONGEST_SOCKET_DIR:
            return self.run
        mark = hashlib.sha256(os.fsencode(self.data)).hexdigest()[:12]
        return Path(f"/tmp/onebooking-{os.geteuid()}-{mark}")  # noqa: S108 - owner and mode are checked

    @property
    def demo_port(self) -> int:
        return self.port + 1

    @property
    def standins(self) -> dict[str, int]:
        """What stands in for the outside world in the demo, and on which port."""
        return {name: self.port + more for name, more in STANDINS.items()} if self.demo else {}

    @property
    def here(self) -> str:
        """The address of the web process as seen from this machine."""
        host = self.connect_host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def connect_host(self) -> str:
        """Where this machine reaches what listens on `host`."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104

    @property
    def address(self) -> str:
        """The address as people are told."""
        return f"http://127.0.0.1:{self.port}"


def read_plan(environment: Mapping[str, str]) -> Plan:
    """The plan in `environment`. Raises StartError for a value that cannot be."""
    production = environment.get("ENV") == "production"
    demo = _switch(environment, "DEMO", default=not production)
    if demo and production:
        raise StartError("ENV=production refuses the demo: its logins are public. Set DEMO=0.")
    return Plan(
        host=environment.get("HOST") or "127.0.0.1",
        port=_number(environment, "PORT", 8000, 65_000),
        data=Path(environment.get("DATA_DIR") or "var").absolute(),
        database_url=environment.get("DATABASE_URL") or None,
        redis_url=environment.get("REDIS_URL") or None,
        demo=demo,
        outbound_allow=environment.get("OUTBOUND_ALLOW", LOOPBACK if demo else ""),
        web_processes=_number(environment, "WEB_PROCESSES", 2, 256),
        workers=_number(environment, "WORKERS", 1, 256),
    )


def _number(environment: Mapping[str, str], name: str, default: int, highest: int) -> int:
    value = environment.get(name) or str(default)
    if not value.isdecimal() or not 1 <= int(value) <= highest:
        raise StartError(f"{name}={value} is not a number from 1 to {highest}.")
    return int(value)


def _switch(environment: Mapping[str, str], name: str, *, default: bool) -> bool:
    value = environment.get(name, "").lower()
    if value in ("", "1", "0", "true", "false", "yes", "no", "on", "off"):
        return value in ("1", "true", "yes", "on") if value else default
    raise StartError(f"{name}={value} is neither 1 nor 0.")
