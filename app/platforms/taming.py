"""What platforms answer, made fit to be read, shown and stored, whatever they send. Pure."""

from __future__ import annotations

import json
import re
from typing import Any

HIDDEN = "…"
DEEPEST = 40
"""Levels of an answer; more than that is no answer of a platform."""
LONGEST_TEXT = 10_000
"""Characters of one text: of a longer one the beginning."""
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_PERSONAL = re.compile(r"https?://\S+|\+?\d[\d ().-]{6,}\d")


def json_of(body: bytes) -> Any:
    """None where it is no JSON, says nothing, or is nested beyond reason.

    Its texts can be stored: without zero bytes and halves of characters, which JSON can spell.
    """
    try:
        return _tamed(json.loads(body), DEEPEST)
    except (ValueError, RecursionError):
        return None


def impersonal(text: str) -> str:
    """Words in one line without addresses, e-mails and numbers of people. In linear time: a
    platform may send a megabyte without a gap."""
    words = text[:LONGEST_TEXT].split()
    return _PERSONAL.sub(HIDDEN, " ".join(HIDDEN if "@" in word else word for word in words))


def _tamed(value: Any, left: int) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict | list) and not left:
        raise ValueError("it is nested too deep")
    if isinstance(value, dict):
        return {storable(name): _tamed(each, left - 1) for name, each in value.items()}
    return [_tamed(each, left - 1) for each in value] if isinstance(value, list) else value


def storable(text: str) -> str:
    """A text as the database takes it, of bearable length. What it does not take becomes a sign
    that no id may hold."""
    return _UNSTORABLE.sub("\x1a", text[:LONGEST_TEXT])
