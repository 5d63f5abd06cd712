"""What a guest asked for belongs to them: it is taken along, forgotten and merged with them."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text

from app.bookings.models import Booking
from app.customers.models import Customer
from app.extensions import db
from app.privacy import actions, export, merging, queries
from app.staff.scope import EVERYTHING
from tests.bookings.made import MIA
from tests.factories import BookingFactory, CustomerFactory
from tests.payments.made import Shop, now
from tests.selfservice.made import Guest, guest_of


def answered(shop: Shop, gale: Guest) -> None:
    gale.ask("A quiet corner")
    gale.ask("A cake with walnuts")
    said = {"state": "done", "answer": "With pleasure"}
    shop.house.browser("manager").post(f"/requests/{gale.requests[0].id}", data=said)


def test_requests_are_taken_along(shop: Shop, gale: Guest) -> None:
    answered(shop, gale)
    person = queries.person(db.session(), EVERYTHING, gale.booking.customer_id)
    held = export.gather(db.session(), EVERYTHING, person, now())["requests"]
    assert [(each["words"], each["state"], each["answer"]) for each in held] == [
        ("A quiet corner", "done", "With pleasure"),
        ("A cake with walnuts", "open", None),
    ]
    page = shop.house.browser("manager").post(f"/customers/{gale.booking.customer_id}/export")
    assert "A cake with walnuts" in page.text


def test_requests_are_forgotten_and_the_link_ends(shop: Shop, gale: Guest) -> None:
    answered(shop, gale)
    who, name = gale.booking.customer_id, gale.booking.customer_name
    actions.erase(db.session(), MIA, EVERYTHING, who, name, now())
    db.session.commit()
    found = [(each.words, each.answer, each.state) for each in gale.requests]
    assert found == [(None, None, "done"), (None, None, "withdrawn")]
    assert gale.client.get(gale.link).status_code == 404
    manager = shop.house.browser("manager")
    assert "Erased" in manager.get("/requests?show=answered").text
    assert manager.get(f"/bookings/{gale.booking.id}").status_code == 200


def test_requests_go_with_their_booking_and_come_back(shop: Shop) -> None:
    kept: Customer = CustomerFactory()
    coming = now().date() + timedelta(days=2)  # whatever the hour, wherever the website is
    theirs: Booking = BookingFactory(website_id="ours", activity_date=coming)
    BookingFactory(website_id="ours", customer_id=kept.id)
    guest, gone = guest_of(shop.house.app, theirs), theirs.customer_id
    guest.ask("Towels")
    done = merging.merge(db.session(), MIA, EVERYTHING, kept.id, gone)
    assert guest.requests[0].customer_id == kept.id
    merging.undo(db.session(), MIA, EVERYTHING, kept.id, done.id, now())
    assert guest.requests[0].customer_id == gone


def test_words_are_kept_encrypted(gale: Guest) -> None:
    gale.ask("A quiet corner")
    [raw] = db.session.scalars(text("SELECT words FROM change_requests")).all()
    assert "quiet" not in raw
