"""The languages of messages: how dates and amounts are written, and the phrases that values hold.

To add one: a line in `LANGUAGES`, its dates and phrases here, and its words in `defaults/<code>/`.
"""

from __future__ import annotations

from datetime import date, time, timedelta
from decimal import Decimal

from babel.dates import format_date
from babel.numbers import format_currency, get_currency_precision

LANGUAGES = {"en": "English", "es": "Español"}
FALLBACK = "en"
_LOCALES = {"en": "en_GB", "es": "es_ES"}
_FULL = {"en": "EEEE d MMMM y", "es": "EEEE, d 'de' MMMM 'de' y"}
_NEAR = {"en": "EEEE d MMMM", "es": "EEEE, d 'de' MMMM"}
_SPACES = str.maketrans(dict.fromkeys("\u00a0\u202f\u2009", " "))
"""Narrow spaces cost a text message half of its characters."""

_PHRASES = {
    "en": {
        "today": "today",
        "tomorrow": "tomorrow",
        "table": "table",
        "sunday_lunch": "Sunday lunch",
        "guest": "guest",
        "refund_all": "Your deposit of {paid} will be refunded in full.",
        "refund_part": "{back} of your deposit of {paid} will be refunded.",
        "refund_none": "Your deposit of {paid} is not refunded.",
        "refund_source": "{back} will be refunded.",
        "activity_date": "Date",
        "time_slot": "Time",
        "guest_count": "Guests",
        "package_name": "Booked",
        "venue": "Venue",
        "created": "New booking",
        "changed": "Booking changed",
        "cancelled": "Booking cancelled",
        "fired": "Problem",
        "resolved": "Resolved",
    },
    "es": {
        "today": "hoy",
        "tomorrow": "mañana",
        "table": "mesa",
        "sunday_lunch": "almuerzo de domingo",
        "guest": "cliente",
        "refund_all": "Le devolveremos su depósito de {paid} por completo.",
        "refund_part": "Le devolveremos {back} de su depósito de {paid}.",
        "refund_none": "Su depósito de {paid} no se devuelve.",
        "refund_source": "Le devolveremos {back}.",
        "activity_date": "Fecha",
        "time_slot": "Hora",
        "guest_count": "Personas",
        "package_name": "Reservado",
        "venue": "Lugar",
        "created": "Reserva nueva",
        "changed": "Reserva cambiada",
        "cancelled": "Reserva cancelada",
        "fired": "Problema",
        "resolved": "Resuelto",
    },
}


def known(language: str | None) -> str | None:
    """The code of a language that we have (`es-MX` is Spanish); None for others."""
    code = (language or "").replace("_", "-").split("-")[0].lower()
    return code if code in LANGUAGES else None


def phrase(name: str, language: str, **values: str) -> str:
    """A phrase of ours in this language."""
    return _PHRASES[language][name].format(**values)


def full_date(day: date, language: str) -> str:
    """`Sunday 13 December 2026`."""
    return format_date(day, _FULL[language], locale=_LOCALES[language])


def near_date(day: date, today: date, language: str) -> str:
    """`today`, `tomorrow`, else `Sunday 13 December`: fits after `booked for`."""
    if day == today:
        return phrase("today", language)
    if day == today + timedelta(days=1):
        return phrase("tomorrow", language)
    return format_date(day, _NEAR[language], locale=_LOCALES[language])


def clock(moment: time) -> str:
    """`13:00`."""
    return moment.strftime("%H:%M")


def money(amount: Decimal, currency: str, language: str) -> str:
    """`£20`, `£12.50`, `THB 1,200`."""
    whole = amount == amount.to_integral_value()
    digits = 0 if whole else get_currency_precision(currency)
    rounded = amount.quantize(Decimal(1).scaleb(-digits))
    pattern = "¤#,##0" + ("." + "0" * digits if digits else "")
    text = format_currency(
        rounded, currency, pattern, locale=_LOCALES[language], currency_digits=False
    )
    symbol = text.rstrip("0123456789.,")
    if symbol.isalpha():  # a code, not a sign: apart from the figure
        text = f"{symbol} {text[len(symbol) :]}"
    return text.translate(_SPACES)
