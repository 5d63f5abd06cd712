"""Finding guests by what somebody types: a name, the beginning of a phone, an e-mail in full.

As with bookings, a search is looked up by itself, by index and without the wall, and yields ids;
the list that is made of them has its scope, and the wall.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from uuid import UUID

import phonenumbers
from sqlalchemy import ColumnElement, cast, false, func, or_, select, true
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Session

from app.bookings.filters import Filters
from app.bookings.models import Booking
from app.bookings.searching import looked_up
from app.crypto import hash_email
from app.customers.models import NAME_WORDS, Customer
from app.wall import lifted
from app.websites.models import Website

MANY = 2000
"""More hits than these are no search; the list shows what the records themselves say."""
_PHONE = re.compile(r"[\d\s()+./-]+")
_SURVIVOR = func.coalesce(Customer.merged_into_id, Customer.id)


def look_up(session: Session, text: str, websites: Collection[str] | None) -> Sequence[UUID]:
    """Ids of the guests that a search means: by what the record says, or what their bookings say.

    `websites`: whose regions a national number is read in (None: all). At most MANY of each.
    """
    condition = _condition(text, _codes(session, websites))
    query = select(_SURVIVOR).where(condition).limit(MANY)
    with lifted(session, by_index=True):
        found = set(session.scalars(query))
    hits = looked_up(session, Filters(q=text)).found
    if hits:
        theirs = select(Booking.customer_id).where(Booking.id.in_(hits)).distinct()
        found |= set(session.scalars(theirs))
    return sorted(found)


def _codes(session: Session, websites: Collection[str] | None) -> set[int]:
    """The country codes of these websites' regions."""
    mine = true() if websites is None else Website.id.in_(websites)
    regions = session.scalars(select(Website.phone_region).where(mine).distinct())
    return {phonenumbers.country_code_for_region(each) for each in regions} - {0}


def _condition(text: str, codes: Collection[int]) -> ColumnElement[bool]:
    if "@" in text:
        return Customer.email_hash == hash_email(text)
    if _PHONE.fullmatch(text) and re.search(r"\d{3}", re.sub(r"\D", "", text)):
        return or_(*(_begins(prefix) for prefix in prefixes(text, codes)))
    words = " & ".join(f"'{word}':*" for word in re.findall(r"\w+", text.lower())[:8])
    if not words:
        return false()
    return NAME_WORDS.op("@@", is_comparison=True)(cast(words, TSQUERY))


def prefixes(text: str, codes: Collection[int]) -> list[str]:
    """The beginnings of E.164 numbers that typed digits may be: with or without the country."""
    digits = re.sub(r"\D", "", text)
    if text.strip().startswith("+"):
        return [f"+{digits}"]
    if digits.startswith("00"):
        return [f"+{digits[2:]}"]
    national = digits.removeprefix("0")
    return [f"+{digits}", *(f"+{code}{national}" for code in sorted(codes))]


def _begins(prefix: str) -> ColumnElement[bool]:
    """In the words of the index, whose order is that of the bytes: `:` comes after the digits."""
    above = Customer.phone.op("~>=~", is_comparison=True)(prefix)
    below = Customer.phone.op("~<~", is_comparison=True)(f"{prefix}:")
    both: ColumnElement[bool] = above & below
    return both
