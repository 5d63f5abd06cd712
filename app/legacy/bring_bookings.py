"""Bookings are brought in with whoever went along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.bookings.importing import Brought
from app.bookings.status import ARRIVED
from app.customers.actions import Known
from app.customers.bulk import Guest
from app.legacy import parties
from app.legacy.catalogue import Catalogue, Outing
from app.legacy.hub import Became
from app.legacy.index import Spot
from app.legacy.owners import owners
from app.legacy.parties import Going, Profiles, going, reject_party
from app.legacy.trips import Trip, midnight, source_id, trip
from app.legacy.work import Work
from app.tabular.files import Row
from app.tabular.values import Bad

CENT = Decimal("0.01")
USED = "A booking with the id that this one would have here is there already."
Spots = Mapping[str, Sequence[Spot]]


@dataclass
class Found:
    """A booking that can be brought in."""

    row: Row
    trip: Trip
    outing: Outing
    guest: Guest
    party: Going


def bring_bookings(work: Work, rows: Sequence[Row]) -> None:
    """A batch of bookings.csv, with its participants."""
    first = work.index.find("booking", {row.id for row in rows if row.id})
    mine = {row.id for row in rows if row.id in first and first[row.id].at == row.at}
    spots = work.index.children(mine)
    fresh = work.fresh(work.bookings, rows)
    _known_before(work, rows, fresh, spots)
    found = _found(work, fresh, spots)
    catalogue = Catalogue(work.hub.session, work.hub.website.id, [one.outing for one in found])
    profiles = Profiles(work.hub.profiles({one.guest.id for one in found}))
    brought = [_brought(work, one, catalogue, profiles) for one in found]
    work.hub.make_travelers(profiles.new)
    ids = work.hub.make_bookings(brought)
    became = [
        Became("booking", one.row.id, our_id, True, one.row.digest)
        for one, our_id in zip(found, ids, strict=True)
    ]
    for _ in became:
        work.report.count(work.bookings, "new")
    work.hub.note(became + profiles.became)


def bring_leftovers(work: Work, rows: Sequence[Row]) -> None:
    """A batch of booking_participants.csv: those that no booking brought along."""
    spots = work.index.find("participant", {row.id for row in rows if row.id})
    named = {row.values.get("booking_id", "") for row in rows}
    bookings = work.index.find("booking", named)
    for row in rows:
        spot, booking_id = spots.get(row.id), row.values.get("booking_id", "")
        reason = row.fault or (None if row.id else "id is empty.")
        if not reason and spot and spot.at != row.at:
            reason = f"The id {row.id} is in line {spot.line} already."
        if not reason and booking_id not in bookings:
            reason = f"There is no booking {booking_id or '(empty)'} in bookings.csv."
        if reason:
            work.report.reject(work.participants, row, reason)


def _known_before(work: Work, rows: Sequence[Row], fresh: Sequence[Row], spots: Spots) -> None:
    """The participants of bookings that were brought in before."""
    new = {row.id for row in fresh}
    old = [spot for row_id in dict.fromkeys(row.id for row in rows) if row_id not in new
           for spot in spots.get(row_id, ())]  # fmt: skip
    again = [work.participants.row_at(*spot) for spot in old]
    for row in work.fresh(work.participants, again):
        why = "Its booking was brought in before, without it: add the traveler to the booking."
        work.report.reject(work.participants, row, why)


def _found(work: Work, rows: Sequence[Row], spots: Spots) -> list[Found]:
    """The bookings that can be brought in; the others are rejected with all who went along."""
    read: list[tuple[Row, Trip, Outing]] = []
    for row in rows:
        try:
            region = work.hub.website.phone_region
            one = trip(row.values, work.hub.system, region, work.hub.now)
            read.append((row, one, work.lists.outing(row.values)))
        except Bad as reason:
            _reject(work, row, str(reason), spots)
    taken = work.hub.taken({source_id(work.hub.system, row.id) for row, _, _ in read})
    guests = owners(work, [(row, one) for row, one, _ in read])
    accepted: list[tuple[Row, Trip, Outing, Guest]] = []
    for (row, one, outing), guest in zip(read, guests, strict=True):
        is_taken = source_id(work.hub.system, row.id) in taken
        why = USED if is_taken else _size_fault(one, len(spots.get(row.id, ())))
        if isinstance(guest, str) or why:
            _reject(work, row, guest if isinstance(guest, str) else str(why), spots)
        else:
            accepted.append((row, one, outing, guest))
    wanted = [spot for row, *_ in accepted for spot in spots.get(row.id, ())]
    rows_of = parties.new_rows(work, wanted)
    return [
        Found(row, one, outing, guest, going(work, rows_of.get(row.id, ()), outing.day))
        for row, one, outing, guest in accepted
    ]


def _size_fault(one: Trip, named: int) -> str | None:
    if named > parties.MOST:
        return f"It names more than {parties.MOST:,} participants."
    return None if named or one.guests else "Nobody goes along."


def _reject(work: Work, row: Row, reason: str, spots: Spots) -> None:
    work.report.reject(work.bookings, row, reason)
    reject_party(work, spots.get(row.id, ()), f"Its booking {row.id} was rejected.")


def _brought(work: Work, one: Found, catalogue: Catalogue, profiles: Profiles) -> Brought:
    place, kind = catalogue.place(one.outing)
    arrived = _arrived(one)
    customer, day = one.guest.id, one.outing.day
    travelers = profiles.travelers(work, customer, one.party, day, arrived)
    return Brought(
        values={**one.trip.values, **place, **_said(one), "travelers": travelers},
        customer=Known(one.guest.id, one.guest.key),
        source=one.trip.source,
        source_booking_id=source_id(work.hub.system, one.row.id),
        more={**one.trip.history, "kind": kind},
    )


def _said(one: Found) -> dict[str, Any]:
    """What follows from the row, its customer and its party together."""
    told, guest = one.trip.values, one.guest
    guests = max(one.trip.guests or 0, len(one.party), 1)
    price = told["package_price"]
    if price is None:
        price = (told["total_amount"] / guests).quantize(CENT)
    return {
        "guest_count": guests,
        "package_price": price,
        "customer_name": told["customer_name"] or guest.name,
        "customer_email": told["customer_email"] or guest.email or "",
        "customer_phone": told["customer_phone"] or guest.phone,
    }


def _arrived(one: Found) -> datetime | None:
    """When they came, as far as it is known; None where they did not."""
    if one.trip.values["stated_status"] not in ARRIVED:
        return None
    return one.trip.history["checked_in_at"] or midnight(one.outing.day)
