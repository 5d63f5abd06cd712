"""The link under which a guest sees and changes their own booking, without an account."""

from __future__ import annotations

from datetime import date, timedelta

from app.bookings.models import Booking
from app.links import SignedLinks

links = SignedLinks("see one's booking", "/my/", short=True)
token_of, read = links.token_of, links.read
WORKS_AFTER = timedelta(days=30)
"""How long after the visit it still opens."""
OF_OTHERS = ("partner", "platform")
"""Sources whose guests are those of others: they see and change it there."""


def is_of_own_guest(booking: Booking) -> bool:
    """Whether its guest deals with us, and not with who sold it to them."""
    return booking.partner_id is None and booking.source not in OF_OTHERS


def is_over(booking: Booking, last_day: date, today: date) -> bool:
    """Whether the link has stopped to work, given the last day of the visit."""
    return today > max(last_day, booking.activity_date) + WORKS_AFTER


def manage_url(booking: Booking) -> str:
    """Where the guest sees it, in full; empty for guests of others."""
    return links.url(booking.id) if is_of_own_guest(booking) else ""
