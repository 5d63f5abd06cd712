"""The programs of an installation, and in which order they stop."""

import sys
from dataclasses import dataclass

from app.runtime.embedded import Postgres, Redis, tied
from app.runtime.plan import ROOT, Plan


@dataclass(frozen=True)
class Program:
    """One program under the supervisor."""

    name: str
    argv: list[str]
    priority: int
    """The lowest starts first and stops last."""
    copies: int = 1
    stop_signal: str = "TERM"
    stop_seconds: int = 20
    stop_as_group: bool = True
    at_once: bool = False
    """Started with the supervisor; the others wait for the servers and the migrations."""


def server_programs(postgres: Postgres | None, redis: Redis | None) -> list[Program]:
    """The embedded servers."""
    programs = []
    if postgres:
        # The signal is for the postmaster alone: to its helper processes INT means other things.
        programs.append(
            Program(
                "postgres", postgres.command(), priority=10, at_once=True,
                stop_signal="INT", stop_seconds=60, stop_as_group=False,
            )
        )  # fmt: skip
    if redis:
        programs.append(Program("redis", redis.command(), priority=20, at_once=True))
    return programs


def app_programs(plan: Plan) -> list[Program]:
    """What is ours. They share one priority group, so that they stop side by side."""

    def python(*arguments: str) -> list[str]:
        return tied([sys.executable, *arguments], cwd=ROOT)

    serve = python("-m", "gunicorn", "--config", "python:app.runtime.web", "wsgi:app")
    programs = [
        Program("web", serve, priority=30),
        Program("worker", python("worker.py"), priority=30, copies=plan.workers),
    ]
    if plan.demo:
        programs.append(Program("demo_site", python("-m", "demo.source_site"), priority=30))
    for name, port in plan.standins.items():
        start = python("-m", f"demo.standins.{name}", "--port", str(port), *_more(plan, name))
        programs.append(Program(f"standin_{name}", start, priority=30))
    return programs


def _more(plan: Plan, standin: str) -> list[str]:
    """Who holds orders or reservations keeps them over a restart; some report by webhook."""
    if standin not in ("covermanager", "restoo", "paypal"):
        return []
    keep = ["--keep", str(plan.data / f"{standin}-standin.json")]
    hooks = {
        "paypal": ["--webhook", f"{plan.here}/api/webhooks/paypal/table-bookings"],
        "covermanager": ["--hub", plan.here],
    }
    return keep + hooks.get(standin, [])
