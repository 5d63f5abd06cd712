"""Re-encrypting every encrypted column under the primary key, while everybody goes on working.

Rows are read without locks; only those that need it are locked, for one small batch, and those
that somebody else holds are left for later. So a run can be cut off at any point and started
again: what is done is only read. It knows by trying: a ciphertext does not name its key.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    Engine,
    MetaData,
    Row,
    Table,
    Text,
    and_,
    func,
    or_,
    select,
    tuple_,
    type_coerce,
    update,
)
from sqlalchemy.orm import Session

from app.crypto import EncryptedJSON, EncryptedText, keyring

BATCH = 200
PASSES = 20
"""Rounds over rows that others held. One may still be held after them: the count says so."""


@dataclass(frozen=True)
class Vault:
    """A table with encrypted columns."""

    table: Table
    columns: tuple[Column[Any], ...]

    @property
    def key(self) -> tuple[Column[Any], ...]:
        """The columns of its primary key."""
        return tuple(self.table.primary_key.columns)

    def count(self, session: Session) -> int:
        """How many rows hold something encrypted."""
        query = select(func.count()).select_from(self.table).where(self._filled())
        return session.scalar(query) or 0

    def page(self, session: Session, after: Sequence[Any] | None) -> Sequence[Row[Any]]:
        """The next rows in the order of the key: key and ciphertexts."""
        query = select(*self.key, *self._raw()).where(self._filled())
        if after is not None:
            query = query.where(tuple_(*self.key) > tuple_(*after))
        return session.execute(query.order_by(*self.key).limit(BATCH)).all()

    def lock(self, session: Session, keys: Sequence[Any]) -> Sequence[Row[Any]]:
        """These rows as they are now, locked; those that somebody holds are left out."""
        query = select(*self.key, *self._raw()).where(tuple_(*self.key).in_(keys))
        return session.execute(query.with_for_update(skip_locked=True)).all()

    def write(self, session: Session, key: Sequence[Any], values: dict[str, str]) -> None:
        """Store ciphertexts of a locked row; nothing else about the row changes."""
        same = {c.name: c for c in self.table.c if c.onupdate is not None}
        stored = {self.table.c[name]: type_coerce(value, Text) for name, value in values.items()}
        here = and_(*(column == value for column, value in zip(self.key, key, strict=True)))
        statement = update(self.table).where(here).values({**same, **stored})
        session.execute(statement)

    def key_of(self, row: Row[Any]) -> tuple[Any, ...]:
        """The key of a row that was read here."""
        return tuple(row[: len(self.key)])

    def stale(self, row: Row[Any]) -> dict[str, str]:
        """Those of its ciphertexts that another key than the primary made, by column."""
        tokens = zip(self.columns, row[len(self.key) :], strict=True)
        return {c.name: t for c, t in tokens if t is not None and not keyring.is_current(t)}

    def _raw(self) -> list[Any]:
        return [type_coerce(column, Text).label(column.name) for column in self.columns]

    def _filled(self) -> Any:
        return or_(*(column.is_not(None) for column in self.columns))


@dataclass(frozen=True)
class Progress:
    """What one batch did."""

    table: str
    seen: int
    rotated: int
    held: int = 0
    """Rows that are still under another key, because somebody held them all the time."""


def vaults(metadata: MetaData) -> list[Vault]:
    """Every table with encrypted columns."""
    found = []
    for table in metadata.sorted_tables:
        columns = tuple(c for c in table.c if isinstance(c.type, (EncryptedText, EncryptedJSON)))
        if columns:
            found.append(Vault(table, columns))
    return found


def rotate(engine: Engine, vault: Vault) -> Generator[Progress, None, None]:
    """Bring a table under the primary key, batch by batch. Raises CannotDecrypt."""
    name, after, left = vault.table.name, None, list[Any]()
    while True:
        with Session(engine) as session:
            rows = vault.page(session, after)
        wanted = [vault.key_of(row) for row in rows if vault.stale(row)]
        done = _rotate(engine, vault, wanted)
        left += [key for key in wanted if key not in done]
        yield Progress(name, len(rows), len(done))
        if len(rows) < BATCH:
            break
        after = vault.key_of(rows[-1])
    for _ in range(PASSES):
        if not left:
            return
        done = set[Any]().union(
            *(_rotate(engine, vault, left[n : n + BATCH]) for n in range(0, len(left), BATCH))
        )
        left = [key for key in left if key not in done]
        yield Progress(name, 0, len(done))
    yield Progress(name, 0, 0, held=len(left))


def _rotate(engine: Engine, vault: Vault, keys: Sequence[Any]) -> set[Any]:
    """Rotate the rows that nobody holds, in one short transaction. Returns their keys."""
    if not keys:
        return set()
    with Session(engine) as session, session.begin():
        rows = vault.lock(session, keys)
        for row in rows:
            stale = vault.stale(row)
            if stale:
                fresh = {name: keyring.rotate(token) for name, token in stale.items()}
                vault.write(session, vault.key_of(row), fresh)
        gone = set(keys) - _existing(session, vault, keys)
    return {vault.key_of(row) for row in rows} | gone


def _existing(session: Session, vault: Vault, keys: Sequence[Any]) -> set[Any]:
    query = select(*vault.key).where(tuple_(*vault.key).in_(keys))
    return {tuple(row) for row in session.execute(query)}
