"""Reading the texts of a foreign table: each function returns a value or raises Bad.

A blank text is no value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NOTHING = ("NULL", "\\N")
_YES, _NO = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")


class Bad(ValueError):
    """A row that cannot be brought in, and why, in a sentence for people."""


def clean(text: str) -> str:
    """Without blanks at its ends, and without characters that cannot be kept. What databases write
    for no value is empty."""
    bare = _CONTROL.sub("", text).replace("\r\n", "\n").strip()
    return "" if bare in _NOTHING else bare


def words(row: Mapping[str, str], name: str, limit: int = 200) -> str | None:
    """A text of at most `limit` characters."""
    text = row.get(name) or None
    if text and len(text) > limit:
        raise Bad(f"{name} is longer than {limit:,} characters.")
    return text


def needed(row: Mapping[str, str], name: str, limit: int = 200) -> str:
    """The same, where there must be one."""
    text = words(row, name, limit)
    if text is None:
        raise Bad(f"{name} is empty.")
    return text


def flag(row: Mapping[str, str], name: str) -> bool | None:
    """Yes or no."""
    text = row.get(name, "").casefold()
    if not text:
        return None
    if text not in _YES + _NO:
        raise Bad(f"{name} must be true or false, and is {text[:40]!r}.")
    return text in _YES
