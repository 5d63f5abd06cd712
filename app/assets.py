"""Files of the pages: packed once per process, and kept by browsers for as long as they like."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, current_app, request, send_from_directory
from werkzeug.security import safe_join

PACKED = {".css", ".js", ".svg"}
FOREVER = "public, max-age=31536000, immutable"


@lru_cache(maxsize=128)
def _packed(path: str, modified: int) -> tuple[bytes, str]:
    """The compressed file and its entity tag."""
    data = Path(path).read_bytes()
    return gzip.compress(data, 9), hashlib.sha256(data).hexdigest()[:16] + "-gzip"


def init_assets(app: Flask) -> None:
    """Serve `/static` in place of Flask's own view."""
    folder = str(app.static_folder)

    def static(filename: str) -> Response:
        response = _compressed(folder, filename) or send_from_directory(folder, filename)
        response.vary.add("Accept-Encoding")
        if "v" in request.args:  # the URL changes with the content
            response.headers["Cache-Control"] = FOREVER
        return response

    app.view_functions["static"] = static


def _compressed(folder: str, filename: str) -> Response | None:
    path = safe_join(folder, filename)
    known = path is not None and Path(path).suffix in PACKED and Path(path).is_file()
    if path is None or not known or not request.accept_encodings["gzip"]:
        return None
    data, tag = _packed(path, Path(path).stat().st_mtime_ns)
    response = current_app.response_class(data, mimetype=mimetypes.guess_type(filename)[0])
    response.headers["Content-Encoding"] = "gzip"
    response.set_etag(tag)
    response.make_conditional(request)
    return response
