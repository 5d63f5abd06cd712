"""The built-in words: `defaults/<language>/<kind>.<medium>[.<variant>].txt`, read once.

An e-mail begins with its line `Subject: …`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from app.messaging.models import Kind, Medium
from app.messaging.variables import REGULAR

_ROOT = Path(__file__).parent / "defaults"
_SUBJECT = "Subject: "


@dataclass(frozen=True)
class Words:
    """A template in one language. SMS have no subject."""

    subject: str
    body: str
    language: str
    is_own: bool = False
    """Written by the website, not by us."""


@cache
def builtin(kind: Kind, medium: Medium, variant: str, language: str) -> Words | None:
    """Our words for this; None where there are none of this variant or in this language."""
    end = "" if variant == REGULAR else f".{variant}"
    path = _ROOT / language / f"{kind}.{medium}{end}.txt"
    if not path.is_file():
        return None
    text = path.read_text(encoding="utf-8").strip()
    if medium is Medium.SMS:
        return Words("", text, language)
    head, _, body = text.partition("\n")
    return Words(head.removeprefix(_SUBJECT), body.strip(), language)
