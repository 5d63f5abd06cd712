"""A platform that nobody has, with its stand-in: how little a new one takes."""

import asyncio
import json
from datetime import date
from typing import Any

from aiohttp import web

from app.outbound import Outgoing
from app.platforms import base
from app.platforms.calling import Line
from demo.standins.serving import Faults


class Toy(base.Platform):
    platform_name = "Toy"
    capabilities = frozenset({base.Capability.LIST})

    def __init__(self, account: base.Account, send: base.Send) -> None:
        self.url, self.key = account.base_url, account.secrets["token"]
        self.line = Line(send, "toy", "Toy", lambda said: None, (self.key,))

    async def _ask(self, method: str, path: str, said: Any = None) -> Any:
        out = Outgoing(self.url + path, {"Token": self.key}, json.dumps(said).encode(), method)
        return await self.line.ask(out, method.lower(), changes=method != "GET")

    async def check_auth(self) -> base.Checked:
        try:
            return base.Checked(bool(await self._ask("GET", "/r")), "It works.")
        except base.PlatformError as error:
            return base.Checked(False, error.message)

    async def create_reservation(self, wanted: base.Wanted, **how: bool) -> base.Reservation:
        names = ("time", "party_size", "phone", "reference")
        said = {"day": f"{wanted.day}", **{name: getattr(wanted, name) for name in names}}
        return read(await self._ask("POST", "/r", said))

    async def cancel_reservation(self, external_id: str, *a: Any, **k: Any) -> base.Reservation:
        return read(await self._ask("DELETE", f"/r/{external_id}"))

    async def find_reservation(self, wanted: base.Wanted) -> base.Reservation | None:
        listed = (await self.list_reservations(wanted.day, wanted.day)).reservations
        live = {each.reference: each for each in listed if each.raw_status != "off"}
        return live.get(wanted.reference)

    async def list_reservations(self, first: date, last: date, *page: Any) -> base.Page:
        rows = [read(row) for row in (await self._ask("GET", "/r"))["rows"]]
        return base.Page([each for each in rows if each.day and first <= each.day <= last])


def read(row: dict[str, Any]) -> base.Reservation:
    return base.Reservation(**{**row, "day": date.fromisoformat(row["day"])})


FIELDS = (base.FormField("token", "Token", secret=True),)
KIND = base.Kind("toy", "Toy", FIELDS, (), {"off": "cancelled"}, Toy)


def standin() -> web.Application:
    rows: dict[str, dict[str, Any]] = {}
    faults, app = Faults(), web.Application()

    async def serve(request: web.Request) -> web.Response:
        known = request.headers.get("Token") == "toy-token-11" or request.path == "/__state"
        mode = faults.next().get("mode") if request.method == "POST" and known else None
        status = {"refuse": 422, "error": 500, "busy": 429}.get(str(mode), 200 if known else 401)
        row: dict[str, Any] = rows.get(request.path.removeprefix("/r/"), {})
        if request.method == "POST" and status == 200:
            row = {"external_id": f"T{len(rows)}", "raw_status": "on", **await request.json()}
            rows[row["external_id"]] = row
        elif request.method == "DELETE" and known:
            row["raw_status"] = "off"
        await asyncio.sleep(60 if mode == "lost" else 0)
        said = "<br>" if mode == "garbage" else json.dumps(row or {"rows": list(rows.values())})
        return web.Response(text=said, status=status, headers={"Retry-After": "20"})

    app.add_routes([web.post("/__fail", faults.handle), web.route("*", "/{path:.*}", serve)])
    return app
