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


@pytest.mark.parametrize(
    ("raw", "region", "expected"),
    [
        ("+34 612 34 56 78", "TH", "+34612345678"),
        ("0034 612345678", "TH", "+34612345678"),
        ("0034-612-345-678", "ES", "+34612345678"),
        ("(0034) 612345678", "ES", "+34612345678"),
        ("612 34 56 78", "ES", "+34612345678"),
        ("612.345.678", "ES", "+34612345678"),
        ("34612345678", "ES", "+34612345678"),
        ("+44 (0)7911 123456", "ES", "+447911123456"),
        ("+44(0)7911123456", "TH", "+447911123456"),
        ("0044 (0) 7911 123456", "ES", "+447911123456"),
        ("\u202d+34 612 345 678\u202c", "ES", "+34612345678"),
        ("\uff0b34\u00a0612\u00a0345\u00a0678", "ES", "+34612345678"),
        ("tel:+34612345678", "TH", "+34612345678"),
        ("00 66 81 234 5678", "ES", "+66812345678"),
        ("011 34 612 345 678", "US", "+34612345678"),
    ],
)
def test_every_way_of_writing_a_number_is_one_number(raw: str, region: str, expected: str) -> None:
    assert to_e164(raw, None, region) == expected
