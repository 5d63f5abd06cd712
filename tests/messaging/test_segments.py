"""The size of a text message, against a count that does it letter by letter."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.messaging.segments import BASIC, EXTENSION, measure

_GSM = st.text(alphabet=sorted(BASIC | EXTENSION), max_size=700)
_ANY = st.text(
    alphabet=st.one_of(st.sampled_from("aé€’😀ñ"), st.characters(exclude_categories=["Cs"])),
    max_size=400,
)


def naive(text: str) -> tuple[str, int]:
    """The parts laid out one by one, as a phone receives them."""
    gsm = all(c in BASIC or c in EXTENSION for c in text)
    chars = [("\x1b" + c if c in EXTENSION else c) if gsm else c for c in text]
    lengths = [len(c) if gsm else len(c.encode("utf-16-be")) // 2 for c in chars]
    one, several = (160, 153) if gsm else (70, 67)
    if sum(lengths) <= one:
        return ("GSM-7" if gsm else "UCS-2"), min(1, len(text))
    parts = [0]
    for length in lengths:
        if parts[-1] + length > several:
            parts.append(0)
        parts[-1] += length
    return ("GSM-7" if gsm else "UCS-2"), len(parts)


@given(_GSM | _ANY)
def test_counts_as_the_naive_count(text: str) -> None:
    found = measure(text)
    assert (found.encoding, found.count) == naive(text)
    assert found.left >= 0


@pytest.mark.parametrize(
    ("text", "encoding", "count", "left"),
    [
        ("", "GSM-7", 0, 160),
        ("a" * 160, "GSM-7", 1, 0),
        ("a" * 161, "GSM-7", 2, 145),
        ("€" * 80, "GSM-7", 1, 0),
        ("a" * 152 + "€" * 5, "GSM-7", 2, 143),  # the sign does not fit into the first part
        ("ñ" * 160, "GSM-7", 1, 0),
        ("á" * 70, "UCS-2", 1, 0),
        ("á" * 71, "UCS-2", 2, 63),
        ("😀" * 35, "UCS-2", 1, 0),
        ("😀" * 36, "UCS-2", 2, 61),  # 33 and 3: none is cut in two
    ],
)
def test_edges(text: str, encoding: str, count: int, left: int) -> None:
    found = measure(text)
    assert (found.encoding, found.count, found.left) == (encoding, count, left)


def test_names_what_makes_it_dear() -> None:
    assert measure("Don’t “wait”, don’t").beyond == "’“”"


def test_costs_by_the_part() -> None:
    assert measure("a" * 161).cost(Decimal("0.04")) == Decimal("0.08")
    assert measure("a").cost(None) is None
