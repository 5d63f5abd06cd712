"""Who may see and do what with a booking of `ours`: visible is not allowed, invisible is 404."""

from __future__ import annotations

from typing import Any

import pytest

from app.bookings.models import Booking
from app.extensions import db
from app.staff.models import Membership, Role, User
from tests.bookings.made import made
from tests.desk import House, browser_of
from tests.factories import person

PAGES = ("/bookings/{id}", "/bookings/{id}/edit")
POSTS: tuple[tuple[str, dict[str, str]], ...] = (
    ("/bookings/{id}/status/checked_in", {}),
    ("/bookings/{id}/status/cancelled", {"reason": "Rain"}),
    ("/bookings/{id}/notes", {"version": "1", "before": "", "admin_notes": "VIP"}),
    ("/bookings/{id}/edit", {"guest_count": "9"}),
)


@pytest.fixture
def booking(house: House) -> Booking:
    return made(website_id=house.ours)


def viewer(website_id: str) -> User:
    """Somebody who may look and nothing else."""
    role = Role(name="viewer", permissions=["bookings:view"])
    user = person(name="Vera Viewer")
    db.session.add(role)
    db.session.flush()
    db.session.add(Membership(user_id=user.id, role_id=role.id, website_id=website_id))
    db.session.flush()
    return user


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.parametrize(
    ("who", "answer"), [("manager", 200), ("colleague", 200), ("outsider", 404), ("nobody", 303)]
)
def test_who_opens_a_booking(
    house: House, booking: Booking, address: str, who: str, answer: int
) -> None:
    assert house.browser(who).get(address.format(id=booking.id)).status_code == answer


@pytest.mark.parametrize(("address", "form"), POSTS)
@pytest.mark.parametrize(("who", "answer"), [("outsider", 404), ("nobody", 303)])
def test_who_may_not_change_a_booking(
    house: House, booking: Booking, address: str, form: dict[str, str], who: str, answer: int
) -> None:
    before = booking.version
    reply = house.browser(who).post(address.format(id=booking.id), data=form)
    assert reply.status_code == answer
    assert db.session.get_one(Booking, booking.id).version == before


@pytest.mark.parametrize(("address", "form"), POSTS)
def test_who_may_look_may_not_change(
    house: House, booking: Booking, address: str, form: dict[str, Any]
) -> None:
    browser = browser_of(house.app, viewer(house.ours))
    page = browser.get(f"/bookings/{booking.id}").text
    assert "Demo Guest" in page
    for hidden in ("Check in", "Edit", "Save notes", "Cancel"):
        assert hidden not in page
    assert browser.post(address.format(id=booking.id), data=form).status_code == 403
    assert browser.get(f"/bookings/{booking.id}/edit").status_code == 403
    assert db.session.get_one(Booking, booking.id).version == 1


def test_the_list_holds_only_what_one_may_see(house: House, noon: object) -> None:
    made(website_id="ours", customer_name="Our Guest")
    made(website_id="theirs", customer_name="Their Guest")
    ours, theirs = house.browser("colleague"), house.browser("outsider")
    assert "Our Guest" in ours.get("/bookings").text
    assert "Their Guest" not in ours.get("/bookings").text
    assert "Their Guest" in theirs.get("/bookings").text
    assert ours.get("/bookings?website=theirs").status_code == 404
    assert ours.get("/bookings?website=nowhere").status_code == 404
    assert ours.get("/bookings/changes?website=theirs").status_code == 404


def test_both_websites_at_once_or_one_of_them(house: House, noon: object) -> None:
    made(website_id="ours", customer_name="Our Guest")
    made(website_id="theirs", customer_name="Their Guest")
    owner = browser_of(house.app, person("superadmin"))
    both, one = owner.get("/bookings").text, owner.get("/bookings?website=theirs").text
    assert "Our Guest" in both
    assert "Their Guest" in both
    assert "Our Guest" not in one
    assert "Their Guest" in one
    assert owner.get("/bookings?website=nowhere").status_code == 404


def test_an_unknown_booking_or_status_is_not_found(house: House, booking: Booking) -> None:
    browser = house.browser("colleague")
    nobody = "00000000-0000-7000-8000-000000000000"
    assert browser.get(f"/bookings/{nobody}").status_code == 404
    assert browser.get("/bookings/17").status_code == 404
    assert browser.post(f"/bookings/{booking.id}/status/vanished").status_code == 404
