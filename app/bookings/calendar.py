"""The calendar file of a booking: the same entry however often it changes, until it is cancelled.

Times are in UTC: calendars show them by the guest's own clock, also over a change of daylight
saving. The entry's id names nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vCalAddress, vUri

from app.bookings.links import links, manage_url
from app.bookings.models import Booking

PRODUCT = "-//OneBooking//Bookings//EN"
NOBODY = "invalid:nomail"
"""The organizer of who has no address, as RFC 5545 has it."""


@dataclass(frozen=True)
class Appointment:
    """A booking in the words of its entry."""

    booking: Booking
    summary: str
    location: str
    organizer: str
    """Who invites, by name."""
    address: str | None = None
    """Their e-mail address."""
    phone: str = ""
    minutes: int = 60
    ends: datetime | None = None
    """Of what takes several days: see `end_of`."""


def calendar_file(appointment: Appointment, now: datetime) -> str:
    """The iCalendar text with METHOD PUBLISH, or CANCEL for a booking that is over."""
    booking = appointment.booking
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if booking.is_gone else "PUBLISH")
    entry = Event()
    entry.add("uid", uid_of(booking))
    entry.add("sequence", booking.calendar_sequence)
    entry.add("status", "CANCELLED" if booking.is_gone else "CONFIRMED")
    entry.add("dtstamp", now.astimezone(UTC))
    entry.add("last-modified", booking.updated_at.astimezone(UTC))
    _add_times(entry, appointment)
    entry.add("summary", appointment.summary)
    entry.add("location", appointment.location)
    entry.add("description", "\n".join(filter(None, (booking.booking_ref, appointment.phone))))
    if url := manage_url(booking):
        entry.add("url", url)
    entry.add("organizer", _organizer(appointment))
    calendar.add_component(entry)
    return str(calendar.to_ical(), "utf-8")


def end_of(last_day: date, zone: ZoneInfo) -> datetime:
    """Midnight after the last of several days: the hour of coming back is not known."""
    return datetime.combine(last_day + timedelta(days=1), time(), zone)


def uid_of(booking: Booking) -> str:
    """The id of the entry: of the booking and of this installation."""
    host = urlsplit(links.address("/")).hostname or "localhost"
    return f"booking-{booking.id}@{host}"


def _add_times(entry: Event, appointment: Appointment) -> None:
    booking = appointment.booking
    if booking.starts_at is None:  # no clock time is known: the whole day
        entry.add("dtstart", booking.activity_date)
        entry.add("dtend", booking.activity_date + timedelta(days=1))
        return
    start = booking.starts_at.astimezone(UTC)
    entry.add("dtstart", start)
    ends = appointment.ends or start + timedelta(minutes=appointment.minutes)
    entry.add("dtend", ends.astimezone(UTC))


def _organizer(appointment: Appointment) -> vCalAddress | vUri:
    address = appointment.address
    organizer = vCalAddress(f"mailto:{address}" if address else NOBODY)
    organizer.params["CN"] = appointment.organizer.replace('"', "'")
    return organizer
