"""What CoverManager's answers mean. Pure: JSON in, values out; tolerant, as nothing is certain."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import phonenumbers

from app.customers.phones import to_e164
from app.platforms.base import Reservation
from app.platforms.calling import Complaint

NOT_PERMITTED = "not_permitted"
DENIED = (NOT_PERMITTED, "401", "403")
"""Codes of a key that may not."""


def complaint_of(said: Any) -> Complaint | None:
    """`resp` is 1, "1" or not there: well. Anything else: not, in the words of status or error."""
    if not isinstance(said, dict):
        return None
    resp = said.get("resp")
    if ("resp" not in said and not said.get("error")) or (
        resp in (1, "1") and not isinstance(resp, bool)
    ):
        return None
    text = next((str(said[n]) for n in ("status", "error") if isinstance(said.get(n), str)), "")
    if "not permit" in f"{text} {said.get('error')}".casefold():
        return Complaint("the key may not write (Action not permited).", NOT_PERMITTED, True)
    return Complaint(text)


def free_times(said: Any, party_size: int) -> list[str]:
    """Of `{people: {"2": {"20:00": {…}}}, hours: {"20:00": {"2": {…}}}}`: either, or empty lists.

    The first says it all where it is there.
    """
    if not isinstance(said, dict):
        return []
    party = str(party_size)
    people, hours = said.get("people"), said.get("hours")
    if people is not None:
        of_party = people.get(party) if isinstance(people, dict) else None
        return [t for t, free in of_party.items() if free] if isinstance(of_party, dict) else []
    if not isinstance(hours, dict):
        return []
    return [t for t, parties in hours.items() if isinstance(parties, dict) and parties.get(party)]


def split_phone(e164: str) -> tuple[str, str]:
    """Country code and national number, digits only; two empty texts without a number."""
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return "", ""
    return str(number.country_code), phonenumbers.national_significant_number(number)


def reservation_of(row: Mapping[str, Any], region: str) -> Reservation | None:
    """One of the list; None without an id. What its other fields mean is a guess of clients."""
    external_id = text_of(row, "id_reserv")
    if not external_id:
        return None
    words = (text_of(row, "commentary_client"), text_of(row, "commentary_restaurant"))
    return Reservation(
        external_id=external_id,
        raw_status=text_of(row, "status"),
        day=_day(text_of(row, "date")),
        time=text_of(row, "time")[:5],
        party_size=_number(text_of(row, "for")),
        name=text_of(row, "user_name"),
        email=text_of(row, "user_email"),
        phone=_phone(text_of(row, "user_phone"), region),
        requests="\n".join(filter(None, words)),
        reference=text_of(row, "ref"),
    )


def rows_of(said: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The objects of a list; PHP spells some lists as maps."""
    rows = said.get(name)
    if isinstance(rows, dict):
        rows = list(rows.values())
    return [each for each in rows if isinstance(each, dict)] if isinstance(rows, list) else []


def text_of(row: Mapping[str, Any], name: str) -> str:
    """A value as text, whichever type it came in; empty where there is none."""
    value = row.get(name)
    return "" if value is None or isinstance(value, dict | list) else str(value).strip()


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _phone(raw: str, region: str) -> str:
    """E.164 where it can be read: `600 111 222`, `+34…` and `34…` are all seen."""
    if not raw:
        return ""
    return to_e164(raw, None, region) or to_e164("+" + raw.lstrip("+0"), None, region) or raw
