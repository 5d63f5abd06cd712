"""What the answers of the pages tell a browser."""

from __future__ import annotations

import json
from typing import Any

from werkzeug.test import TestResponse

DRAWER = {"HX-Request": "true", "HX-Target": "drawer-content"}
"""Headers of a request whose answer fills the drawer."""


def told(answer: TestResponse) -> dict[str, Any]:
    """The toast that an answer brings; empty when it brings none."""
    found: dict[str, Any] = json.loads(answer.headers.get("HX-Trigger", "{}")).get("toast", {})
    return found


def said(answer: TestResponse) -> str:
    """Its text."""
    return str(told(answer).get("text", ""))
