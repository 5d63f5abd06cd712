"""Saved travelers on the page of their guest."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.bookings.models import Booking
from app.events.models import Event
from app.extensions import db
from app.travelers.models import Traveler
from tests.desk import House, browser_of
from tests.factories import holder
from tests.harness.counting import counted_queries
from tests.travelers.parties import ALICE, a_party, profile


@pytest.fixture
def booking(house: House) -> Booking:
    return a_party("Alice Smith")


@pytest.fixture
def alice(booking: Booking) -> Traveler:
    return db.session.scalars(select(Traveler)).one()


def url(alice: Traveler, more: str = "") -> str:
    return f"/customers/{alice.customer_id}/travelers/{alice.id}{more}"


def typed(who: FlaskClient, alice: Traveler, **fields: str) -> dict[str, str]:
    """What the form of this person holds, with other words in it."""
    [read] = re.findall(r'name="read" value="([^"]+)"', who.get(url(alice)).text)
    said = {name: str(value) for name, value in ALICE.items() if name != "medical_notes"}
    return {"name": "Alice Smith", "birth_date": "", **said, "read": read, **fields}


def save(who: FlaskClient, alice: Traveler, form: dict[str, str]) -> Any:
    answer = who.post(url(alice), data=form)
    db.session.expire_all()
    return answer


def test_health_shows_to_few_also_where_profiles_are(house: House, alice: Traveler) -> None:
    pages = [f"/customers/{alice.customer_id}", url(alice)]
    few = browser_of(house.app, holder("ours", "bookings:view", "customers:view", "customers:edit"))
    for page in pages:
        for who, sees in ((house.browser("manager"), True), (few, False)):
            shown = who.get(page).text
            assert "Vegetarian meals" in shown
            assert "Bob Smith" in shown
            assert ("Asthma" in shown) is sees
        assert house.browser("outsider").get(page).status_code == 404
    looks = house.browser("colleague")  # built-in staff correct no guest's record
    assert "Edit Alice Smith" not in looks.get(pages[0]).text
    assert looks.get(pages[1]).status_code == 403


def test_a_page_asks_no_more_the_more_travelers_are_kept(house: House, alice: Traveler) -> None:
    manager, page = house.browser("manager"), f"/customers/{alice.customer_id}"
    with counted_queries(house.app) as few:
        manager.get(page)
    for number in range(12):
        profile(alice.customer_id, f"Guest {number}")
    with counted_queries(house.app) as many:
        assert "Guest 11" in manager.get(page).text
    assert len(many) == len(few) <= 12


def test_what_is_corrected_stays_out_of_bookings_and_sealed(
    house: House, booking: Booking, alice: Traveler
) -> None:
    editor = holder("ours", "bookings:view", "customers:view", "customers:edit")
    who = browser_of(house.app, editor)
    form = typed(who, alice, name="Alicia", birth_date="2000-02-29", age="", phone="98765 00000")
    assert save(who, alice, form | {"medical_notes": ""}).status_code == 303
    assert (alice.name, alice.birth_date, alice.age) == ("Alicia", date(2000, 2, 29), None)
    assert alice.phone == "+919876500000"  # as of the country of the guest's own phone
    assert alice.medical_notes == "Asthma"  # who does not see them does not clear them
    assert booking.travelers[0]["name"] == "Alice Smith"
    event = db.session.scalars(select(Event).where(Event.name == "traveler.changed")).one()
    assert set(event.changes) == {"name", "birth_date", "age", "age_on", "phone"}
    assert not any(word in str(event.changes) for word in ("Alicia", "2000", "98765"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"read": "long ago"}, "Somebody changed this traveler meanwhile"),
        ({"age": "old", "birth_date": "yesterday"}, "Type a whole number"),
        ({"birth_date": "2999-01-01", "age": ""}, "date of birth of somebody who lives"),
        ({"emergency_contact_phone": ""}, "how is the emergency contact reached"),
        ({"phone": "call me"}, "Is not a phone number"),
    ],
)
def test_nothing_typed_is_lost(
    house: House, alice: Traveler, change: dict[str, str], said: str
) -> None:
    manager = house.browser("manager")
    form = typed(manager, alice, name="Typed by hand", medical_notes="Asthma") | change
    answer = save(manager, alice, form)
    assert answer.status_code == 422
    assert said in answer.text
    assert "Typed by hand" in answer.text
    assert alice.name == "Alice Smith"


def test_an_age_grows_and_is_not_said_anew_by_looking(house: House, alice: Traveler) -> None:
    long_ago = datetime.now(UTC).date().replace(year=2020, day=1)
    alice.age, alice.age_on = 10, long_ago
    db.session.flush()
    manager = house.browser("manager")
    grown = datetime.now(UTC).year - 2020 + 10
    form = typed(manager, alice, age=str(grown), medical_notes="None any more")
    assert f"{grown} years" in manager.get(f"/customers/{alice.customer_id}").text
    assert save(manager, alice, form).status_code == 303
    assert (alice.age, alice.age_on, alice.medical_notes) == (10, long_ago, "None any more")


def test_who_is_removed_is_offered_no_more(house: House, booking: Booking, alice: Traveler) -> None:
    manager = house.browser("manager")
    assert manager.post(url(alice, "/remove")).status_code == 303
    assert manager.get(url(alice)).status_code == 404
    assert "Saved travelers" not in manager.get(f"/customers/{alice.customer_id}").text
    db.session.expire_all()
    assert booking.travelers[0]["name"] == "Alice Smith"
