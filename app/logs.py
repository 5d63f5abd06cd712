"""Structured logs: one JSON object a line, with the request id and without personal data.

What may be logged is a list of names, not a list of exceptions to it: an unknown key is dropped,
so that nobody can log a guest's name by accident.
"""

from __future__ import annotations

import logging
import sys
import time
import traceback
import uuid
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import structlog
from flask import Flask, Response, g, has_request_context, request

ALLOWED_KEYS = frozenset(
    {
        *("event", "level", "timestamp", "request_id", "method", "route", "status", "duration_ms"),
        *("door", "code", "reason", "website_id", "booking_id", "delivery_id", "destination"),
        *("channel", "attempt", "count", "job", "error_type", "error_at", "worker", "seconds"),
        *("state", "process", "version"),
    }
)
Entry = MutableMapping[str, Any]
_OURS = str(Path(__file__).parent) + "/"


def _only_allowed(_: Any, __: str, entry: Entry) -> Entry:
    return {key: value for key, value in entry.items() if key in ALLOWED_KEYS}


def _with_request_id(_: Any, __: str, entry: Entry) -> Entry:
    if has_request_context() and "request_id" in g:
        entry.setdefault("request_id", g.request_id)
    return entry


def _error_place(_: Any, __: str, entry: Entry) -> Entry:
    """Type and place of an exception; its message may hold what somebody typed.

    The place is the last of our own lines: a library's innermost says little.
    """
    error = entry.pop("exc_info", None)
    if isinstance(error, BaseException):
        entry["error_type"] = type(error).__name__
        places = [(f.f_code.co_filename, n) for f, n in traceback.walk_tb(error.__traceback__)]
        ours = [place for place in places if place[0].startswith(_OURS)]
        if places:
            file, line = (ours or places)[-1]
            entry["error_at"] = f"{file.removeprefix(_OURS)}:{line}"
    return entry


def configure_logs() -> None:
    """Send structured lines to standard output. Safe to call more than once."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _with_request_id,
            _error_place,
            _only_allowed,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(sys.stdout),
        cache_logger_on_first_use=False,
    )


def get_logger() -> Any:
    """The logger; `log.info("sentence", key=value)` with keys from ALLOWED_KEYS."""
    return structlog.get_logger()


def init_request_logs(app: Flask) -> None:
    """Give every request an id and one line when it is answered."""
    log = get_logger()

    @app.before_request
    def begin() -> None:
        g.request_id = uuid.uuid4().hex
        g.request_started = time.perf_counter()

    @app.after_request
    def finish(response: Response) -> Response:
        started = g.get("request_started")
        if started is None:
            return response
        response.headers["X-Request-Id"] = g.request_id
        route = request.url_rule.rule if request.url_rule else "(none)"
        if route != "/static/<path:filename>":
            log.info(
                "request",
                method=request.method,
                route=route,
                status=response.status_code,
                duration_ms=round((time.perf_counter() - started) * 1000, 1),
            )
        return response
