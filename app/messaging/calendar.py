"""The calendar file of a booking: the same entry however often it changes, until it is cancelled.

Times are in UTC: calendars show them by the guest's own clock, also over a change of daylight
saving. The entry's id names nobody.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from icalendar import Calendar, Event, vCalAddress, vUri

from app.messaging.languages import phrase
from app.messaging.values import Subject, what_of
from app.messaging.variables import SUNDAY_LUNCH
from app.payments.links import links

PRODUCT = "-//OneBooking//Bookings//EN"
NOBODY = "invalid:nomail"
"""The organizer of who has no address, as RFC 5545 has it."""


def calendar_file(subject: Subject, language: str, now: datetime) -> str:
    """The iCalendar text with METHOD PUBLISH, or CANCEL for a booking that is over."""
    booking = subject.booking
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if booking.is_gone else "PUBLISH")
    entry = Event()
    entry.add("uid", uid_of(subject))
    entry.add("sequence", booking.calendar_sequence)
    entry.add("status", "CANCELLED" if booking.is_gone else "CONFIRMED")
    entry.add("dtstamp", now.astimezone(UTC))
    entry.add("last-modified", booking.updated_at.astimezone(UTC))
    _add_times(entry, subject)
    entry.add("summary", _summary(subject, language))
    entry.add("location", _location(subject))
    entry.add("description", _description(subject))
    entry.add("organizer", _organizer(subject))
    calendar.add_component(entry)
    return str(calendar.to_ical(), "utf-8")


def uid_of(subject: Subject) -> str:
    """The id of the entry: of the booking and of this installation."""
    host = urlsplit(links.address("/")).hostname or "localhost"
    return f"booking-{subject.booking.id}@{host}"


def _add_times(entry: Event, subject: Subject) -> None:
    booking = subject.booking
    if booking.starts_at is None:  # no clock time is known: the whole day
        entry.add("dtstart", booking.activity_date)
        entry.add("dtend", booking.activity_date + timedelta(days=1))
        return
    start = booking.starts_at.astimezone(UTC)
    entry.add("dtstart", start)
    entry.add("dtend", start + timedelta(minutes=subject.minutes))


def _summary(subject: Subject, language: str) -> str:
    booking = subject.booking
    what = what_of(booking, language)
    if booking.booking_type == SUNDAY_LUNCH:
        what = phrase("sunday_lunch", language)
    return f"{what[:1].upper()}{what[1:]} ({booking.guest_count}), {subject.venue_name}"


def _location(subject: Subject) -> str:
    address = subject.venue.address if subject.venue else None
    return f"{subject.venue_name}, {address}" if address else subject.venue_name


def _description(subject: Subject) -> str:
    return "\n".join(part for part in (subject.booking.booking_ref, subject.contact_phone) if part)


def _organizer(subject: Subject) -> vCalAddress | vUri:
    settings = subject.settings
    account = (settings.email or {}) if settings else {}
    own = (settings.reply_to if settings else None) or account.get("mailbox")
    address = own or account.get("from_address")
    organizer = vCalAddress(f"mailto:{address}" if address else NOBODY)
    name = (settings.sender_name if settings else "") or subject.website.name
    organizer.params["CN"] = name.replace('"', "'")
    return organizer
