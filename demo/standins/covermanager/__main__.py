"""Serve on the loopback address until SIGTERM."""

from __future__ import annotations

from demo.standins.covermanager.book import Book, Restaurant
from demo.standins.covermanager.server import KEY, READ_ONLY, Standin
from demo.standins.serving import run

if __name__ == "__main__":
    anchor = Restaurant("the-anchor-demo", "The Anchor", "Valletta")
    keys = {KEY: True, READ_ONLY: False}
    run("covermanager", Standin(Book({anchor.slug: anchor}), keys).app(), 8002)
