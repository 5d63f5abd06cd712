"""Whose a booking is: by the user's id, then by the phone, then by the e-mail of its contact."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from app.customers.bulk import Guest
from app.legacy.people import CUSTOMER, person, role
from app.legacy.trips import Trip
from app.legacy.work import Work
from app.tabular.files import Row
from app.tabular.values import Bad

ERASED = "Its customer was erased here: nothing of them is brought in again."


def owners(work: Work, trips: Sequence[tuple[Row, Trip]]) -> list[Guest | str]:
    """The customer of each, or why there is none."""
    named = {row.values["user_id"] for row, _ in trips if "user_id" in row.values}
    known = work.hub.known("user", named)
    unknown = _reasons(work, named - known.keys())
    found = work.hub.find([trip.trace for _, trip in trips])
    ids = {kept.our_id for kept in known.values()} | {one for one in found if one}
    guests = work.hub.guests(ids)
    result: list[Guest | str] = []
    for (row, _), by_contact in zip(trips, found, strict=True):
        user_id = row.values.get("user_id", "")
        our_id = known[user_id].our_id if user_id in known else by_contact
        guest = guests.get(our_id) if our_id else None
        if guest is None:
            why = unknown.get(user_id, "It names no user")
            result.append(f"{why}, and nobody here has the phone or the e-mail of the booking.")
        else:
            result.append(ERASED if guest.is_erased else guest)
    return result


def _reasons(work: Work, user_ids: Collection[str]) -> dict[str, str]:
    """Why these users are no customers."""
    spots = work.index.find("user", user_ids)
    return {
        user_id: _reason(work, work.users.row_at(*spots[user_id]))
        if user_id in spots
        else f"User {user_id} is not in users.csv"
        for user_id in user_ids
    }


def _reason(work: Work, user: Row) -> str:
    if user.fault is None and role(user.values) != CUSTOMER:
        return f"User {user.id} has the role {role(user.values) or '(none)'} and is no customer"
    try:
        person(user.values, work.hub.website.phone_region, work.hub.now)
    except Bad as reason:
        return f"User {user.id} was rejected ({str(reason).rstrip('.')})"
    return f"User {user.id} is not here any more"
