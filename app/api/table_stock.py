"""What others who sell a venue's tables have free, at the door of websites: asked before anything
is changed, so that nobody waits for a row while a platform thinks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from app.api.bodies import is_repeat, read_body
from app.api.schemas.tables import NewTable
from app.api.table_wire import NOTICE
from app.bookings import tabling
from app.bookings.elsewhere import NOBODY, Heard, Question, elsewhere
from app.errors import HubError, SlotUnavailable
from app.extensions import db
from app.staff.context import now
from app.venues.availability import slots
from app.venues.loading import load
from app.venues.models import Venue
from app.websites.models import Website


def heard_for_booking(website: Website) -> Heard:
    """What is said of the table in the body of this call.

    Whatever is wrong with the call is not said here: it is found again when the table is booked.
    A repeated call is answered as the first time: nobody is asked again.
    """
    session = db.session()
    try:
        body = read_body(NewTable)
        if not _is_asked(website, body.venue_id) or is_repeat(session, website.door):
            return NOBODY
        if not _has_room(body):
            return NOBODY
    except HubError:
        return NOBODY
    question = Question(body.venue_id, body.date, body.time, body.party_size, decides=True)
    return elsewhere.ask(session, question)


def demand_free(heard: Heard, time: str) -> None:
    """Raises SlotUnavailable where the table is sold elsewhere."""
    if not heard.has(time):
        raise SlotUnavailable("There is no room at that time: ask again what is free.")


def narrowed(website: Website, venue_id: UUID, day: date, told: dict[str, Any]) -> dict[str, Any]:
    """Availability as it is known here (`table_wire.times_json`), without what is gone elsewhere.

    Ends the transaction: see `Elsewhere.ask`.
    """
    heard = _heard_of_day(website, venue_id, day, told)
    for activity in told["activities"]:
        activity["slots"] = [each for each in activity["slots"] if heard.has(each["time_slot"])]
    notice = None if heard.confirmable else NOTICE
    return {**told, "confirmable": heard.confirmable, "notice": notice}


def _heard_of_day(website: Website, venue_id: UUID, day: date, told: Mapping[str, Any]) -> Heard:
    times = sorted(each["time_slot"] for one in told["activities"] for each in one["slots"])
    if not times or not _is_asked(website, venue_id):
        return NOBODY
    return elsewhere.ask(db.session(), Question(venue_id, day, times[0], told["party_size"]))


def _is_asked(website: Website, venue_id: UUID) -> bool:
    session = db.session()
    venue = session.get(Venue, venue_id)
    ours = venue is not None and venue.website_id == website.id and venue.is_active
    return ours and bool(elsewhere.sellers(session, venue_id))


def _has_room(body: NewTable) -> bool:
    """Whether the table can be had here at all."""
    moment = now()
    (plan,) = load(db.session(), [body.venue_id], body.date, body.date)
    offer = tabling.offer_for(
        *(plan, body.date, body.time, body.party_size, moment),
        booking_type=body.booking_type,
        activity_id=body.activity_id,
    )
    found = slots(plan, offer, body.date, moment)
    return any(each.is_meant(body.time) and each.fits(body.party_size) for each in found)
