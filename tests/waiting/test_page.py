"""The page of a waiting list: who sees it, who may do what there, and how it is led to."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from app.bookings.models import Booking
from app.customers.models import Customer
from app.extensions import db
from app.venues.models import Departure
from app.waiting.models import WaitingEntry
from tests.desk import House, browser_of
from tests.factories import holder
from tests.harness.counting import counted_queries
from tests.waiting.made import Trek, end, offered, somebody


def at(trek: Trek) -> str:
    return f"/waiting/{trek.departure_id}"


CALLER = {"name": "Cora Caller", "phone": "081 234 5678", "guests": "3"}


def test_owner_colleague_outsider_stranger(house: House, trek: Trek) -> None:
    for who, status in {"manager": 200, "colleague": 200, "outsider": 404, "nobody": 303}.items():
        assert house.browser(who).get(at(trek)).status_code == status


def test_somebody_who_calls_is_put_on_the_list(house: House, trek: Trek) -> None:
    desk = house.browser("colleague")
    assert "Nobody waits" in desk.get(at(trek)).text
    answer = desk.post(at(trek), data=CALLER)
    assert answer.status_code == 422
    assert "There is room for this party" in answer.text
    trek.book(8)
    for wrong in ({"phone": "none"}, {"guests": "many"}, {"name": " "}, {"guests": "9"}):
        assert desk.post(at(trek), data=CALLER | wrong).status_code == 422
    assert desk.post(at(trek), data=CALLER).status_code == 303
    shown = desk.get(at(trek)).text
    assert "Call them" in shown
    assert desk.post(at(trek), data=CALLER | {"sms": "1"}).status_code == 303
    assert "Call them" not in desk.get(at(trek)).text
    assert "Cora Caller" in shown
    assert "+66812345678" in shown
    assert house.browser("outsider").post(at(trek), data=CALLER).status_code == 404


def test_who_only_looks_does_nothing(app: Flask, house: House, trek: Trek) -> None:
    trek.book(8)
    entry = trek.join(2)
    reader = browser_of(app, holder("ours", "bookings:view"))
    assert "Take off" not in reader.get(at(trek)).text
    assert reader.post(at(trek), data=CALLER).status_code == 403
    for verb in ("offer", "remove"):
        assert reader.post(f"/waiting/entries/{entry.id}/{verb}").status_code == 403
        outsider = house.browser("outsider")
        assert outsider.post(f"/waiting/entries/{entry.id}/{verb}").status_code == 404


def test_offering_and_taking_off(house: House, trek: Trek) -> None:
    trek.book(6)
    first, second = trek.join(4), trek.join(3)
    desk = house.browser("colleague")
    page = desk.get(at(trek)).text
    assert "Offer now" not in page
    departure = db.session.get_one(Departure, trek.departure_id)
    departure.capacity = 9
    assert desk.get(at(trek)).text.count("Offer now") == 1
    desk.post(f"/waiting/entries/{second.id}/offer")
    assert second.state == "offered"
    assert "Saturday 21 November" in desk.get(at(trek)).text
    assert (
        "not enough places"
        in desk.post(f"/waiting/entries/{first.id}/offer", follow_redirects=True).text
    )
    held = offered(second)
    desk.post(f"/waiting/entries/{second.id}/remove")
    assert [second.state, held.status] == ["left", "cancelled"]
    assert "Left" in desk.get(at(trek)).text


def test_an_offer_is_made_behind_the_second_wall(house: House, trek: Trek) -> None:
    """Who gives places back sees nobody who waits elsewhere, and needs not."""
    booked = trek.book(8)
    entry = trek.join(8, somebody(first_name="Wanda", last_name="Waits"))
    desk = house.browser("colleague")
    answer = desk.post(f"/bookings/{booked.id}/status/cancelled", data={"version": 1})
    assert answer.status_code < 400
    held = db.session.scalars(select(Booking).where(Booking.customer_id == entry.customer_id)).one()
    assert (held.status, entry.state) == ("pending", "offered")


def test_the_venue_says_how_many_wait(house: House, trek: Trek) -> None:
    trek.book(8)
    trek.join(2)
    trek.join(3)
    month = house.browser("colleague").get(
        f"/venues/{trek.venue_id}/departures?month={trek.day:%Y-%m}"
    )
    assert "2 waiting" in month.text
    assert at(trek) in month.text
    one = house.browser("colleague").get(f"/venues/{trek.venue_id}/departures/{trek.departure_id}")
    assert "2 waiting" in one.text


def test_a_long_list_takes_no_more_queries(app: Flask, house: House, trek: Trek) -> None:
    booked = trek.book(8)
    trek.join(2)
    desk = house.browser("manager")
    desk.get(at(trek))
    with counted_queries(app) as few:
        desk.get(at(trek))
    for _ in range(6):
        trek.join(2)
    end(booked)
    db.session.commit()
    with counted_queries(app) as many:
        assert desk.get(at(trek)).text.count("Take off") >= 7
    assert len(many) == len(few) <= 12


def test_hours_of_offers_are_said_on_the_venue(house: House, trek: Trek) -> None:
    form = {"name": "Our pier", "timezone": "Asia/Bangkok", "offer_hours": "6"}
    edit = f"/venues/{trek.venue_id}/edit"
    assert house.browser("manager").post(edit, data=form).status_code == 303
    assert trek.place.venue.offer_hours == 6
    assert house.browser("manager").post(edit, data=form | {"offer_hours": "0"}).status_code == 422


def test_a_guest_is_known_where_they_wait(app: Flask, house: House, trek: Trek) -> None:
    """Without a booking: their name is on the list, and nowhere else."""
    trek.book(8)
    entry = trek.join(2, somebody(first_name="Wanda", last_name="Waits"))
    assert "Wanda Waits" in house.browser("colleague").get(at(trek)).text
    assert db.session.get_one(Customer, entry.customer_id).name == "Wanda Waits"
    assert db.session.get_one(WaitingEntry, entry.id).state == "waiting"
