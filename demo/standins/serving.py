"""What the stand-ins share: failures in a queue, and being run as a program."""

from __future__ import annotations

import argparse
import asyncio
import html
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

FOREVER = 10_000


@dataclass
class Faults:
    """Failures that are still to happen, first in, first out: `{"mode": …, "times": 1, …}`."""

    waiting: list[dict[str, Any]] = field(default_factory=list)

    def add(self, mode: str, times: int = 1, **more: Any) -> None:
        """Fail in this way, so many times."""
        self.waiting.append({"mode": mode, "times": times, **more})

    def next(self) -> dict[str, Any]:
        """How to fail now; `{}` for not at all."""
        if not self.waiting:
            return {}
        first = self.waiting[0]
        first["times"] -= 1
        if first["times"] <= 0:
            self.waiting.pop(0)
        return first

    def next_for(self, method: str) -> dict[str, Any]:
        """How to fail now if that is meant for this method: `on` names one."""
        meant = bool(self.waiting) and self.waiting[0].get("on", method) == method
        return self.next() if meant else {}

    async def handle(self, request: web.Request) -> web.Response:
        """`POST /__fail`: a failure, or a list of them; an empty one clears all."""
        said = await request.json()
        if not said:
            self.waiting.clear()
        for one in said if isinstance(said, list) else [said] if said else []:
            self.add(**one)
        return web.json_response({"waiting": self.waiting})


def page(title: str, about: str, rows: Iterable[Mapping[str, Any]]) -> web.Response:
    """A plain page with a table of what the stand-in holds, newest first."""
    found = list(rows)[::-1]
    heads = list(found[0]) if found else []
    head = "".join(f"<th>{html.escape(name)}</th>" for name in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(str(row[name]))}</td>" for name in heads) + "</tr>"
        for row in found
    )
    style = "body{font:15px system-ui;margin:24px}td,th{text-align:left;padding:6px 12px 6px 0;"
    style += "vertical-align:top;border-bottom:1px solid #ccc;white-space:pre-wrap}"
    text = (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{html.escape(title)}</title>"
        f"<style>{style}</style><h1>{html.escape(title)}</h1><p>{html.escape(about)}</p>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )
    return web.Response(text=text, content_type="text/html")


async def start(app: web.Application, port: int) -> tuple[web.AppRunner, int]:
    """Serve on the loopback address. Returns the runner and the port."""
    runner = web.AppRunner(app, shutdown_timeout=0, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, reuse_address=True).start()
    return runner, runner.addresses[0][1]


def run(name: str, app: web.Application, default_port: int) -> None:
    """Serve until interrupted: `python -m demo.standins.<name> --port N`."""
    parser = argparse.ArgumentParser(description=f"A stand-in for {name}.")
    parser.add_argument("--port", type=int, default=default_port)
    port = parser.parse_args().port
    logging.basicConfig(level=logging.WARNING)

    async def forever() -> None:
        _, bound = await start(app, port)
        print(json.dumps({"ready": name, "port": bound}), flush=True)  # noqa: T201
        await asyncio.Event().wait()

    asyncio.run(forever())
