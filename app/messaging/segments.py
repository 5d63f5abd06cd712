"""How many parts a text message is sent and paid in.

GSM-7 counts 7-bit characters (those of its extension twice): 160 in one part, 153 in each of
several. One character beyond it makes the whole text UCS-2: 70 in one part, 67 in each of several.
No character is cut in two by the end of a part.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("^{}\\[~]|€\f")
_PARTS = {"GSM-7": (160, 153), "UCS-2": (70, 67)}


@dataclass(frozen=True)
class Segments:
    """The size of a text message. `units`: septets, or 16-bit units."""

    encoding: str
    units: int
    count: int
    left: int
    """Units that still fit into the last part."""
    beyond: str
    """The characters for which GSM-7 did not do, each once."""

    def cost(self, price: Decimal | None) -> Decimal | None:
        """An estimate; None where no price is known."""
        return None if price is None else price * self.count


def measure(text: str) -> Segments:
    """The size of this text."""
    beyond = "".join(dict.fromkeys(c for c in text if c not in BASIC and c not in EXTENSION))
    encoding = "UCS-2" if beyond else "GSM-7"
    sizes = [_utf16(c) if beyond else _septets(c) for c in text]
    one, several = _PARTS[encoding]
    units = sum(sizes)
    if units <= one:
        return Segments(encoding, units, min(1, len(sizes)), one - units, beyond)
    count, left = _filled(sizes, several)
    return Segments(encoding, units, count, left, beyond)


def _filled(sizes: Iterable[int], part: int) -> tuple[int, int]:
    count, left = 0, 0
    for size in sizes:
        if size > left:
            count, left = count + 1, part
        left -= size
    return count, left


def _septets(char: str) -> int:
    return 2 if char in EXTENSION else 1


def _utf16(char: str) -> int:
    return 2 if ord(char) > 0xFFFF else 1
