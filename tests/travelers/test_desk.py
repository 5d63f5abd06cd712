"""Who goes, as the desk sees and writes it down."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.bookings.models import Booking
from app.events.models import Event
from app.extensions import db
from app.travelers import queries
from app.travelers.models import BookingTraveler
from app.webhooks.payload import outside
from tests.desk import House, browser_of
from tests.factories import holder
from tests.harness.counting import counted_queries
from tests.travelers.parties import a_party, profile, write_down


@pytest.fixture
def booking(house: House) -> Booking:
    return a_party("Alice Smith", "Ben Smith")


def typed(booking: Booking, *names: str | None, **more: str) -> dict[str, str]:
    """The form as it comes, with other names; None: this one is removed."""
    form = {"version": str(booking.version), "primary": "0"}
    for n, name in enumerate(names):
        form[f"t{n}-name"] = name or "x"
        if name is None:
            form[f"t{n}-remove"] = "1"
    for n, row in enumerate(booking.traveler_rows):
        said = ("age", "gender", "phone", "emergency_contact_name", "emergency_contact_phone")
        form |= {f"t{n}-{name}": str(getattr(row, name) or "") for name in said}
        form |= {f"t{n}-row_id": str(row.id), f"t{n}-special_requirements": "Vegetarian meals"}
    return form | {name.replace("_", "-", 1): value for name, value in more.items()}


def save(who: FlaskClient, booking: Booking, form: dict[str, str]) -> Any:
    return who.post(f"/bookings/{booking.id}/travelers", data=form)


def test_booker_and_travelers_are_seen_apart(house: House, booking: Booking) -> None:
    manager, colleague = house.browser("manager"), house.browser("colleague")
    path, asked = f"/bookings/{booking.id}", {"HX-Request": "true", "HX-Target": "drawer-content"}
    seen = ("Booked by", "Bo Booker", "Alice Smith", "Primary", "2 of 4 named", "Bob Smith")
    page = manager.get(path).text
    assert not [words for words in (*seen, "Vegetarian meals", "Asthma") if words not in page]
    for shown in (colleague.get(path).text, colleague.get(path, headers=asked).text):
        assert not [words for words in (*seen, "Vegetarian meals") if words not in shown]
        assert "Asthma" not in shown
    assert house.browser("outsider").get(path).status_code == 404


def test_a_page_asks_no_more_the_more_there_are(house: House, booking: Booking) -> None:
    manager = house.browser("manager")
    many = a_party(*(f"Guest {n}" for n in range(9)), guests=9)
    asked = []
    for each in (booking, many):
        db.session.expire_all()
        with counted_queries(house.app) as counted:
            assert manager.get(f"/bookings/{each.id}/travelers").status_code == 200
        asked.append(len(counted))
    assert asked[0] == asked[1] <= 12


def test_staff_add_change_and_remove(house: House, booking: Booking) -> None:
    colleague = house.browser("colleague")
    first = booking.traveler_rows[0]
    form = typed(booking, "Alicia Smith", None, "Cara", t2_age="7")
    assert save(colleague, booking, form).status_code == 303
    db.session.expire_all()
    rows = booking.traveler_rows
    assert [(row.name, row.age, row.is_primary) for row in rows] == [
        ("Alicia Smith", 25, True),
        ("Cara", 7, False),
    ]
    assert rows[0].id == first.id
    assert rows[0].medical_notes == "Asthma"  # who does not see them does not clear them
    assert booking.traveler_count == 2
    kept = {each.name for each in queries.kept(db.session(), booking.customer_id)}
    assert kept == {"Alice Smith", "Ben Smith", "Cara"}  # profiles stay as the customer keeps them
    event = db.session.scalars(select(Event).order_by(Event.id.desc())).first()
    assert event is not None
    assert set(event.changes) == {"travelers"}
    assert "Alicia" not in str(event.changes)
    again = typed(booking, "Alicia Smith", "Cara", t1_special_requirements="")
    assert save(colleague, booking, again).status_code == 303
    assert db.session.scalars(select(Event).order_by(Event.id.desc())).first() == event


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": "1"}, "Somebody else changed this booking"),
        ({"t0-age": "old"}, "Type a whole number"),
        ({"t0-phone": "call me"}, "Is not a phone number"),
        ({"t0-emergency_contact_phone": ""}, "how is the emergency contact reached"),
        ({"t1-birth_date": "2999-01-01"}, "date of birth of somebody who lives"),
        ({"primary": "7", "t0-remove": "1", "t0-name": "A"}, ""),
        ({"t2-name": "C", "t3-name": "D", "t4-name": "E"}, "The booking is for 4"),
    ],
)
def test_nothing_typed_is_lost(
    house: House, booking: Booking, change: dict[str, str], said: str
) -> None:
    form = typed(booking, "Typed by hand", "Ben Smith") | change
    answer = save(house.browser("colleague"), booking, form)
    if not said:  # who is left is the one to call
        assert answer.status_code == 303
        return
    assert answer.status_code == 422
    assert said in answer.text
    assert "Typed by hand" in answer.text
    assert db.session.scalars(select(BookingTraveler.name)).all() == ["Alice Smith", "Ben Smith"]


def test_saved_travelers_are_one_tap_away(house: House, booking: Booking) -> None:
    manager = house.browser("manager")
    cara = profile(booking.customer_id, "Cara Smith", age=30, medical_notes="Insulin")
    other = profile(a_party("Zoe").customer_id, "Not theirs")
    page = manager.get(f"/bookings/{booking.id}/travelers").text
    assert "Cara Smith" in page
    assert "Not theirs" not in page
    form = typed(booking, "Changed", "Ben Smith")
    shown = save(manager, booking, form | {"use": str(cara.id)}).text
    assert "Changed" in shown
    assert 'value="Cara Smith"' in shown
    form |= {"t2-name": "Cara Smith", "t2-age": "30", "t2-traveler_id": str(cara.id)}
    assert save(house.browser("colleague"), booking, form).status_code == 303
    db.session.expire_all()
    row = booking.traveler_rows[2]
    assert (row.traveler_id, row.medical_notes) == (cara.id, "Insulin")
    stolen = typed(booking, "A", "B", "C") | {"t3-name": "D", "t3-traveler_id": str(other.id)}
    assert "There is no such traveler" in save(manager, booking, stolen).text


def test_who_may_write_it_down(house: House, booking: Booking) -> None:
    path = f"/bookings/{booking.id}/travelers"
    reader = browser_of(house.app, holder("ours", "bookings:view"))
    for who, status in ((house.browser("outsider"), 404), (reader, 403)):
        assert who.get(path).status_code == status
        assert save(who, booking, typed(booking, "X", "Y")).status_code == status
    assert "Change the travelers" not in reader.get(f"/bookings/{booking.id}").text


def test_no_stranger_hears_of_health(house: House, booking: Booking) -> None:
    told = outside({"travelers": booking.travelers})
    assert [each["name"] for each in told["travelers"]] == ["Alice Smith", "Ben Smith"]
    assert not any(word in str(told) for word in ("Asthma", "Vegetarian", "Bob Smith"))


def test_the_bill_has_a_line_for_each_price_that_travelers_pay(house: House) -> None:
    booking = a_party("Alice", "Ben", "Cara", guests=3, package_price=5200, addons=[])
    prices = {"Alice": 5200, "Ben": 3900, "Cara": 5200}
    write_down(booking, [{**row, "price": prices[row["name"]]} for row in booking.travelers])
    page = house.browser("manager").get(f"/bookings/{booking.id}").text
    [bill] = re.findall(r'<table class="bill">.*?</table>', page, re.DOTALL)
    words = " ".join(re.sub(r"<[^>]+>", " ", bill).split())
    each = rf"{re.escape(booking.package_name)} at"
    assert re.search(rf"2 × {each} 5,200 10,400 1 × {each} 3,900 3,900 Total", words), words
