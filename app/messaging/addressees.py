"""Whose a phone or an e-mail is: the guests that messages about their bookings go to."""

from __future__ import annotations

import re
from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, select, true, union
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.bookings.models import Booking
from app.crypto import hash_email
from app.customers.models import Customer
from app.customers.phones import to_e164
from app.errors import Fault, InvalidPayload
from app.websites.models import Website

MANY = 500
"""An address that more guests share is nobody's own: the newest of them count."""
_UNREADABLE = "Must be an e-mail address or a phone; best with + and the country code."


def guests_at(session: Session, websites: Collection[str] | None, to: str) -> tuple[UUID, ...]:
    """Ids of the guests with this phone or e-mail on their record, or e-mail on a booking.

    `websites`: whose bookings count, and whose regions a national number is read in (None: all).
    Where the record was merged, the one that was kept is named too. Raises InvalidPayload for
    what is neither a phone nor an e-mail.
    """
    if "@" in to:
        digest = hash_email(to)
        booked = select(Booking.customer_id).where(
            Booking.customer_email_hash == digest, _among(Booking.website_id, websites)
        )
        known = select(Customer.id).where(Customer.email_hash == digest)
        either = union(known, booked).subquery()
        query = select(either.c.id)
    else:
        query = select(Customer.id).where(Customer.phone.in_(_numbers(session, websites, to)))
    ids = query.order_by(query.selected_columns[0].desc()).limit(MANY)
    return tuple(_with_kept(session, set(session.scalars(ids))))


def _numbers(session: Session, websites: Collection[str] | None, to: str) -> list[str]:
    """The numbers in E.164 that this may be: national in one of the regions, or without its +."""
    regions = select(Website.phone_region).where(_among(Website.id, websites)).distinct()
    read = {to_e164(to, None, region) for region in session.scalars(regions)}
    digits = re.sub(r"\D", "", to)
    read.add(to_e164(f"+{digits}", None, "ZZ"))
    found = sorted(number for number in read if number)
    if not found:
        raise InvalidPayload("Nobody has this address.", [Fault("to", _UNREADABLE)])
    return found


def _with_kept(session: Session, found: set[UUID]) -> set[UUID]:
    new = found
    while new:
        query = select(Customer.merged_into_id).where(
            Customer.id.in_(new), Customer.merged_into_id.is_not(None)
        )
        new = {each for each in session.scalars(query) if each} - found
        found = found | new
    return found


def _among(
    column: InstrumentedAttribute[str], websites: Collection[str] | None
) -> ColumnElement[bool]:
    return true() if websites is None else column.in_(sorted(websites))
