"""What a log line says of a failure: where, and nothing that somebody typed."""

from __future__ import annotations

import json

from app.crypto import DataKey
from app.logs import _error_place

HIDDEN = "guest.name@example.com"


def test_a_failure_is_placed_in_our_own_code() -> None:
    try:
        DataKey.from_text(HIDDEN)
    except ValueError as error:
        line = _error_place(None, "error", {"event": "it failed", "exc_info": error})
    assert str(line["error_at"]).startswith("crypto.py:"), "not within the library that raised it"
    assert line.keys() == {"event", "error_type", "error_at"}
    assert HIDDEN not in str(line)


def test_a_failure_of_a_library_alone_is_placed_there() -> None:
    try:
        json.loads("{")
    except ValueError as error:
        line = _error_place(None, "error", {"exc_info": error})
    assert line["error_type"] == "JSONDecodeError"
    assert "json/decoder.py:" in line["error_at"]


def test_a_failure_that_was_never_raised_has_no_place() -> None:
    line = _error_place(None, "error", {"exc_info": ValueError(HIDDEN)})
    assert line == {"error_type": "ValueError"}
