"""What a website's words ask for: bodies of `/api/table-bookings` as wishes of the hub."""

from __future__ import annotations

from typing import Any

from app.api.schemas.tables import NewTable
from app.bookings.derive import clock_of
from app.bookings.elsewhere import Heard
from app.bookings.making import Wish
from app.bookings.models import Booking
from app.bookings.partnering import Change
from app.bookings.status import Status
from app.customers.actions import Contact
from app.errors import Conflict
from app.payments.deposits import Hold
from app.venues.models import Activity
from app.websites.models import Website


def wish_of(
    website: Website, activity: Activity, body: NewTable, hold: Hold | None, heard: Heard
) -> Wish:
    """What is to be booked. `heard`: what others said who sell the same tables."""
    guest = body.customer
    counts = hold is None and heard.confirmable
    return Wish(
        activity_id=activity.id,
        day=body.date,
        guests=body.party_size,
        contact=Contact(
            name=guest.name,
            email=guest.email,
            phone=guest.mobile_number or None,
            country_code=guest.country_code or None,
            region=website.phone_region,
            source="website",
        ),
        source="website",
        slot=body.time,
        status=Status.CONFIRMED if counts else Status.PENDING,
        hold_expires_at=hold.until if hold else None,
        choices=[each.selection() for each in body.menu_selections],
        more={
            "special_requests": body.special_requirements or None,
            "allergies": _filled(body.allergies),
            "celebration": body.celebration or None,
            "high_chairs": body.high_chairs,
            "deposit_amount": hold.deposit if hold else None,
            "admin_notes": None if heard.confirmable else heard.note(),
        },
    )


def change_of(booking: Booking, said: dict[str, Any]) -> Change:
    """What is to be different. Raises Conflict for a booking that takes no such change."""
    if booking.activity_id is None and said.keys() & {"date", "time", "party_size"}:
        raise Conflict("This booking is of no tables that can be booked here any more.")
    names = {"special_requirements": "special_requests", "celebration": "celebration"}
    fields = {column: said[name] or None for name, column in names.items() if name in said}
    fields |= {"allergies": _filled(said["allergies"])} if "allergies" in said else {}
    fields |= {"high_chairs": said["high_chairs"]} if "high_chairs" in said else {}
    chosen = said.get("menu_selections")
    return Change(
        fields=fields,
        day=said.get("date"),
        slot=said.get("time") or (_same_time(booking) if "date" in said else None),
        guests=said.get("party_size"),
        choices=None if chosen is None else [each.selection() for each in chosen],
        everybody_chooses=True,
    )


def _same_time(booking: Booking) -> str | None:
    clock = clock_of(booking.time_slot)
    return f"{clock:%H:%M}" if clock else None


def _filled(texts: list[str]) -> list[str]:
    """Each text once."""
    return list(dict.fromkeys(texts))
