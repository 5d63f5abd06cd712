"""The calendar file that goes with a message: the booking's entry in the guest's language."""

from __future__ import annotations

from datetime import datetime

from app.bookings.calendar import Appointment, end_of
from app.bookings.calendar import calendar_file as file_of
from app.messaging.languages import phrase
from app.messaging.values import Subject, what_of
from app.messaging.variables import SUNDAY_LUNCH


def calendar_file(subject: Subject, language: str, now: datetime) -> str:
    """The iCalendar text."""
    settings = subject.settings
    account = (settings.email or {}) if settings else {}
    own = (settings.reply_to if settings else None) or account.get("mailbox")
    last = subject.last_day
    is_long = last is not None and last > subject.booking.activity_date
    appointment = Appointment(
        booking=subject.booking,
        summary=_summary(subject, language),
        location=_location(subject),
        organizer=(settings.sender_name if settings else "") or subject.website.name,
        address=own or account.get("from_address"),
        phone=subject.contact_phone,
        minutes=subject.minutes,
        ends=end_of(last, subject.zone) if last and is_long else None,
    )
    return file_of(appointment, now)


def _summary(subject: Subject, language: str) -> str:
    booking = subject.booking
    what = what_of(booking, language)
    if booking.booking_type == SUNDAY_LUNCH:
        what = phrase("sunday_lunch", language)
    return f"{what[:1].upper()}{what[1:]} ({booking.guest_count}), {subject.venue_name}"


def _location(subject: Subject) -> str:
    address = subject.venue.address if subject.venue else None
    return f"{subject.venue_name}, {address}" if address else subject.venue_name
