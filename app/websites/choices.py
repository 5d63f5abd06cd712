"""What a website can choose from: time zones, currencies, phone regions."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

from babel import Locale
from babel.core import get_global
from phonenumbers import SUPPORTED_REGIONS

_ENGLISH = Locale("en")
_NOT_PLACES = ("Etc/", "SystemV/", "posix/", "right/")


@cache
def timezones() -> tuple[str, ...]:
    """Names of the tz database that are places, and UTC."""
    names = (name for name in available_timezones() if "/" in name)
    return ("UTC", *sorted(name for name in names if not name.startswith(_NOT_PLACES)))


@cache
def currencies() -> dict[str, str]:
    """ISO 4217 codes that are money somewhere today, with their English names."""
    tender = {
        code
        for used in get_global("territory_currencies").values()
        for code, _, end, is_tender in used
        if end is None and is_tender
    }
    return {code: _ENGLISH.currencies.get(code, code) for code in sorted(tender)}


@cache
def regions() -> dict[str, str]:
    """ISO 3166 codes of regions with telephones, by their English names."""
    named = {code: _ENGLISH.territories.get(code, code) for code in SUPPORTED_REGIONS}
    return dict(sorted(named.items(), key=lambda item: item[1]))
