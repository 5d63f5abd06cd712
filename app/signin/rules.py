"""What an installation lets happen with codes: to which countries, how many, for how long."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from app.config import Settings

LIFE = timedelta(minutes=5)
"""How long a code works."""
RESEND = timedelta(seconds=30)
"""How long nobody is sent another one."""
ATTEMPTS = 3
EVERYWHERE = "*"
DEFAULTS = {
    "phone": (5, 10),
    "address": (20, 60),
    "network": (60, 200),
    "range": (20, 40),
    "all": (500, 2000),
}
"""Codes in an hour and in a day: to a phone, from an address, from its /24 or /56, to the thousand
numbers around a phone, and in all."""
_WORD = re.compile(r"(\w+)=(\d{1,6})/(\d{1,6})")


class BadRules(ValueError):
    """OTP_LIMITS cannot be read; the message says what."""


@dataclass
class Rules:
    """The rules of this process, configured by `create_app`."""

    pepper: bytes = b""
    countries: frozenset[str] = frozenset()
    """ISO 3166 regions, or `*`."""
    limits: Mapping[str, tuple[int, int]] = field(default_factory=lambda: DEFAULTS)
    token_life: timedelta = timedelta(days=30)
    refresh_life: timedelta = timedelta(days=90)

    def configure(self, settings: Settings) -> None:
        """Take them from the settings. Raises BadRules."""
        self.pepper = settings.otp_pepper.get_secret_value().encode()
        self.countries = frozenset(settings.otp_countries.upper().replace(",", " ").split())
        self.limits = {**DEFAULTS, **read_limits(settings.otp_limits)}
        self.token_life = timedelta(days=settings.customer_token_days)
        self.refresh_life = timedelta(days=settings.customer_refresh_days)

    def serves(self, region: str | None) -> bool:
        """Whether codes are sent to this country."""
        return EVERYWHERE in self.countries or region in self.countries


def read_limits(setting: str) -> dict[str, tuple[int, int]]:
    """`phone=5/10 all=500/2000`: in an hour and in a day. Raises BadRules."""
    found: dict[str, tuple[int, int]] = {}
    for word in setting.replace(",", " ").split():
        match = _WORD.fullmatch(word)
        if match is None or match[1] not in DEFAULTS:
            names = ", ".join(DEFAULTS)
            raise BadRules(f"OTP_LIMITS: {word!r} is not NAME=HOUR/DAY, NAME one of {names}.")
        found[match[1]] = (int(match[2]), int(match[3]))
    return found


rules = Rules()
