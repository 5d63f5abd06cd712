"""Who comes along: named and described by the guest, written but never read back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from app.bookings import making
from app.bookings.making import Wish
from app.bookings.partnering import Change, change
from app.customers.actions import Contact
from app.events.models import Actor
from app.extensions import db
from app.websites.models import Website
from tests.desk import House
from tests.payments.made import DAY, now
from tests.selfservice.made import Guest, guest_of
from tests.venues.made import a_venue, an_activity

STAFF = Actor("user", "somebody", "Mara Manager", "staff")
AMELIA = {
    "name": "Amelia Hart",
    "birth_date": "1990-05-01",
    "phone": "+447700900123",
    "emergency_contact_name": "Rupert Quill",
    "emergency_contact_phone": "+447700900456",
    "special_requirements": "Vegetarian meals",
    "medical_notes": "Asthma inhaler",
}
SECRETS = ("Hart", "1990", "7700900", "Rupert", "Quill", "Vegetarian", "Asthma")


@pytest.fixture
def family(app: Flask, house: House) -> Guest:
    """Two on a snorkel trip for 8 and older, in 30 days."""
    trip = an_activity(a_venue("ours"))
    trip.min_age = 8
    wish = Wish(
        activity_id=trip.id,
        day=DAY,
        guests=2,
        contact=Contact("Gale Guest", "gale@example.com", "+66811111111"),
        source="website",
        slot="10:00",
    )
    website = db.session.get_one(Website, "ours")
    return guest_of(app, making.make(db.session(), STAFF, website, wish))


def named(family: Guest, **more: str) -> dict[str, Any]:
    """Amelia, and her row."""
    said = {**AMELIA, **more}
    answer = family.send("/travelers/new", "/travelers/new", **said)
    assert answer.status_code == 303, answer.text
    row: dict[str, Any] = family.booking.travelers[-1]
    return row


def test_a_guest_names_who_comes(family: Guest) -> None:
    before = family.booking.total_amount, family.booking.guest_count
    row = named(family)
    assert {name: row[name] for name in AMELIA} == AMELIA
    assert (row["is_primary"], family.booking.traveler_count) == (True, 1)
    assert (family.booking.total_amount, family.booking.guest_count) == before
    page = family.look()
    assert "Amelia H." in page
    assert "All details given" in page
    assert "1 of 2 guests named" in page


def test_what_was_given_is_not_shown_again(family: Guest) -> None:
    row = named(family)
    for page in (family.look(), family.look(f"/travelers/{row['id']}")):
        assert [word for word in SECRETS if word in page] == []
    log = " ".join(f"{each.changes}{each.meta}" for each in family.log)
    assert [word for word in SECRETS if word in log] == []


def test_the_same_person_twice_is_one(family: Guest) -> None:
    page = family.look("/travelers/new")
    for _ in range(2):
        assert family.submit("/travelers/new", page, **AMELIA).status_code == 303
    assert family.booking.traveler_count == 1


def test_no_more_than_the_party(family: Guest) -> None:
    page = family.look("/travelers/new")
    for name in ("Amelia Hart", "Ben Hart"):
        named(family, name=name)
    assert "Name a guest" not in family.look()
    late = family.submit("/travelers/new", page, **{**AMELIA, "name": "Cora Hart"})
    assert (late.status_code, family.booking.traveler_count) == (409, 2)
    assert [each["is_primary"] for each in family.booking.travelers] == [True, False]


def test_details_replace_what_was_there_and_empty_ones_do_not(family: Guest) -> None:
    row = named(family)
    at = f"/travelers/{row['id']}"
    assert family.send(at, at, medical_notes="None", phone="").status_code == 303
    [after] = family.booking.travelers
    assert after == {**row, "medical_notes": "None"}
    assert family.log[-1].actor_label == "Guest"


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"name": ""}, "name"),
        ({"birth_date": "tomorrow"}, "birth_date"),
        ({"birth_date": "", "age": "7"}, "age"),
        ({"birth_date": "", "age": "-1"}, "age"),
        ({"phone": "ring me"}, "phone"),
        ({"emergency_contact_phone": ""}, "emergency_contact_phone"),
        ({"medical_notes": "x" * 2001}, "medical_notes"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    family: Guest, typed: dict[str, str], field: str
) -> None:
    answer = family.send("/travelers/new", "/travelers/new", **{**AMELIA, **typed})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert family.booking.traveler_count == 0


def test_after_the_cut_off_details_only(family: Guest) -> None:
    row = named(family, birth_date="", age="30")
    family.booking.starts_at = now() + timedelta(hours=3)  # the venue closes at 24
    page = family.look()
    assert "Name a guest" not in page
    assert "Change details" in page
    at = f"/travelers/{row['id']}"
    assert 'name="birth_date"' not in family.look(at)
    family.send(at, at, medical_notes="Asthma", birth_date="2020-01-01", name="Other Name")
    [after] = family.booking.travelers
    assert after == {**row, "medical_notes": "Asthma"}


def test_nothing_once_it_has_begun(family: Guest) -> None:
    row = named(family)
    at = f"/travelers/{row['id']}"
    page = family.look(at)
    family.booking.starts_at = now() - timedelta(minutes=1)
    assert family.submit(at, page, medical_notes="Late").status_code == 409
    assert family.booking.travelers == [row]


def test_a_page_that_is_old_says_what_changed(family: Guest) -> None:
    row = named(family)
    at = f"/travelers/{row['id']}"
    page = family.look(at)
    change(db.session(), STAFF, family.booking, Change(slot="14:00", day=DAY), now())
    answer = family.submit(at, page, medical_notes="Asthma")
    assert answer.status_code == 409
    assert "Time changed since you opened this page" in answer.text
    assert "Asthma" in answer.text, "what was typed stays"
    assert family.submit(at, answer.text, medical_notes="Asthma").status_code == 303
    assert family.booking.travelers[0]["medical_notes"] == "Asthma"


def test_who_is_not_of_the_booking_is_not_there(family: Guest, app: Flask) -> None:
    named(family)
    other = guest_of(app, family.booking)
    gone = other.client.get(f"{family.link}/travelers/{family.booking.id}")
    assert gone.status_code == 404
    assert db.session.get_one(Website, "ours").name not in gone.text
