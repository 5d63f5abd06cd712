"""Phones as sources send them, in E.164 or not at all."""

from __future__ import annotations

import pytest

from app.customers.phones import to_e164


@pytest.mark.parametrize(
    ("raw", "code", "expected"),
    [
        ("081 234 5678", None, "+66812345678"),
        ("812345678", "+66", "+66812345678"),
        ("66812345678", "66", "+66812345678"),
        ("812345678", "th", "+66812345678"),
        ("0066812345678", "GB", "+66812345678"),
        ("07911 123456", "GB", "+447911123456"),
        ("07911 123456", "UK", "+447911123456"),
        ("1-800-FLOWERS", "+1", "+18003569377"),
        ("5551234", "+1-876", "+18765551234"),
        ("12345678", "+800", "+80012345678"),
    ],
)
def test_a_number_is_read_with_what_was_said_about_it(
    raw: str, code: str | None, expected: str
) -> None:
    assert to_e164(raw, code, "TH") == expected


@pytest.mark.parametrize("code", ["+9999999", "0", "EN", "+1-876"])
def test_a_code_that_means_nothing_makes_nobody_elses_number(code: str) -> None:
    assert to_e164("812345678", code, "TH") is None
    assert to_e164("+66 81 234 5678", code, "TH") == "+66812345678"


@pytest.mark.parametrize("raw", ["", "+" * 50, "📞", "ask at the hotel", "0"])
def test_what_is_no_number_is_none(raw: str) -> None:
    assert to_e164(raw, None, "TH") is None
