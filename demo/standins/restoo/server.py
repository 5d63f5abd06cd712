"""The API of the stand-in.

`POST /__fail {"mode": …, "times": n, "on": "booking"}` makes the next calls (of that method, or
any) fail: `lost` (done, no answer), `silent` (not done, no answer), `late` (done after
`delay` seconds), `error` (500, not done), `error_done` (500, done), `busy` (429, with
`retry_after`), `garbage` (done, an answer that is no JSON), `refuse` (`status`, `words`),
`hollow` (done, the answer says nothing), `down` (503).
`POST /__set {…}` chooses between what is not known of Restoo: see `Ways`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from aiohttp import web

from demo.standins.restoo import pages
from demo.standins.restoo.anchor import PARTNER
from demo.standins.restoo.book import CANCELLED, Book, Refused, pax_of
from demo.standins.serving import Faults

HTML = "<!doctype html><title>Restoo</title><p>OK"


@dataclass
class Ways:
    """What is not known of Restoo."""

    words: str = "message"
    """Under which name a failure is explained: `error` or `message`."""
    status_word: str = ""
    """What a new booking is; empty: as the stand-in calls it."""
    repeated: str = "another"
    """See `Book.repeated`."""
    refuses_fakes: bool = False
    delete: bool = False
    """Whether DELETE still cancels; it was replaced in June 2025."""
    cancelled_again: int = 200
    """The HTTP status for cancelling what is off: 200, 404, 409 or 410."""
    cancel_answer: str = "json"
    """Or `empty`: 204."""
    availability: str = "get"
    """How it is asked: `get`, `post`, or `404`: not at all."""
    free: str = "rows"
    """How it is answered: `rows`, `times`, `moments`, or `flag` about the one time."""
    status: str = "strict"
    """The status call: `strict` looks at the key, `html` does not, `404`."""


@dataclass
class Standin:
    """All of it. `calls`: the methods that were called."""

    book: Book
    ways: Ways = field(default_factory=Ways)
    faults: Faults = field(default_factory=Faults)
    calls: list[str] = field(default_factory=list)
    partner: str = PARTNER

    def app(self) -> web.Application:
        app = web.Application(client_max_size=256 * 1024)
        booking = f"/api/{self.partner}/v3/booking"
        app.add_routes(
            [
                web.post(booking, self.make),
                web.post(booking + "/{uuid}/cancel", self.cancel),
                web.delete(booking + "/{uuid}", self.delete),
                web.get(f"/partners/{self.partner}/v3/availability", self.availability),
                web.post(f"/partners/{self.partner}/v3/availability", self.availability),
                web.get(f"/partners/{self.partner}/v3/status", self.status),
                web.post("/__fail", self.faults.handle),
                web.post("/__set", self.choose),
                web.get("/__state", self.state),
                *pages.desk(self.book),
            ]
        )
        return app

    async def make(self, request: web.Request) -> web.Response:
        def answer(said: dict[str, Any]) -> dict[str, Any]:
            made = self.book.make(said)
            return {"uuid": made.uuid, "status": self.ways.status_word or made.status}

        return await self._do("booking", request, answer, 201)

    async def cancel(self, request: web.Request) -> web.Response:
        uuid = request.match_info["uuid"]

        def answer(said: dict[str, Any]) -> dict[str, Any]:
            there = self.book.bookings.get(uuid)
            was_off = there is not None and there.status == CANCELLED
            if was_off and self.ways.cancelled_again != 200:
                words = {404: "Booking not found"}.get(self.ways.cancelled_again)
                raise Refused(words or "Booking already cancelled", self.ways.cancelled_again)
            found = self.book.cancel(uuid, said.get("cancelReason"))
            return {"uuid": found.uuid, "status": found.status}

        is_empty = self.ways.cancel_answer == "empty"
        return await self._do("booking/cancel", request, answer, 204 if is_empty else 200)

    async def delete(self, request: web.Request) -> web.Response:
        self.calls.append("booking/delete")
        if not self.ways.delete:
            return web.Response(status=405, text="<html>Method not allowed</html>")
        self.book.cancel(request.match_info["uuid"], "OTHER")
        return web.Response(status=204)

    async def availability(self, request: web.Request) -> web.Response:
        if self.ways.availability != request.method.lower():
            self.calls.append("availability")
            return web.Response(status=404, text="<html>Not found</html>")

        def answer(said: dict[str, Any]) -> dict[str, Any]:
            asked = said if request.method == "POST" else dict(request.query)
            pax = str(asked.get("pax", ""))
            number = pax_of(int(pax) if pax.isdecimal() else 0)
            return self._free(str(asked.get("bookingAt", "")), number)

        return await self._do("availability", request, answer, 200)

    def _free(self, booking_at: str, pax: int) -> dict[str, Any]:
        at = self.book.moment(booking_at)
        if self.ways.free == "flag":
            return {"available": self.book.free_table(at, pax) is not None}
        times = self.book.free_times(at, pax)
        if self.ways.free == "rows":
            hours = self.book.venue.hours
            return {"slots": [{"time": hour, "available": hour in times} for hour in hours]}
        day = f"{at:%Y-%m-%dT}"
        moments = [f"{day}{time}:00{booking_at[19:]}" for time in times]
        return {"availability": times if self.ways.free == "times" else moments}

    async def status(self, request: web.Request) -> web.Response:
        self.calls.append("status")
        if self.ways.status == "404":
            return web.Response(status=404, text="<html>Not found</html>")
        if self.ways.status == "strict" and not self._knows(request):
            return self._failure("Unauthorized", 401)
        return web.Response(text=HTML, content_type="text/html")

    async def _do(
        self,
        method: str,
        request: web.Request,
        does: Callable[[dict[str, Any]], dict[str, Any]],
        well: int,
    ) -> web.Response:
        self.calls.append(method)
        fault = self.faults.next_for(method)
        mode = fault.get("mode")
        if mode == "busy":
            wait = {"Retry-After": str(fault.get("retry_after", 20))}
            return web.json_response({self.ways.words: "Too many"}, status=429, headers=wait)
        if mode in ("error", "down"):
            return web.Response(status=500 if mode == "error" else 503, text="<html>Oops</html>")
        if mode in ("silent", "late"):
            await asyncio.sleep(fault.get("delay", 60))
        if mode == "silent":
            return web.Response(status=504, text="<html>Gateway Timeout</html>")
        if mode == "refuse":
            return self._failure(fault.get("words", "It cannot be done"), fault.get("status", 422))
        if not self._knows(request):
            return self._failure("Unauthorized", 401)
        said = await _said(request)
        if said is None:
            return self._failure("The body must be JSON", 400)
        try:
            answer = does(said)
        except Refused as error:
            return self._failure(str(error), error.status)
        return await self._tell(answer, fault, well)

    async def _tell(self, answer: dict[str, Any], fault: dict[str, Any], well: int) -> web.Response:
        mode = fault.get("mode")
        if mode == "lost":
            await asyncio.sleep(fault.get("delay", 60))
        if mode == "error_done":
            return web.Response(status=500, text="<html>Oops</html>")
        if mode == "garbage":
            return web.Response(text="<br />Warning: Undefined index")
        if well == 204:
            return web.Response(status=204)
        return web.json_response({} if mode == "hollow" else answer, status=well)

    def _knows(self, request: web.Request) -> bool:
        venue = self.book.venue
        given = (request.headers.get("Account"), request.headers.get("Authorization"))
        return given == (venue.account, f"Bearer {venue.key}")

    def _failure(self, words: str, status: int) -> web.Response:
        return web.json_response({self.ways.words: words}, status=status)

    async def choose(self, request: web.Request) -> web.Response:
        """`{"repeated": "409", …}` of `Ways`."""
        said = await request.json()
        for name in {each.name for each in fields(Ways)} & said.keys():
            setattr(self.ways, name, said[name])
        self.book.repeated = self.ways.repeated
        self.book.refuses_fakes = self.ways.refuses_fakes
        return web.json_response(asdict(self.ways))

    async def state(self, request: web.Request) -> web.Response:
        """What it holds, as JSON; never a key."""
        rows = [asdict(each) for each in self.book.bookings.values()]
        ways = asdict(self.ways)
        return web.json_response({"bookings": rows, "ways": ways, "calls": self.calls})


async def _said(request: web.Request) -> dict[str, Any] | None:
    """The object of a body, `{}` for a call without one; None where it is no JSON."""
    if request.content_type != "application/json":
        return None
    try:
        said = json.loads(await request.read() or b"{}")
    except ValueError:
        return None
    return said if isinstance(said, dict) else None
