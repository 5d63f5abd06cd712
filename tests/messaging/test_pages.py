"""Pages of messages: who sees the log, who writes the words, what is refused and what is told."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event as sql_events
from sqlalchemy import select

from app.bookings.models import Booking
from app.deliveries.models import Delivery, Destination
from app.events.actions import record
from app.events.models import SYSTEM, Event, NewEvent
from app.extensions import db
from app.messaging.models import Message, MessageSettings, MessageTemplate
from app.staff.permissions import Permission
from tests.desk import House, browser_of, build_house
from tests.factories import BookingFactory, CustomerFactory, VenueFactory, holder

SMS = "/messages/websites/ours/confirmation/sms"
EMAIL = "/messages/websites/ours/confirmation/email"
SETTINGS = "/messages/websites/ours/settings"


@pytest.fixture
def house(app: Flask, db_session: object) -> House:
    return build_house(app)


@pytest.fixture
def booking(house: House) -> Booking:
    day = (datetime.now(UTC) + timedelta(days=3)).date()
    venue = VenueFactory(website_id="ours", name="The Jetty")
    guest = CustomerFactory(first_name="Amelia")
    made: Booking = BookingFactory(
        website_id="ours",
        venue_id=venue.id,
        customer_id=guest.id,
        customer_name="Amelia Hart",
        booking_ref="HW-000777",
        activity_date=day,
    )
    return made


def a_message(booking: Booking, state: str = "sent", **fields: Any) -> Message:
    """Something that was sent about a booking, with its delivery."""
    about = NewEvent("booking.created", "booking", str(booking.id), website_id=booking.website_id)
    event_id = record(db.session(), SYSTEM, about)
    values = {"kind": "confirmation", "medium": "email", "audience": "guest", **fields}
    message = Message(
        website_id=booking.website_id,
        event_id=event_id,
        booking_id=booking.id,
        customer_id=booking.customer_id,
        state=state,
        body="Hi Amelia, see you!",
        subject="Booking confirmation",
        recipient="amelia@example.com",
        **values,
    )
    key = f"email:capture:{booking.website_id}"
    place = db.session.scalar(select(Destination).where(Destination.key == key))
    place = place or Destination(key=key, channel="email", label="Kept here")
    db.session.add_all([message, place])
    db.session.flush()
    sent = Delivery(
        event_id=event_id,
        destination_id=place.id,
        channel="email",
        lane=f"{booking.id}:{values['audience']}",
        position=event_id,
        website_id=booking.website_id,
        booking_id=booking.id,
        state="delivered" if state == "sent" else "skipped",
    )
    db.session.add(sent)
    db.session.flush()
    return message


def told(name: str) -> list[Event]:
    return list(db.session.scalars(select(Event).where(Event.name == name).order_by(Event.id)))


def test_the_log_shows_what_was_sent_and_filters_it(house: House, booking: Booking) -> None:
    a_message(booking)
    a_message(booking, "failed", kind="reminder", reason="There is no such address.")
    browser = house.browser("manager")
    both = browser.get("/messages").text
    assert both.count("data-row=") == 2
    assert "There is no such address." in both
    assert "Hi Amelia" not in both
    for query, count in (
        ("state=problems", 1),
        ("state=failed", 1),
        ("state=delivered", 0),
        ("kind=reminder", 1),
        ("medium=sms", 0),
        ("q=hw-000777", 2),
        ("q=HW-1", 0),
        (f"customer={booking.customer_id}", 2),
        ("website=ours&kind=nonsense", 2),
    ):
        assert browser.get(f"/messages?{query}").text.count("data-row=") == count, query


def test_the_log_is_paged_by_where_it_was(house: House, booking: Booking) -> None:
    ids = [a_message(booking).id for _ in range(53)]
    browser = house.browser("manager")
    first = browser.get("/messages").text
    more = re.search(r'href="(/messages\?after=[^"]+)"', first)
    assert more
    headers = {"HX-Request": "true", "HX-Target": "more"}
    rest = browser.get(more[1].replace("&amp;", "&"), headers=headers).text
    shown = re.findall(r'data-row="([^"]+)"', first + rest)
    assert shown == [str(each) for each in reversed(ids)]


def test_people_see_only_messages_of_their_websites(house: House, booking: Booking) -> None:
    message = a_message(booking)
    theirs = a_message(BookingFactory(website_id="theirs"))
    assert str(theirs.id) not in house.browser("manager").get("/messages").text
    assert house.browser("manager").get(f"/messages/{theirs.id}").status_code == 404
    assert house.browser("outsider").get(f"/messages/{message.id}").status_code == 404
    assert str(message.id) not in house.browser("outsider").get("/messages").text
    assert house.browser("colleague").get("/messages").status_code == 403
    assert house.browser("manager").get("/messages?website=theirs").status_code == 404


def test_one_message_in_full(house: House, booking: Booking) -> None:
    message = a_message(booking, calendar="BEGIN:VCALENDAR")
    shown = house.browser("manager").get(f"/messages/{message.id}").text
    for part in ("Hi Amelia, see you!", "amelia@example.com", "BEGIN:VCALENDAR", "Kept here"):
        assert part in shown
    drawer = house.browser("manager").get(
        f"/messages/{message.id}", headers={"HX-Request": "true", "HX-Target": "drawer-content"}
    )
    assert "drawer-head" in drawer.text
    assert "<html" not in drawer.text


def test_sending_again_goes_through_the_machine(house: House, booking: Booking) -> None:
    message = a_message(booking, "held_back")
    answer = house.browser("manager").post(f"/messages/{message.id}/again")
    assert answer.status_code == 303
    db.session.expire_all()
    assert db.session.scalars(select(Delivery.state)).all() == ["ready"]
    assert len(told("delivery.replayed")) == 1
    watcher = browser_of(house.app, holder("ours", Permission.MESSAGES_VIEW))
    assert watcher.post(f"/messages/{message.id}/again").status_code == 403


def test_the_drawer_of_a_booking_loads_its_messages(house: House, booking: Booking) -> None:
    a_message(booking)
    headers = {"HX-Request": "true"}
    address = f"/bookings/{booking.id}/messages"
    assert address in house.browser("manager").get(f"/bookings/{booking.id}").text
    assert "Confirmation" in house.browser("manager").get(address, headers=headers).text
    assert house.browser("manager").get(address).status_code == 303
    assert address not in house.browser("colleague").get(f"/bookings/{booking.id}").text
    assert house.browser("outsider").get(address, headers=headers).status_code == 404


def test_the_list_asks_as_few_questions_for_many(house: House, booking: Booking) -> None:
    browser = house.browser("manager")
    counts = []
    for number in (1, 20):
        for _ in range(number):
            a_message(booking)
        asked: list[str] = []

        def note(conn: Any, cursor: Any, statement: str, *rest: Any, to: Any = asked) -> None:
            to.append(statement)

        sql_events.listen(db.engine, "before_cursor_execute", note)
        browser.get("/messages")
        sql_events.remove(db.engine, "before_cursor_execute", note)
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 12


def test_words_are_written_and_given_up(house: House) -> None:
    browser = house.browser("manager")
    assert "Built-in words" in browser.get(SMS).text
    body = "Hi {{ first_name }}, see you {{ day }}!"
    assert browser.post(SMS, data={"language": "en", "body": body}).status_code == 303
    row = db.session.scalars(select(MessageTemplate)).one()
    assert (row.body, row.updated_by, row.is_on) == (body, "Mara Manager", True)
    assert "Own words" in browser.get("/messages/websites/ours").text
    browser.post(SMS, data={"language": "en", "body": body})
    assert [e.changes for e in told("messages.template_changed")] == [{"body": [None, body]}]
    browser.post(f"{SMS}/reset", data={"language": "en"})
    assert "Built-in words" in browser.get(SMS).text
    assert len(told("messages.template_changed")) == 2


def test_our_words_saved_as_they_are_stay_ours(house: House) -> None:
    browser = house.browser("manager")
    found = re.search(
        r'<textarea[^>]*name="body"[^>]*>\s*(.*?)</textarea>', browser.get(SMS).text, re.S
    )
    assert found
    body = found[1].replace("&#39;", "'").replace("&#34;", '"')
    browser.post(SMS, data={"language": "en", "body": body})
    assert db.session.scalars(select(MessageTemplate)).all() == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("Hi {{ tabel }}", "There is no variable “tabel”"),
        ("Hi {{ first_name", "Line 1:"),
        ("{{ payment_link }}", "has no value in this message"),
        ("Reply YES to confirm", "stop or start all SMS"),
        ("", "Write something."),
    ],
)
def test_words_that_cannot_be_used_are_refused_by_name(house: House, body: str, said: str) -> None:
    answer = house.browser("manager").post(SMS, data={"language": "en", "body": body})
    assert answer.status_code == 422
    assert said in answer.text
    assert db.session.scalars(select(MessageTemplate)).all() == []


def test_messages_are_switched_off_and_on(house: House) -> None:
    browser = house.browser("manager")
    browser.post(f"{EMAIL}/switch", data={"on": "0"})
    browser.post(f"{EMAIL}/switch", data={"on": "0"})
    (row,) = db.session.scalars(select(MessageTemplate)).all()
    assert (row.is_on, row.body) == (False, "")
    assert "Switch on" in browser.get("/messages/websites/ours").text
    browser.post(f"{EMAIL}/switch", data={"on": "1"})
    db.session.expire_all()
    assert db.session.scalars(select(MessageTemplate.is_on)).all() == [True]
    assert [e.changes["is_on"] for e in told("messages.template_switched")] == [
        [True, False],
        [False, True],
    ]


def test_a_preview_shows_the_words_on_a_real_booking(house: House, booking: Booking) -> None:
    db.session.add(MessageSettings(website_id="ours", segment_price=Decimal("0.05")))
    browser = house.browser("manager")
    assert f'value="{booking.id}"' in browser.get(SMS).text
    asked = {"language": "en", "body": "Hi {{ first_name }} at {{ venue }} €"}
    on_booking = browser.post(f"{SMS}/preview", data={**asked, "booking": str(booking.id)}).text
    assert "Hi Amelia at The Jetty €" in on_booking
    assert "HW-000777" in on_booking
    assert "1 part" in on_booking
    assert "about 0.05" in on_booking
    typed = browser.post(f"{SMS}/preview", data={**asked, "reference": "hw-000777"}).text
    assert "The Jetty" in typed
    examples = browser.post(f"{SMS}/preview", data=asked).text
    assert "Hi Amelia at The Anchor €" in examples
    dear = browser.post(f"{SMS}/preview", data={**asked, "body": "Don’t " * 20}).text
    assert "UCS-2" in dear
    assert "’ is not in the usual alphabet" in dear
    wrong = browser.post(f"{SMS}/preview", data={**asked, "body": "{{ nobody }}"})
    assert wrong.status_code == 200
    assert "There is no variable “nobody”" in wrong.text


def test_a_preview_tells_nothing_of_bookings_out_of_sight(house: House, booking: Booking) -> None:
    theirs: Booking = BookingFactory(website_id="theirs", customer_name="Theo Theirs")
    asked = {"language": "en", "body": "Hi {{ customer_name }}"}
    other = house.browser("manager").post(f"{SMS}/preview", data={**asked, "booking": theirs.id})
    assert "Theo" not in other.text
    writer = browser_of(house.app, holder("ours", Permission.MESSAGES_MANAGE))
    shown = writer.post(f"{SMS}/preview", data={**asked, "booking": booking.id}).text
    assert "Amelia Hart" in shown  # the example
    assert "HW-000777" not in shown
    assert "HW-000777" not in writer.get(SMS).text


def test_markup_of_guests_is_text_in_a_preview(house: House, booking: Booking) -> None:
    booking.special_requests = "<script>x</script> [y](https://evil.example)"
    db.session.flush()
    asked = {"language": "en", "subject": "s", "body": "{{ special_requests }}"}
    shown = house.browser("manager").post(
        f"{EMAIL}/preview", data={**asked, "booking": str(booking.id)}
    )
    assert "<script>" not in shown.text
    assert 'href="https://evil.example"' not in shown.text


TWILIO = {
    "sms_by": "twilio",
    "account_sid": "AC123",
    "auth_token": "a very secret token",
    "from_number": "+15005550006",
    "email_by": "capture",
    "language": "en",
    "segment_price": "0.04",
    "manager_email": "boss@example.com",
    "sms_first": ["reminder", "nonsense"],
}


def test_settings_are_kept_and_secrets_never_shown(house: House) -> None:
    browser = house.browser("manager")
    assert browser.post(SETTINGS, data=TWILIO).status_code == 303
    settings = db.session.scalars(select(MessageSettings)).one()
    assert settings.sms["auth_token"] == "a very secret token"
    assert (settings.sms_first, settings.segment_price) == (["reminder"], Decimal("0.0400"))
    shown = browser.get(SETTINGS).text
    assert "AC123" in shown
    assert "a very secret token" not in shown
    assert "Leave it empty to keep it." in shown
    browser.post(SETTINGS, data={**TWILIO, "auth_token": "", "contact_phone": "+44 1"})
    db.session.expire_all()
    assert db.session.scalars(select(MessageSettings)).one().sms["auth_token"]
    events = told("messages.settings_changed")
    assert len(events) == 2
    log = str([(e.changes, e.meta) for e in events])
    assert "secret" not in log
    assert "boss@example.com" not in log
    assert events[1].changes == {"contact_phone": [None, "+44 1"]}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"auth_token": ""}, "Is needed."),
        ({"sms_by": "pigeon"}, "Choose one of these."),
        ({"manager_email": "boss"}, "This is not an e-mail address."),
        ({"review_link": "javascript:x"}, "Enter a whole address"),
        ({"segment_price": "cheap"}, "Enter an amount"),
        ({"email_by": "smtp"}, "Is needed."),
        ({"email_by": "smtp", "host": "a b", "from_address": "a@example.com"}, "name of a server"),
    ],
)
def test_settings_that_cannot_work_are_refused(
    house: House, changes: dict[str, str], said: str
) -> None:
    answer = house.browser("manager").post(SETTINGS, data={**TWILIO, **changes})
    assert answer.status_code == 422
    assert said in answer.text
    assert "a very secret token" not in answer.text
    assert db.session.scalars(select(MessageSettings)).all() == []


def test_only_managers_of_the_website_write_and_set(house: House) -> None:
    watcher = holder("ours", Permission.MESSAGES_VIEW)
    for address in ("/messages/websites/ours", SMS, SETTINGS):
        assert house.browser("outsider").get(address).status_code == 404
        assert house.browser("colleague").get(address).status_code == 403
        assert browser_of(house.app, watcher).get(address).status_code == 403
    writes = ((SMS, {"body": "x"}), (SETTINGS, TWILIO), (f"{SMS}/switch", {"on": "0"}))
    for address, data in writes:
        assert house.browser("outsider").post(address, data=data).status_code == 404
    assert db.session.scalars(select(MessageTemplate)).all() == []
    assert db.session.scalars(select(MessageSettings)).all() == []


def test_no_such_message_is_not_found(house: House) -> None:
    browser = house.browser("manager")
    for address in (
        "nonsense/sms",
        "confirmation/pigeon",
        "kitchen_alert/sms",
        "system_alert/email",
    ):
        assert browser.get(f"/messages/websites/ours/{address}").status_code == 404


def test_a_test_message_stands_in_the_log(house: House) -> None:
    browser = house.browser("manager")
    browser.post("/messages/websites/ours/test", data={"medium": "email"})
    assert db.session.scalars(select(Message)).all() == []
    browser.post(SETTINGS, data={**TWILIO, "sms_by": "off"})
    browser.post("/messages/websites/ours/test", data={"medium": "email"})
    message = db.session.scalars(select(Message)).one()
    assert (message.state, message.audience, message.kind) == ("sent", "test", "test")
    assert message.recipient == house.manager.email
    assert len(told("messages.tested")) == 1
    assert browser.get(f"/messages/{message.id}").status_code == 200


def test_what_was_changed_is_told_in_words(house: House) -> None:
    browser = house.browser("manager")
    browser.post(SMS, data={"language": "es", "variant": "sunday_lunch", "body": "Hola"})
    browser.post(f"{EMAIL}/switch", data={"on": "0"})
    shown = browser.get(SETTINGS).text
    assert "changed the words: Confirmation by SMS (sunday lunch), Español" in shown
    assert "switched off: Confirmation by E-mail" in shown
    assert "Switched off: confirmation by e-mail" in browser.get("/audit").text
