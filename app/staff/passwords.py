"""Passwords: argon2id, about 70 ms of one core; and which ones nobody may choose."""

from __future__ import annotations

import string
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_LENGTH = 10
MAX_LENGTH = 200
"""An upper limit, so that nobody has us hash a megabyte."""

FEWEST_LETTERS = 4
"""Different ones in a password: `aaaaaaaaaa` and `1212121212` are guessed first."""

_COMMON = Path(__file__).with_name("common_passwords.txt")
_ENDINGS = string.digits + string.punctuation + " "

_hasher = PasswordHasher(time_cost=2, memory_cost=32 * 1024, parallelism=1)
_DUMMY = _hasher.hash("nobody has this password")


def hash_password(password: str) -> str:
    """The hash to store: with its own salt and parameters."""
    return _hasher.hash(password)


def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether the password fits. Without a hash it takes as long and is never right."""
    try:
        _hasher.verify(password_hash or _DUMMY, password[:MAX_LENGTH])
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def needs_rehash(password_hash: str) -> bool:
    """Whether it was made with other parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)


def fault_of(password: str, name: str, email: str) -> str | None:
    """Why this person may not use the password; None when they may.

    Length, and what attackers try first; no rules of which letters it must hold.
    """
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        return f"Use between {MIN_LENGTH} and {MAX_LENGTH} characters."
    folded = password.casefold()
    if folded.strip() in _own_words(name, email):
        return "This is your name or your address. Choose something nobody knows of you."
    bare = folded.strip(_ENDINGS)
    if {folded, bare} & common() or len(set(folded)) < FEWEST_LETTERS:
        return "Everybody knows this password: attackers try it first. Choose another."
    return None


def _own_words(name: str, email: str) -> set[str]:
    name, email = name.casefold().strip(), email.casefold().strip()
    return {name, name.replace(" ", ""), email, email.partition("@")[0]}


@cache
def common() -> frozenset[str]:
    """The passwords that leaks are full of, in small letters."""
    return frozenset(_COMMON.read_text("utf-8").split()) - {""}
