"""What a row of a person says: users, who become customers, and participants, who become
travelers."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.crypto import hash_email, keyring
from app.customers.bulk import Trace
from app.customers.phones import to_e164
from app.legacy import values
from app.legacy.values import OLDEST
from app.tabular import values as texts
from app.tabular.values import Bad

CUSTOMER = "user"
"""The role of who books; others work there."""
Texts = Mapping[str, str]


@dataclass(frozen=True)
class Person:
    """A user who is a customer."""

    first_name: str
    last_name: str
    email: str | None
    phone: str | None
    """E.164."""
    phone_raw: str | None
    """As written, where it is no number."""
    created_at: datetime | None

    @property
    def trace(self) -> Trace:
        """What they may be found by."""
        return trace(self.phone, self.email)


def trace(phone: str | None, email: str | None) -> Trace:
    """What somebody may be found by."""
    return Trace(phone, hash_email(email) if email else None)


def role(row: Texts) -> str:
    """Of a user."""
    return row.get("role", "").casefold()


def person(row: Texts, region: str, now: datetime) -> Person:
    """A user. Raises Bad."""
    first, last = _names(row)
    written = texts.words(row, "phone", 50)
    phone = to_e164(written, row.get("country_code"), region) if written else None
    return Person(
        first_name=first,
        last_name=last,
        email=values.email(row, "email"),
        phone=phone,
        phone_raw=None if phone else written,
        created_at=values.instant(row, "created_at", now),
    )


def _names(row: Texts) -> tuple[str, str]:
    first, last = texts.words(row, "first_name"), texts.words(row, "last_name")
    if first or last:
        return first or last or "", (last or "") if first else ""
    before, _, after = texts.needed(row, "name").rpartition(" ")
    return (before.strip(), after) if before else (after, "")


@dataclass(frozen=True)
class Participant:
    """Who went along."""

    columns: Mapping[str, Any]
    """Of a traveler's profile and of a booking's row alike."""
    price: Any
    is_primary: bool
    created_at: datetime | None

    @property
    def name(self) -> str:
        return str(self.columns["name"])

    @property
    def is_adult(self) -> bool:
        """Whether they are not known to be a child."""
        age = self.columns["age"]
        return age is None or age >= 18


def participant(row: Texts, region: str, on: date, now: datetime) -> Participant:
    """A participant of a trek that began `on`. Raises Bad."""
    born = values.day(row, "birth_date")
    if born is not None and born > on:
        raise Bad("birth_date is after the trek.")
    age = values.count(row, "age", OLDEST)
    columns = {
        "name": texts.needed(row, "name"),
        "birth_date": born,
        "age": years(born, on) if born else age,
        "gender": values.gender(row, "gender"),
        "phone": _phone(row, "phone", region),
        "emergency_contact_name": texts.words(row, "emergency_contact_name"),
        "emergency_contact_phone": _phone(row, "emergency_contact_phone", region),
        "special_requirements": texts.words(row, "special_requirements", 5000),
        "medical_notes": texts.words(row, "medical_notes", 5000),
    }
    return Participant(
        columns,
        price=values.money(row, "price"),
        is_primary=texts.flag(row, "is_primary") or False,
        created_at=values.instant(row, "created_at", now),
    )


def _phone(row: Texts, name: str, region: str) -> str | None:
    """E.164, or as written where it is no number."""
    written = texts.words(row, name, 50)
    return (to_e164(written, None, region) or written) if written else None


def years(born: date, on: date) -> int:
    """Somebody's age on a day."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


@dataclass(frozen=True)
class Likeness:
    """What tells whether two descriptions mean the same person; of no use to anybody else."""

    name: bytes
    phone: bytes | None
    born: int | None
    """In which year, as far as it is known: an age may be a year off."""

    def is_like(self, other: Likeness) -> bool:
        """The same name, and nothing that speaks against it."""
        if self.name != other.name:
            return False
        if self.phone and other.phone and self.phone != other.phone:
            return False
        known = self.born is not None and other.born is not None
        return not known or abs((self.born or 0) - (other.born or 0)) <= 1


def likeness(
    name: str, phone: str | None, birth_date: date | None, age: int | None, on: date | None
) -> Likeness:
    """Of somebody who had that age on a day."""
    bare = unicodedata.normalize("NFKD", name.casefold())
    folded = " ".join("".join(c for c in bare if not unicodedata.combining(c)).split())
    born = birth_date.year if birth_date else on.year - age if age is not None and on else None
    number = keyring.hash("like:" + phone) if phone else None
    return Likeness(keyring.hash("like:" + folded), number, born)
