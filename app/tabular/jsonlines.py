"""Reading JSON lines: an object in each, its names understood like the first line of a CSV."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.tabular.columns import CannotImport, File, meanings
from app.tabular.files import Row
from app.tabular.values import clean

LONGEST = 1 << 20
"""Bytes of one line."""


def are_json_lines(path: Path) -> bool:
    """Whether a file begins with an object. Raises CannotImport where it cannot be read."""
    try:
        with path.open("rb") as source:
            return source.read(1024).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")
    except OSError as error:
        raise CannotImport(f"{path.name} cannot be read: {error.strerror}.") from error


def objects(path: Path, file: File) -> Iterator[Row]:
    """The objects of a file in UTF-8, line by line; what is none has a fault. Empty lines are
    read over; what a line leaves out is empty."""
    at = 0
    with path.open("rb") as source:
        for line, data in enumerate(iter(lambda: source.readline(LONGEST), b""), start=1):
            values, fault = _read(data.removeprefix(b"\xef\xbb\xbf"), file)
            if values or fault:
                yield Row(at, line, at + len(data), line, [], values, fault)
            at += len(data)


def _read(data: bytes, file: File) -> tuple[dict[str, str], str | None]:
    if not data.strip():
        return {}, None
    try:
        said = json.loads(data)
    except ValueError:  # also text that is not UTF-8
        return {}, "This is no JSON."
    if not isinstance(said, dict):
        return {}, "This is no object."
    try:
        meant = meanings(file, list(said))
    except CannotImport as error:
        return {}, str(error)
    named = {ours: value for ours, value in zip(meant, said.values(), strict=True) if ours}
    for name, value in named.items():
        if isinstance(value, dict | list):
            return {}, f"{name} must be one value."
    return {name: text for name, value in named.items() if (text := clean(_text(value)))}, None


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
