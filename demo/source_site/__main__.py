"""`python -m demo.source_site`: serve the demo source website until SIGTERM."""

from __future__ import annotations

import logging
import signal
import sys
from types import FrameType

from werkzeug.serving import WSGIRequestHandler, make_server

from demo.settings import SiteSettings
from demo.source_site import create_site
from demo.source_site.site import Site


class Handler(WSGIRequestHandler):
    """Keeps connections open and names no software; requests are on the page, not in the log."""

    protocol_version = "HTTP/1.1"
    timeout = 75
    server_version = "demo-site"
    sys_version = ""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: addresses of bookings are in the paths."""


def main() -> None:
    """Serve. SIGTERM and Ctrl-C end it at once: what matters is on disk already."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    settings = SiteSettings()
    app = create_site(settings)
    site: Site = app.extensions["site"]
    server = make_server(
        settings.host, settings.site_port, app, threaded=True, request_handler=Handler
    )
    signal.signal(signal.SIGTERM, _end)
    site.sender.start()
    logging.getLogger("demo_site").info("listening on port %s", settings.site_port)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        site.sender.stop()


def _end(signum: int, frame: FrameType | None) -> None:
    sys.exit(0)


if __name__ == "__main__":
    main()
