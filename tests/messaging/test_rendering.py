"""Messages in words: what is true of the booking, in the words and language that were chosen."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from icalendar import Calendar

from app.bookings.links import manage_url
from app.bookings.models import Booking
from app.extensions import db
from app.menus.models import BookingItem
from app.messaging.builtin import builtin
from app.messaging.languages import LANGUAGES, full_date, money, near_date
from app.messaging.models import Kind, Medium, MessageSettings, MessageTemplate
from app.messaging.rendering import Rendering, render
from app.messaging.segments import measure
from app.messaging.templates import check
from app.messaging.variables import GUEST_KINDS, OF_BOOKINGS, media_of, variants_of
from app.payments.models import Payment
from tests.factories import (
    BookingFactory,
    CustomerFactory,
    PartnerFactory,
    VenueFactory,
    WebsiteFactory,
)

pytestmark = pytest.mark.usefixtures("db_session")
NOW = datetime(2026, 12, 12, 10, tzinfo=UTC)


@pytest.fixture
def lunch() -> Booking:
    """A table for Sunday lunch at a pub in London, with its guest."""
    WebsiteFactory(id="anchor", name="The Anchor", timezone="Europe/London", currency="GBP")
    venue = VenueFactory(
        website_id="anchor", name="The Anchor", timezone="Europe/London", address="1 Harbour Road"
    )
    db.session.add(
        MessageSettings(
            website_id="anchor",
            contact_phone="+44 20 7946 0123",
            review_link="https://anchor.test/review",
            segment_price=Decimal("0.04"),
            reply_to="hello@anchor.test",
        )
    )
    guest = CustomerFactory(first_name="Amelia", last_name="Hart")
    booking: Booking = BookingFactory(
        website_id="anchor",
        venue_id=venue.id,
        customer_id=guest.id,
        customer_name="Amelia Hart",
        booking_ref="TB-7K3M9Q",
        package_name="Sunday lunch",
        kind="table",
        booking_type="sunday_lunch",
        activity_date=date(2026, 12, 13),
        time_slot="13:00",
        starts_at=datetime(2026, 12, 13, 13, tzinfo=UTC),
        guest_count=4,
        currency="GBP",
        allergies=["nuts", "milk"],
    )
    for place, (name, quantity) in enumerate((("Roast beef", 3), ("Nut roast", 1))):
        item = BookingItem(
            website_id="anchor", booking_id=booking.id, name=name, price=20, quantity=quantity
        )
        item.position = place
        db.session.add(item)
    db.session.flush()
    return booking


def rendered(booking: Booking, kind: Kind, medium: Medium, **extra: Any) -> Rendering:
    audience = "guest" if kind in GUEST_KINDS else "manager"
    language = extra.pop("language", "en")
    return render(
        db.session(), booking.website_id, kind, medium, audience, language, booking.id, extra, NOW
    )


def own(booking: Booking, kind: Kind, medium: Medium, **fields: Any) -> MessageTemplate:
    values = {"variant": "sunday_lunch", "language": "en", "body": "", **fields}
    template = MessageTemplate(
        website_id=booking.website_id, kind=kind.value, medium=medium.value, **values
    )
    db.session.add(template)
    db.session.flush()
    return template


def test_the_words_of_a_confirmation(lunch: Booking) -> None:
    found = rendered(lunch, Kind.CONFIRMATION, Medium.SMS)
    assert found.text == (
        "Hi Amelia, your Sunday lunch for 4 at The Anchor is confirmed: Sunday 13 December 2026, "
        "13:00. We have your roasts: 3 Roast beef, 1 Nut roast. Reference: TB-7K3M9Q. "
        f"See or change it: {manage_url(lunch)} "
        "Reply STOP to opt out."
    )
    assert (found.segments, found.cost) == (2, Decimal("0.08"))


def test_guests_of_partners_are_not_sent_to_us(lunch: Booking) -> None:
    lunch.partner_id = PartnerFactory().id
    for medium in Medium:
        found = rendered(lunch, Kind.CONFIRMATION, medium)
        assert "/my/" not in found.text + (found.calendar or "")


def test_the_words_of_a_reminder_the_day_before(lunch: Booking) -> None:
    found = rendered(lunch, Kind.REMINDER, Medium.SMS)
    assert "for 4 at The Anchor tomorrow, 13:00. 3 Roast beef, 1 Nut roast." in found.text
    assert "Allergies noted: nuts, milk." in found.text


def test_an_email_has_text_html_and_a_calendar(lunch: Booking) -> None:
    found = rendered(lunch, Kind.CONFIRMATION, Medium.EMAIL)
    assert found.subject == "Your Sunday lunch is confirmed - TB-7K3M9Q"
    assert "- 3 Roast beef\n- 1 Nut roast" in found.text
    assert "<li>3 Roast beef</li><li>1 Nut roast</li>" in found.body_html
    assert found.body_html.count("<p") == found.html.count("<p") - 2
    assert "\n\n\n" not in found.text
    assert found.calendar
    assert found.segments is None


def test_every_built_in_text_can_be_filled(lunch: Booking) -> None:
    """Also with nothing to say about dishes, allergies or payments."""
    bare: Booking = BookingFactory(website_id="anchor", time_slot="Morning", starts_at=None)
    for booking, language, kind in itertools.product((lunch, bare), LANGUAGES, OF_BOOKINGS):
        for medium in media_of(kind):
            found = rendered(booking, kind, medium, language=language, event="booking.updated")
            assert found.text
            assert "{" not in found.text + found.subject
            assert "  " not in found.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_built_in_words_pass_our_own_check(language: str) -> None:
    for kind in Kind:
        for medium, variant in itertools.product(media_of(kind), variants_of(kind)):
            words = builtin(kind, medium, variant, language)
            if words is None:
                assert language != "en" or variant != "regular"
                continue
            assert check(kind, medium, words.subject, words.body) == []


def test_english_built_in_sms_cost_as_little_as_they_can(lunch: Booking) -> None:
    lunch.booking_type = "regular"
    for kind in GUEST_KINDS:
        text = rendered(lunch, kind, Medium.SMS).text
        assert measure(text).encoding == "GSM-7"


def test_the_websites_own_words_come_first(lunch: Booking) -> None:
    own(lunch, Kind.CONFIRMATION, Medium.SMS, body="See you {{ day }}, {{ first_name }}!")
    found = rendered(lunch, Kind.CONFIRMATION, Medium.SMS)
    assert found.text == "See you tomorrow, Amelia!"


def test_own_words_for_all_stand_behind_ours_for_the_variant(lunch: Booking) -> None:
    own(lunch, Kind.CONFIRMATION, Medium.SMS, variant="regular", body="Any booking.")
    assert "Sunday lunch" in rendered(lunch, Kind.CONFIRMATION, Medium.SMS).text
    lunch.booking_type = "regular"
    assert rendered(lunch, Kind.CONFIRMATION, Medium.SMS).text == "Any booking."


def test_another_language_has_its_words_and_dates(lunch: Booking) -> None:
    found = rendered(lunch, Kind.REMINDER, Medium.SMS, language="es-MX")
    assert "es mañana, 13:00, 4 personas" in found.text
    assert found.language == "es"
    assert rendered(lunch, Kind.REMINDER, Medium.SMS, language="fi").language == "en"


def test_switched_off_is_off_in_every_language(lunch: Booking) -> None:
    own(lunch, Kind.REMINDER, Medium.SMS, is_on=False)
    assert not rendered(lunch, Kind.REMINDER, Medium.SMS, language="es").is_on
    assert rendered(lunch, Kind.REMINDER, Medium.EMAIL).is_on
    assert rendered(lunch, Kind.CONFIRMATION, Medium.SMS).is_on


def test_words_that_fail_after_all_are_replaced_by_ours(lunch: Booking) -> None:
    own(lunch, Kind.REMINDER, Medium.SMS, body="Hi {{ nobody }}")
    found = rendered(lunch, Kind.REMINDER, Medium.SMS)
    assert "Sunday lunch reminder" in found.text
    assert "nobody" in str(found.problem)


def test_a_name_that_advertises_is_not_passed_on(lunch: Booking) -> None:
    lunch.customer_name = "Win now: https://evil.example/x"
    found = rendered(lunch, Kind.CONFIRMATION, Medium.SMS)
    assert found.text.startswith("Hi Win,")
    for name in ("evil.example", "www.evil", "a@b.test", "0900123456"):
        lunch.customer_name = name
        assert rendered(lunch, Kind.CONFIRMATION, Medium.SMS).text.startswith("Hi guest,")
        assert name in rendered(lunch, Kind.KITCHEN_ALERT, Medium.EMAIL).text
    own(lunch, Kind.REMINDER, Medium.SMS, body="{{ customer_name }}")
    for name in ("J.R. Hartley", "St.John Smith", "Zoë O'Neill-Šimić"):
        lunch.customer_name = name
        assert rendered(lunch, Kind.REMINDER, Medium.SMS).text == name


def test_what_guests_typed_fills_no_text_message(lunch: Booking) -> None:
    lunch.allergies = ["x" * 5000]
    found = rendered(lunch, Kind.REMINDER, Medium.SMS)
    assert len(found.text) < 500


def test_a_subject_is_one_line(lunch: Booking) -> None:
    lunch.booking_ref = "TB-1\r\nBcc: all@example.com"
    assert "\n" not in rendered(lunch, Kind.CONFIRMATION, Medium.EMAIL).subject


def paid(booking: Booking, amount: int, kind: str = "deposit", state: str = "completed") -> Payment:
    payment = Payment(
        website_id=booking.website_id,
        booking_id=booking.id,
        kind=kind,
        amount=Decimal(amount),
        currency="GBP",
        state=state,
        expires_at=NOW + timedelta(minutes=30),
    )
    db.session.add(payment)
    db.session.flush()
    return payment


def test_a_deposit_request_says_how_much_where_and_until_when(lunch: Booking) -> None:
    paid(lunch, 20, state="requested")
    found = rendered(lunch, Kind.DEPOSIT_REQUEST, Medium.SMS)
    assert "the deposit of £20 by today 10:30: http" in found.text
    assert "/pay/" in found.text


@pytest.mark.parametrize(
    ("back", "said"),
    [
        (20, "Your deposit of £20 will be refunded in full."),
        (5, "£5 of your deposit of £20 will be refunded."),
        (0, "Your deposit of £20 is not refunded."),
    ],
)
def test_a_cancellation_says_what_becomes_of_the_deposit(
    lunch: Booking, back: int, said: str
) -> None:
    paid(lunch, 20)
    lunch.status, lunch.paid_amount = "cancelled", Decimal(20)
    if back:
        paid(lunch, back, kind="refund", state="requested")
        paid(lunch, 20, kind="refund", state="failed")
    assert said in rendered(lunch, Kind.CANCELLATION, Medium.SMS).text


def test_a_change_says_what_is_new(lunch: Booking) -> None:
    changed = ["guest_count", "time_slot", "version", "total_amount"]
    found = rendered(lunch, Kind.CHANGE, Medium.EMAIL, event="booking.updated", changed=changed)
    assert "- Time: 13:00\n- Guests: 4" in found.text


def test_alerts_of_the_installation_need_no_booking(lunch: Booking) -> None:
    extra = {"event": "alert.resolved", "meta": {"message": "SMS do not arrive."}}
    found = render(
        *(db.session(), "anchor", Kind.SYSTEM_ALERT, Medium.EMAIL, "manager", None, None, extra)
    )
    assert found.subject == "Resolved: SMS do not arrive."
    assert found.calendar is None


def entry(booking: Booking, kind: Kind = Kind.CONFIRMATION) -> Any:
    text = rendered(booking, kind, Medium.EMAIL).calendar
    assert text
    calendar = Calendar.from_ical(text)
    return calendar, calendar.walk("VEVENT")[0]


def test_the_calendar_file(lunch: Booking) -> None:
    calendar, event = entry(lunch)
    assert calendar["METHOD"] == "PUBLISH"
    assert event["UID"] == f"booking-{lunch.id}@127.0.0.1"
    assert event["STATUS"] == "CONFIRMED"
    assert event["SEQUENCE"] == 0
    assert event["DTSTAMP"].dt == NOW
    assert event["DTSTART"].dt == lunch.starts_at
    assert event["DTEND"].dt == lunch.starts_at + timedelta(hours=1)
    assert str(event["LOCATION"]) == "The Anchor, 1 Harbour Road"
    assert str(event["ORGANIZER"]) == "mailto:hello@anchor.test"
    whole = calendar.to_ical().decode()
    assert "DTSTART:20261213T130000Z" in whole
    assert "Amelia" not in whole


def test_a_cancelled_booking_takes_its_entry_back(lunch: Booking) -> None:
    _, before = entry(lunch)
    lunch.status, lunch.calendar_sequence = "cancelled", 3
    calendar, event = entry(lunch, Kind.CANCELLATION)
    assert (calendar["METHOD"], event["STATUS"], event["SEQUENCE"]) == ("CANCEL", "CANCELLED", 3)
    assert event["UID"] == before["UID"]


def test_an_entry_without_a_clock_time_is_a_day(lunch: Booking) -> None:
    lunch.starts_at, lunch.time_slot = None, "Morning"
    _, event = entry(lunch)
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (date(2026, 12, 13), date(2026, 12, 14))


def test_the_end_is_right_over_a_change_of_the_clocks(lunch: Booking) -> None:
    """00:30 to 02:30 of real time on the night on which London goes to summer time."""
    lunch.starts_at = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    _, event = entry(lunch)
    assert event["DTEND"].dt == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_dates_and_amounts_by_language() -> None:
    sunday = date(2026, 12, 13)
    assert full_date(sunday, "en") == "Sunday 13 December 2026"
    assert full_date(sunday, "es") == "domingo, 13 de diciembre de 2026"
    assert near_date(sunday, sunday, "es") == "hoy"
    assert near_date(sunday, date(2026, 12, 1), "en") == "Sunday 13 December"
    assert money(Decimal("1200.00"), "THB", "en") == "THB 1,200"
    assert money(Decimal("12.5"), "GBP", "en") == "£12.50"
    assert money(Decimal(1200), "JPY", "en") == "JP¥1,200"
    assert money(Decimal("1234.5"), "EUR", "es") == "€1.234,50"


@pytest.mark.parametrize(
    ("kind", "body", "said"),
    [
        (Kind.REMINDER, "Hi {{ tabel }}", "There is no variable “tabel”."),
        (Kind.REMINDER, "Hi {{ frist_name }}", "Did you mean “first_name”?"),
        (Kind.REMINDER, "{{ payment_link }}", "“payment_link” has no value in this message"),
        (Kind.REMINDER, "Hi {{ first_name", "Line 1: "),
        (Kind.REMINDER, "Hi {% if first_name %}x", "Line 1: "),
        (Kind.REMINDER, "  ", "Write something."),
        (Kind.REMINDER, "Hi {{ first_name.x }}", "cannot be used here"),
        (Kind.DEPOSIT_REQUEST, "Please pay {{ amount }}", "“payment_link” is missing"),
        (Kind.REMINDER, "Reply CANCEL to cancel.", "stop or start all SMS"),
        (Kind.REMINDER, "Please answer with 'yes' to confirm", "stop or start all SMS"),
        (Kind.REMINDER, "Text YES if you come", "stop or start all SMS"),
        (Kind.REMINDER, "{% if celebration > 3 %}x{% endif %}", "cannot be compared"),
    ],
)
def test_a_fault_is_named_when_words_are_saved(kind: Kind, body: str, said: str) -> None:
    (fault,) = check(kind, Medium.SMS, "", body)
    assert said in fault.message


@pytest.mark.parametrize(
    "body", ["Reply STOP to opt out.", "To cancel, call us.", "Yes! {{ day }}"]
)
def test_harmless_words_are_no_fault(body: str) -> None:
    assert check(Kind.REMINDER, Medium.SMS, "", body) == []


def test_a_time_is_shown_as_clocks_show_it(lunch: Booking) -> None:
    lunch.time_slot = "1:00 PM"
    assert ", 13:00." in rendered(lunch, Kind.CONFIRMATION, Medium.SMS).text
