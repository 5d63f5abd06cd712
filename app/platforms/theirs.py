"""What a platform's own staff changed since we last heard of it, before we change something else.

A change names day, time and party together. So what was changed there since the last pull, and not
here, would be put back as it was, and nobody would ever hear of it.
"""

from __future__ import annotations

from dataclasses import replace

from app.bookings.derive import clock_of
from app.platforms.base import Platform, PlatformError, Reservation, Wanted


async def with_theirs(platform: Platform, external_id: str, sent: Wanted, wanted: Wanted) -> Wanted:
    """`wanted`, where what was not changed here since `sent` is as it stands there now. The next
    pull brings it in. Raises PlatformError where that may be told later."""
    try:
        there = await _there(platform, external_id, sent)
    except PlatformError as error:
        if not error.permanent:
            raise
        return wanted  # who may not look may change all the same
    if there is None:
        return wanted
    if wanted.day == sent.day and there.day is not None:
        wanted = replace(wanted, day=there.day)
    clock = clock_of(there.time)
    if wanted.time == sent.time and clock is not None and clock != clock_of(sent.time):
        wanted = replace(wanted, time=f"{clock:%H:%M}")
    if wanted.party_size == sent.party_size and there.party_size > 0:
        wanted = replace(wanted, party_size=there.party_size)
    return wanted


async def _there(platform: Platform, external_id: str, sent: Wanted) -> Reservation | None:
    """As it is listed on the day that we know of: one call, where a day is one page."""
    page = await platform.list_reservations(sent.day, sent.day)
    return next((each for each in page.reservations if each.external_id == external_id), None)
