"""A hub that writes nothing, and finds what would have been written by then."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.bookings.importing import Brought
from app.crypto import keyring
from app.customers.bulk import Guest, Trace
from app.ids import new_id
from app.legacy.hub import Became, Hub, Kept, Profile
from app.legacy.people import Likeness, likeness

_TABLES = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE found (trace BLOB PRIMARY KEY, id BLOB) WITHOUT ROWID;
CREATE TABLE made (id BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE users (legacy_id TEXT PRIMARY KEY, id BLOB, digest BLOB) WITHOUT ROWID;
CREATE TABLE profiles (customer BLOB, id BLOB, name BLOB, phone BLOB, born INTEGER);
CREATE INDEX of_customer ON profiles (customer);
"""


def _foreseen() -> sqlite3.Connection:
    base = sqlite3.connect("")  # a file that only this process sees
    base.executescript(_TABLES)
    return base


@dataclass(frozen=True)
class Rehearsal(Hub):
    """Keeps keyed hashes of what would be there: nothing that can be read."""

    base: sqlite3.Connection = field(default_factory=_foreseen)

    def known(self, kind: str, ids: Collection[str]) -> dict[str, Kept]:
        found = super().known(kind, ids)
        if kind == "user":
            rows = self._ask("SELECT legacy_id, id, digest FROM users WHERE legacy_id", ids)
            found |= {row[0]: Kept(UUID(bytes=row[1]), row[2]) for row in rows}
        return found

    def find(self, traces: Sequence[Trace]) -> list[UUID | None]:
        keys = {key for trace in traces for key in _keys(trace) if key}
        rows = self._ask("SELECT trace, id FROM found WHERE trace", keys)
        new = {row[0]: UUID(bytes=row[1]) for row in rows}
        return [
            self._first(trace, there, new)
            for trace, there in zip(traces, self._by_each(traces), strict=True)
        ]

    def guests(self, ids: Collection[UUID]) -> dict[UUID, Guest]:
        rows = self._ask("SELECT id FROM made WHERE id", [the_id.bytes for the_id in ids])
        new = {UUID(bytes=row[0]) for row in rows}
        found = super().guests(set(ids) - new)
        return found | {the_id: Guest(the_id, None, "-") for the_id in new}

    def profiles(self, customer_ids: Collection[UUID]) -> dict[UUID, list[Profile]]:
        found = super().profiles(customer_ids)
        query = "SELECT customer, id, name, phone, born FROM profiles WHERE customer"
        for customer, the_id, *like in self._ask(query, [one.bytes for one in customer_ids]):
            profile = Profile(UUID(bytes=the_id), Likeness(*like))
            found.setdefault(UUID(bytes=customer), []).append(profile)
        return found

    def make_customers(self, rows: Sequence[Mapping[str, Any]]) -> set[UUID]:
        for row in rows:
            the_id: UUID = row["id"]
            self.base.execute("INSERT INTO made VALUES (?)", [the_id.bytes])
            for key in _keys(Trace(row["phone"], row["email_hash"])):
                if key:
                    held = [key, the_id.bytes]
                    self.base.execute("INSERT OR IGNORE INTO found VALUES (?, ?)", held)
        return {row["id"] for row in rows}

    def make_travelers(self, rows: Sequence[Mapping[str, Any]]) -> None:
        for row in rows:
            names = ("name", "phone", "birth_date", "age", "age_on")
            like = likeness(*(row[name] for name in names))
            held = [row["customer_id"].bytes, row["id"].bytes, like.name, like.phone, like.born]
            self.base.execute("INSERT INTO profiles VALUES (?, ?, ?, ?, ?)", held)

    def make_bookings(self, brought: Sequence[Brought]) -> list[UUID]:
        return [new_id() for _ in brought]

    def note(self, rows: Sequence[Became]) -> None:
        for row in rows:
            if row.kind == "user":
                held = [row.legacy_id, row.our_id.bytes, row.digest]
                self.base.execute("INSERT INTO users VALUES (?, ?, ?)", held)

    def _by_each(self, traces: Sequence[Trace]) -> list[tuple[UUID | None, UUID | None]]:
        """Who is there already: by phone alone, and by e-mail alone."""
        phones = super().find([Trace(trace.phone, None) for trace in traces])
        emails = super().find([Trace(None, trace.email_hash) for trace in traces])
        return list(zip(phones, emails, strict=True))

    @staticmethod
    def _first(
        trace: Trace, there: tuple[UUID | None, UUID | None], new: Mapping[bytes, UUID]
    ) -> UUID | None:
        """By phone, else by e-mail; of two the one that was there before."""
        for key, old in zip(_keys(trace), there, strict=True):
            found = old or (new.get(key) if key else None)
            if found:
                return found
        return None

    def _ask(self, query: str, keys: Collection[Any]) -> Iterator[tuple[Any, ...]]:
        wanted = list(keys)
        for start in range(0, len(wanted), 5000):
            some = wanted[start : start + 5000]
            yield from self.base.execute(f"{query} IN ({','.join('?' * len(some))})", some)


def _keys(trace: Trace) -> tuple[bytes | None, bytes | None]:
    """What stands for a phone and for an e-mail address."""
    return keyring.hash("phone:" + trace.phone) if trace.phone else None, trace.email_hash
