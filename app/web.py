"""What every page needs: page or fragment, toasts, redirects for htmx, keyset cursors."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Generic, TypeVar

from flask import (
    Response,
    current_app,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.routing import IntegerConverter, Map

from app.errors import Fault, InvalidPayload

T = TypeVar("T")


class RowNumber(IntegerConverter):
    """A number in an address: one that no row can have is not there, before any query."""

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=2**63 - 1)


def wants_fragment() -> bool:
    """True when htmx asks for a part of the page (and is not restoring history)."""
    headers = request.headers
    return (
        headers.get("HX-Request") == "true" and headers.get("HX-History-Restore-Request") != "true"
    )


def page(template: str, fragment: str | None = None, status: int = 200, **context: Any) -> Response:
    """Render the whole page, or `fragment` alone when htmx asks for it.

    Page and fragment share one URL, so caches must tell them apart (`Vary`), and personal data is
    not kept by the browser (`no-store`).
    """
    name = fragment if fragment and wants_fragment() else template
    response = make_response(render_template(name, **context), status)
    response.headers["Vary"] = "HX-Request, Cookie"
    response.headers["Cache-Control"] = "no-store"
    return response


def go(url: str) -> Response:
    """Send the browser to `url`: a redirect, or HX-Redirect when htmx asked."""
    if wants_fragment():
        response = make_response("", 200)
        response.headers["HX-Redirect"] = url
        return response
    return make_response(redirect(url, 303))


def toast(
    response: Response, text: str, tone: str = "success", undo: dict[str, str] | None = None
) -> Response:
    """Show a message without moving the page. `undo` is {"url", "label"} of a POST."""
    message: dict[str, Any] = {"text": text, "tone": tone}
    if undo:
        message["undo"] = undo
    events = json.loads(response.headers.get("HX-Trigger", "{}"))
    response.headers["HX-Trigger"] = json.dumps({**events, "toast": message})
    return response


def trigger(response: Response, name: str, detail: Any = True) -> Response:
    """Fire the browser event `name` after the answer arrived (htmx only)."""
    events = json.loads(response.headers.get("HX-Trigger", "{}"))
    response.headers["HX-Trigger"] = json.dumps({**events, name: detail})
    return response


def say(text: str, tone: str = "success", undo: dict[str, str] | None = None) -> None:
    """Keep a message for the next full page. `undo` as for `toast`."""
    # Kept in the cookie as JSON: the template takes a text, or a mapping.
    flash({"text": text, "undo": undo} if undo else text, tone)  # type: ignore[arg-type]


@lru_cache(maxsize=256)
def _fingerprint(path: str, modified: int) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:12]


def asset(path: str) -> str:
    """URL of a static file that changes with its content, so that it can be cached for ever."""
    known: dict[str, str] = g.setdefault("assets", {})  # a list asks for its icons a hundred times
    if path not in known:
        file = Path(current_app.static_folder or "static") / path
        version = _fingerprint(str(file), file.stat().st_mtime_ns) if file.exists() else "missing"
        known[path] = url_for("static", filename=path, v=version)
    return known[path]


@dataclass(frozen=True)
class Slice(Generic[T]):
    """One stretch of a list: the rows, and the cursor of the next stretch if there is one."""

    rows: Sequence[T]
    next: str | None


def encode_cursor(values: Sequence[Any]) -> str:
    """An opaque cursor from the sort values of the last row (texts and numbers)."""
    text = json.dumps([str(value) for value in values], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str, size: int) -> list[str]:
    """The sort values back. Raises InvalidPayload when the cursor is not one of ours."""
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise bad_cursor() from error
    if not isinstance(values, list) or len(values) != size:
        raise bad_cursor()
    texts = [str(value) for value in values]
    if not all(_is_storable(text) for text in texts):
        raise bad_cursor()
    return texts


def _is_storable(text: str) -> bool:
    """Whether PostgreSQL takes the text: neither NUL nor half a character."""
    return "\x00" not in text and not any("\ud800" <= c <= "\udfff" for c in text)


def bad_cursor() -> InvalidPayload:
    """The error for a cursor that we did not make."""
    return InvalidPayload(
        "The page cursor is not valid.", [Fault("after", "Start again from the first page.")]
    )
