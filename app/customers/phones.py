"""Phones in E.164, read with an explicit region."""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

_ALSO_SAID = {"UK": "GB"}


@lru_cache(maxsize=4096)
def to_e164(raw: str, country_code: str | None, region: str) -> str | None:
    """`raw` as E.164, or None when it is no valid number.

    country_code is what the source sent beside it: `+66`, `66` or `TH`; region (ISO 3166) is the
    website's own and counts when nothing was sent. A code that means nothing is not guessed
    around: the number could be somebody else's.
    """
    text = raw.strip()
    if text.startswith("00"):
        text = "+" + text[2:]
    try:
        number = _parse(text, (country_code or "").strip(), region)
    except NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _parse(text: str, code: str, region: str) -> phonenumbers.PhoneNumber:
    digits = re.sub(r"\D", "", code)
    if re.fullmatch(r"[A-Za-z]{2}", code):
        return phonenumbers.parse(text, _ALSO_SAID.get(code.upper(), code.upper()))
    if not digits:
        return phonenumbers.parse(text, region)
    meant = phonenumbers.region_code_for_country_code(int(digits))
    if meant in ("ZZ", "001") and not text.startswith("+"):  # `+1-876`: longer than a country's
        return phonenumbers.parse(f"+{digits}{text}")
    return phonenumbers.parse(text, meant)


def digits_for_search(raw: str | None, e164: str | None) -> list[str]:
    """The ways in which staff may begin to type the number: national, international, as sent."""
    found: list[str] = []
    if e164:
        number = phonenumbers.parse(e164)
        national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
        found += [e164[1:], str(number.national_number), re.sub(r"\D", "", national)]
    if raw:
        found.append(re.sub(r"\D", "", raw))
    return [digits for digits in dict.fromkeys(found) if digits]
