"""The API of the stand-in. Both outcomes come with HTTP 200, as the clients of the API say.

`POST /__fail {"mode": …, "times": n, "on": "reserv/reserv"}` makes the next calls (of that method,
or any) fail: `lost` (done, no answer), `silent` (not done, no answer), `late` (done after
`delay` seconds), `error` (500, not done), `error_done` (500, done), `busy` (429, with
`retry_after`), `garbage` (done, an answer that is no JSON), `refuse` (`resp` 0),
`hollow` (done, the answer says nothing), `down` (503).
`POST /__set {…}` chooses between what sources disagree about: see `Ways`.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from aiohttp import web

from demo.standins.covermanager import pages
from demo.standins.covermanager.book import Book, Refused, Reservation
from demo.standins.serving import Faults

KEY, READ_ONLY = "cm-demo-key", "cm-demo-read-only"
PARTIES = range(1, 13)


@dataclass
class Ways:
    """What the sources disagree about, or do not say."""

    resp: str = "number"
    """`number`, `text`, or `absent` where availability is asked."""
    words: str = "status"
    """Under which name a failure is explained: `status` or `error`."""
    statuses: bool = False
    """Failures have HTTP statuses (one source's mocks)."""
    force_path: str = "reserv_force"
    first_page: int = 0
    before_first: str = "empty"
    """What the page before the first is: `empty`, `error`, or `same` as the first."""
    page_size: int = 1000
    shape: str = "both"
    """Of availability: `both`, `people` or `hours`."""
    tells_ref: bool = True
    call_code: str = "digits"
    language: str = "names"
    per_minute: int = 50


@dataclass
class Standin:
    """All of it. `keys`: whether each may write. `calls`: the methods that were called."""

    book: Book
    keys: dict[str, bool]
    ways: Ways = field(default_factory=Ways)
    faults: Faults = field(default_factory=Faults)
    calls: list[str] = field(default_factory=list)
    told: Callable[[], None] = lambda: None
    """Called after each change that was made on the page."""
    _recent: deque[float] = field(default_factory=deque)

    def app(self) -> web.Application:
        app = web.Application(client_max_size=256 * 1024)
        app.add_routes(
            [
                web.get("/api/restaurant/list/{key}/{city:.*}", self.listing),
                web.get(
                    "/api/restaurant/get_reservs/{key}/{slug}/{first}/{last}/{page}/{table}",
                    self.reservs,
                ),
                web.post("/api/reserv/{method}", self.post),
                web.post("/__fail", self.faults.handle),
                web.post("/__set", self.choose),
                web.get("/__state", self.state),
                *pages.desk(self.book, self.told),
            ]
        )
        return app

    async def listing(self, request: web.Request) -> web.Response:
        def answer() -> dict[str, Any]:
            city = request.match_info["city"]
            found = [each for each in self.book.restaurants.values() if city in ("", each.city)]
            rows = [{"restaurant": r.slug, "name": r.name, "city": r.city} for r in found]
            return {"restaurants": rows}

        return await self._do("restaurant/list", request.match_info["key"], answer)

    async def reservs(self, request: web.Request) -> web.Response:
        asked = request.match_info

        def answer() -> dict[str, Any]:
            found = self.book.between(asked["slug"], asked["first"], asked["last"])
            number = int(asked["page"]) - self.ways.first_page
            if number < 0 and self.ways.before_first == "error":
                raise Refused("Wrong page")
            if number < 0 and self.ways.before_first == "empty":
                return {"reservs": []}
            start = max(number, 0) * self.ways.page_size
            return {"reservs": [self._row(e) for e in found[start : start + self.ways.page_size]]}

        return await self._do("restaurant/get_reservs", asked["key"], answer)

    async def post(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        key = request.headers.get("apikey", "")
        said = await _said(request)
        if said is None:
            return self._failure("Wrong parameters", 400)
        if method == "availability":
            return await self._do(f"reserv/{method}", key, lambda: self._availability(said))
        does = {
            "reserv": lambda: self._reserve(said, force=False),
            self.ways.force_path: lambda: self._reserve(said, force=True),
            "update_reserv": lambda: self._update(said),
            "cancel_client": lambda: self._cancel(said),
        }.get(method)
        if does is None:
            return web.Response(status=404, text="<html>Not found</html>")
        return await self._do(f"reserv/{method}", key, does, writes=True)

    def _availability(self, said: dict[str, Any]) -> dict[str, Any]:
        wanted = str(said.get("number_people", ""))
        parties = range(int(wanted), int(wanted) + 1) if wanted.isdecimal() else PARTIES
        maps = self.book.availability(said.get("restaurant"), said.get("date"), parties)
        if self.ways.shape != "both":
            maps = {self.ways.shape: maps[self.ways.shape]}
        return {"availability": maps}

    def _reserve(self, said: dict[str, Any], *, force: bool) -> dict[str, Any]:
        code = str(said.get("int_call_code", ""))
        if code and code.startswith("+") != (self.ways.call_code == "plus"):
            raise Refused("int_call_code is not valid")
        language = str(said.get("language", ""))
        if (len(language) == 2) != (self.ways.language == "codes"):
            raise Refused("language is not valid")
        made = self.book.reserve({**said, "int_call_code": code.lstrip("+")}, force=force)
        return {"id_reserv": made.id, "status": made.status}

    def _update(self, said: dict[str, Any]) -> dict[str, Any]:
        self.book.update(said)
        return {}

    def _cancel(self, said: dict[str, Any]) -> dict[str, Any]:
        self.book.cancel(said.get("id_reserv"))
        return {"message": "OK"}

    async def _do(self, method: str, key: str, does: Any, *, writes: bool = False) -> web.Response:
        self.calls.append(method)
        fault = self.faults.next_for(method)
        mode = fault.get("mode")
        if self._is_too_often() or mode == "busy":
            wait = {"Retry-After": str(fault.get("retry_after", 20))}
            return web.json_response({"resp": 0, "error": "Too many"}, status=429, headers=wait)
        if mode in ("error", "down"):
            return web.Response(status=500 if mode == "error" else 503, text="<html>Oops</html>")
        if mode in ("silent", "late"):
            await asyncio.sleep(fault.get("delay", 60))
        if mode == "silent":
            return web.Response(status=504, text="<html>Gateway Timeout</html>")
        if mode == "refuse":
            return self._failure(str(fault.get("words", "It cannot be done")), 400)
        if key not in self.keys:
            return self._failure("Wrong key", 401)
        if writes and not self.keys[key]:
            return self._failure("Action not permited", 401)
        try:
            answer = does()
        except Refused as error:
            return self._failure(str(error), 404)
        return await self._tell(method, answer, fault)

    async def _tell(
        self, method: str, answer: dict[str, Any], fault: dict[str, Any]
    ) -> web.Response:
        mode = fault.get("mode")
        if mode == "lost":
            await asyncio.sleep(fault.get("delay", 60))
        if mode == "error_done":
            return web.Response(status=500, text="<html>Oops</html>")
        if mode == "garbage":
            return web.Response(text="<br />Warning: Undefined index")
        if mode == "hollow":
            answer = {}
        if self.ways.resp == "absent" and method == "reserv/availability":
            return web.json_response(answer)
        return web.json_response({"resp": "1" if self.ways.resp == "text" else 1, **answer})

    def _failure(self, words: str, status: int) -> web.Response:
        body = {"resp": "0" if self.ways.resp == "text" else 0, self.ways.words: words}
        return web.json_response(body, status=status if self.ways.statuses else 200)

    def _is_too_often(self) -> bool:
        now = time.monotonic()
        while self._recent and self._recent[0] <= now - 60:
            self._recent.popleft()
        if len(self._recent) >= self.ways.per_minute:
            return True
        self._recent.append(now)
        return False

    def _row(self, each: Reservation) -> dict[str, Any]:
        said = each.said
        code, phone = said.get("int_call_code", ""), said.get("phone", "")
        told = {
            "id_reserv": each.id,
            "date": each.date,
            "time": f"{each.hour}:00",
            "for": str(each.people),
            "status": each.status,
            "meal_shift": "lunch" if each.hour < "17" else "dinner",
            "name_zone": "Main room",
            "table_names": "" if each.table is None else f"T{each.table + 1}",
            "user_name": f"{said.get('first_name', '')} {said.get('last_name', '')}".strip(),
            "user_phone": f"+{code}{phone}" if code else phone,
            "commentary_client": said.get("commentary", ""),
            "commentary_restaurant": "",
        }
        return {**told, "ref": said.get("ref", "")} if self.ways.tells_ref else told

    async def choose(self, request: web.Request) -> web.Response:
        """`{"first_page": 1, …}` of `Ways`; `{"existing": false}`; or `{"reservation": id,
        "status": "2"}`: the restaurant itself does something."""
        said = await request.json()
        if "existing" in said:
            self.book.existing = bool(said["existing"])
        if "reservation" in said:
            self.book.reservations[said["reservation"]].status = str(said["status"])
            self.book.keep()
        for name in {each.name for each in fields(Ways)} & said.keys():
            setattr(self.ways, name, said[name])
        return web.json_response(asdict(self.ways))

    async def state(self, request: web.Request) -> web.Response:
        return web.json_response(self.holds())

    def holds(self) -> dict[str, Any]:
        """What it holds, as JSON."""
        return {
            "restaurants": [asdict(each) for each in self.book.restaurants.values()],
            "reservations": [asdict(each) for each in self.book.reservations.values()],
            "ways": asdict(self.ways),
            "calls": self.calls,
        }


async def _said(request: web.Request) -> dict[str, Any] | None:
    """The object of a body that says it is JSON; None where it is none."""
    try:
        said = json.loads(await request.read())
    except ValueError:
        return None
    is_json = request.content_type == "application/json" and isinstance(said, dict)
    return said if is_json else None
