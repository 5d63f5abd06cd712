"""Every answer of the app is held to the document."""

from __future__ import annotations

from tests.api.conftest import _answers_are_as_documented

__all__ = ["_answers_are_as_documented"]
