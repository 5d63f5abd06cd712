"""Columns of a table: what each may be called, and which there must be."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_GAP = re.compile(r"[\s\-.]+")


class CannotImport(Exception):
    """Nothing was brought in, and why, in a sentence for people."""


@dataclass(frozen=True)
class File:
    """One file. `columns`: our name and the other names under which it is known."""

    kind: str
    name: str
    columns: dict[str, tuple[str, ...]]
    needs: tuple[tuple[str, ...], ...] = (("id",),)
    """Of each of these groups there must be at least one."""
    is_ranked: bool = False
    """Of several columns that mean the same the one that is named first here counts; else that is
    a fault."""


@dataclass
class Header:
    """How the columns of one file are understood."""

    names: list[str]
    """As they stand in the file."""
    meant: list[str | None]
    """Ours, at the same places; None for one that nobody knows."""
    missing: list[str] = field(default_factory=list)
    """What could be there and is not."""

    @property
    def unknown(self) -> list[str]:
        """What is read over."""
        return [name for name, ours in zip(self.names, self.meant, strict=True) if ours is None]

    def has(self, name: str) -> bool:
        """Whether a column is there."""
        return name in self.meant


def understood(file: File, names: Sequence[str]) -> Header:
    """The columns of a file by its first line. Raises CannotImport where one is missing."""
    meant = meanings(file, names)
    for group in file.needs:
        if not any(name in meant for name in group):
            raise CannotImport(f"{file.name} has no column {' or '.join(group)}.")
    missing = [name for name in file.columns if name not in meant]
    return Header(list(names), meant, missing)


def meanings(file: File, names: Sequence[str]) -> list[str | None]:
    """Our names for theirs, in their order; None for one that nobody knows.

    Raises CannotImport where two mean the same.
    """
    known = {also: ours for ours, others in file.columns.items() for also in (ours, *others)}
    plain = [_plain(name) for name in names]
    best = {ours: _first(file, ours, plain) for ours in file.columns}
    meant: list[str | None] = []
    for name in plain:
        ours = known.get(name)
        if ours and best[ours] not in (None, name):
            ours = None  # another column bears the better name
        if ours is not None and ours in meant:
            raise CannotImport(f"{file.name}: the column {ours} is there twice.")
        meant.append(ours)
    return meant


def _first(file: File, ours: str, plain: Sequence[str]) -> str | None:
    """The name that counts where several mean the same; None: any of them."""
    others = file.columns[ours] if file.is_ranked else ()
    return next((name for name in (ours, *others) if name in plain), None)


def _plain(name: str) -> str:
    """`userId`, `User ID` and `user_id` are one name."""
    return _GAP.sub("_", _CAMEL.sub("_", name.strip())).casefold()
