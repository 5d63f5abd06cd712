"""The demo source website: books, tells the hub, and obeys its webhooks.

A business of its own, not a part of the hub: it shares no code and no database with it, only the
wire of the integration specification.
"""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from demo.credentials import Credentials
from demo.settings import SiteSettings
from demo.source_site.counter import counter
from demo.source_site.guard import init_guard
from demo.source_site.neighbours import neighbours
from demo.source_site.pages import pages
from demo.source_site.receiving import receiving
from demo.source_site.sender import Sender
from demo.source_site.site import Site
from demo.source_site.store import Store

HERE = Path(__file__).parent


def create_site(settings: SiteSettings | None = None) -> Flask:
    """Build the site. Its sender is not started: `app.extensions["site"].sender.start()` does."""
    settings = settings or SiteSettings()
    app = Flask("demo_site", root_path=str(HERE), static_url_path="/static")
    app.config["MAX_CONTENT_LENGTH"] = 256 * 1024
    store = Store(settings.home)
    credentials = Credentials(settings)
    app.extensions["site"] = Site(
        settings, store, credentials, Sender(store, credentials, settings.api_url)
    )
    init_guard(app)
    for blueprint in (pages, counter, receiving, neighbours):
        app.register_blueprint(blueprint)
    return app
