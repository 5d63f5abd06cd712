"""How a key is written: `<owner>_sk_` + 30 random characters + 6 check digits.

The check digits say whether a key was copied whole, without asking anybody; they protect nothing.
"""

from __future__ import annotations

import re
import secrets
import string
import zlib

from app.crypto import new_token

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
MARK = "_sk_"
RANDOM_LENGTH = 30
CHECK_LENGTH = 6
SHOWN = 4
"""Random characters that the visible prefix shows."""

_TAIL = re.compile(rf"[0-9A-Za-z]{{{RANDOM_LENGTH + CHECK_LENGTH}}}")


def new_clear_text(owner: str) -> str:
    """A new key: some 178 bits of chance."""
    random = "".join(secrets.choice(BASE62) for _ in range(RANDOM_LENGTH))
    body = f"{owner}{MARK}{random}"
    return body + check_digits(body)


def check_digits(body: str) -> str:
    """CRC-32 of a key without its check digits, in Base62, padded with zeros."""
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(CHECK_LENGTH):
        number, digit = divmod(number, len(BASE62))
        digits = BASE62[digit] + digits
    return digits


def is_mistyped(presented: str) -> bool:
    """Whether it looks like a key of ours and its check digits do not match.

    Keys of another form (agreed on, or older) have none: only looking them up can tell.
    """
    _, mark, tail = presented.rpartition(MARK)
    if not mark or not _TAIL.fullmatch(tail):
        return False
    return check_digits(presented[:-CHECK_LENGTH]) != presented[-CHECK_LENGTH:]


def new_second_half() -> str:
    """The secret that a partner may show beside its key: 256 bits of chance."""
    return f"secret_{new_token()}"


def prefix_of(clear_text: str) -> str:
    """The beginning by which people tell keys apart: not enough to use it."""
    head, mark, tail = clear_text.partition(MARK)
    return f"{head}{mark}{tail[:SHOWN]}" if mark else clear_text[:SHOWN]
