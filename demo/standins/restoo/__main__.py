"""`python -m demo.standins.restoo --port N [--keep FILE]`: until SIGTERM."""

from __future__ import annotations

import argparse
from pathlib import Path

from aiohttp import web

from demo.standins.restoo.anchor import anchor
from demo.standins.restoo.book import Book
from demo.standins.restoo.server import Standin


def main() -> None:
    """Serve the restaurant of the demo."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=8003)
    parser.add_argument("--keep", type=Path, default=None)
    asked = parser.parse_args()
    app = Standin(Book.load(anchor(), asked.keep)).app()
    web.run_app(app, host="127.0.0.1", port=asked.port, print=None, access_log=None)


if __name__ == "__main__":
    main()
