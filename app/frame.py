"""What the frame of every page asks of the database: one statement, however many parts it has.

A room that shows something on every page adds a part; nothing is asked before somebody looks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flask import g
from sqlalchemy import ColumnElement, select

from app.extensions import db
from app.web import wants_fragment

Part = Callable[[], ColumnElement[Any] | None]
"""Makes a scalar for whoever is signed in; None where there is nothing to ask."""


class Frame:
    """The parts by name. One per process, filled by `create_app`."""

    def __init__(self) -> None:
        self._parts: dict[str, Part] = {}

    def add(self, name: str, part: Part) -> None:
        """Ask this, too; in the place of a part that had the name."""
        self._parts[name] = part

    def __getitem__(self, name: str) -> Any:
        """The answer of a part for this request; None where it asked nothing.

        A fragment has no frame: the first part that it looks at is asked alone.
        """
        known: dict[str, Any] = g.setdefault("frame", {})
        if name not in known:
            is_alone = wants_fragment() and not known
            known |= self._ask([name] if is_alone else self._parts.keys() - known)
        return known[name]

    def _ask(self, names: Iterable[str]) -> dict[str, Any]:
        made = {name: self._parts[name]() for name in sorted(names)}
        asked = [scalar.label(name) for name, scalar in made.items() if scalar is not None]
        found = db.session.execute(select(*asked)).one()._asdict() if asked else {}
        return {**dict.fromkeys(made), **found}


frame = Frame()
