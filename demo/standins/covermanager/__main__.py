"""`python -m demo.standins.covermanager --port N [--keep FILE] [--hub URL]`: until SIGTERM.

`--hub`: whose webhook is called after each change that is made on its page, as a platform would.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from aiohttp import web

from demo.standins.covermanager.anchor import HOOK, HOOK_SECRET, anchor
from demo.standins.covermanager.book import Book
from demo.standins.covermanager.server import KEY, READ_ONLY, Standin
from demo.standins.hinting import Hint


def main() -> None:
    """Serve on the loopback address."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=8002)
    parser.add_argument("--keep", type=Path, default=None)
    parser.add_argument("--hub", default="")
    asked = parser.parse_args()
    hint = Hint(f"{asked.hub}{HOOK}" if asked.hub else "", {"X-Platform-Secret": HOOK_SECRET})
    made = Standin(Book.load(anchor(), asked.keep), {KEY: True, READ_ONLY: False}, told=hint.send)
    web.run_app(made.app(), host="127.0.0.1", port=asked.port, print=None, access_log=None)


if __name__ == "__main__":
    main()
