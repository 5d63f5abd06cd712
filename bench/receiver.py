"""An endpoint that takes its time: `python -m bench.receiver PORT MILLISECONDS`.

`GET /` tells how many calls came, and over how many seconds.
"""

from __future__ import annotations

import asyncio
import sys
import time

from aiohttp import web

arrivals: list[float] = []


async def receive(request: web.Request) -> web.Response:
    await request.read()
    arrivals.append(time.monotonic())
    await asyncio.sleep(request.app[DELAY])
    return web.Response(body=b'{"success": true}', content_type="application/json")


async def tell(request: web.Request) -> web.Response:
    seconds = arrivals[-1] - arrivals[0] if arrivals else 0.0
    return web.json_response({"count": len(arrivals), "seconds": seconds})


async def forget(request: web.Request) -> web.Response:
    arrivals.clear()
    return web.Response()


DELAY = web.AppKey("delay", float)


def main(port: int, milliseconds: int) -> None:
    """Serve until stopped."""
    app = web.Application()
    app[DELAY] = milliseconds / 1000
    app.add_routes([web.post("/{path:.*}", receive), web.get("/", tell), web.delete("/", forget)])
    web.run_app(app, host="127.0.0.1", port=port, access_log=None, print=None, backlog=1024)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
