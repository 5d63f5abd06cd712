"""`python -m demo.standins.paypal --port N [--webhook URL] [--keep FILE]`: serve until SIGTERM."""

from __future__ import annotations

import argparse
from pathlib import Path

from aiohttp import web

from demo.standins.paypal.server import standin


def main() -> None:
    """Serve on the loopback address."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--webhook", default="")
    parser.add_argument("--webhook-id", default="WH-STANDIN")
    parser.add_argument("--keep", type=Path, default=None)
    asked = parser.parse_args()
    made = standin(f"http://127.0.0.1:{asked.port}", asked.keep)
    made.teller.url, made.teller.webhook_id = asked.webhook, asked.webhook_id
    web.run_app(made.app(), host="127.0.0.1", port=asked.port, print=None, access_log=None)


if __name__ == "__main__":
    main()
