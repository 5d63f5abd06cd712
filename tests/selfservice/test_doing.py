"""What guests do by their link: ask, cancel, take a place; twice, late, and on old pages."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from icalendar import Calendar

from app.bookings import links
from app.bookings.partnering import Change, change
from app.events.models import Actor
from app.extensions import db
from app.payments.links import pay_url
from tests.payments.made import Shop, deposit_of, figures, now, refunds_of
from tests.selfservice.made import Guest, guest_of

LONG = 24 * 40
"""Hours before the start from which nothing goes back: that has passed."""
STAFF = Actor("user", "somebody", "Mara Manager", "staff")


def test_cancelling_says_first_what_goes_back(gale: Guest) -> None:
    page = gale.look("/cancel")
    assert "You get back all that you paid: 20 THB." in page
    answer = gale.submit("/cancel", page, reason="The flight is late")
    assert (answer.status_code, figures(gale.booking)[0]) == (303, "cancelled")
    [refund] = refunds_of(gale.booking)
    assert refund.amount == Decimal(20)
    assert gale.booking.cancellation_reason == "The flight is late"
    done = next(each for each in gale.log if "status" in each.changes and each.door == "link")
    who = (done.actor_kind, done.actor_id, done.actor_label)
    assert who == ("customer", str(gale.booking.customer_id), "Guest")
    assert "Your booking is cancelled" in gale.look()


def test_cancelling_twice_gives_back_once(gale: Guest) -> None:
    page = gale.look("/cancel")
    first, second = (gale.submit("/cancel", page) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 303)
    assert len(refunds_of(gale.booking)) == 1


def test_late_guests_are_told_that_nothing_goes_back(shop: Shop, gale: Guest) -> None:
    shop.venue.cancellation_hours = LONG
    page = gale.look("/cancel")
    assert "You get back nothing of the 20 THB that you paid" in page
    gale.submit("/cancel", page)
    assert (gale.booking.status, refunds_of(gale.booking)) == ("cancelled", [])


def test_terms_that_changed_are_read_again(shop: Shop, gale: Guest) -> None:
    """The hours of the rule pass between the page and the button."""
    page = gale.look("/cancel")
    shop.venue.cancellation_hours = LONG
    answer = gale.submit("/cancel", page)
    assert answer.status_code == 409
    assert "What goes back changed since you opened this page" in answer.text
    assert gale.booking.status == "confirmed"
    gale.submit("/cancel", answer.text)
    assert gale.booking.status == "cancelled"


def test_a_booking_that_changed_is_read_again(gale: Guest) -> None:
    page = gale.look("/cancel")
    change(
        db.session(),
        STAFF,
        gale.booking,
        Change(
            {
                "customer_name": "X",
            }
        ),
        now(),
    )
    change(db.session(), STAFF, gale.booking, Change(guests=6), now())
    answer = gale.submit("/cancel", page)
    assert answer.status_code == 409
    assert "Guests changed since you opened this page" in answer.text
    assert gale.booking.status == "confirmed"


def test_nobody_cancels_what_has_begun(gale: Guest) -> None:
    page = gale.look("/cancel")
    gale.booking.starts_at = now() - timedelta(minutes=1)
    assert "Cancel this booking" not in gale.look()
    answer = gale.submit("/cancel", page)
    assert answer.status_code == 409
    assert "It is too late" in answer.text
    assert gale.booking.status == "confirmed"


def test_what_was_paid_at_the_website_is_the_websites(gale: Guest) -> None:
    booking = gale.booking
    booking.paid_amount, booking.stripe_payment_intent_id = Decimal(0), "pi_1"
    assert "You paid at Our park when you booked." in gale.look("/cancel")


def test_a_form_without_its_token_does_nothing(gale: Guest) -> None:
    page = gale.look("/cancel")
    answer = gale.submit("/cancel", page, csrf_token="")
    assert answer.status_code == 400
    assert "Please try again" in answer.text
    stranger = guest_of(gale.client.application, gale.booking)
    assert stranger.submit("/cancel", page).status_code == 400, "the token of another browser"
    assert gale.booking.status == "confirmed"


def test_every_form_asks_for_the_token(gale: Guest) -> None:
    app, token = gale.client.application, links.token_of(gale.booking.id)
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("my.")]
    posts = [rule for rule in rules if "POST" in (rule.methods or ())]
    assert len(posts) == 6
    with app.test_request_context():
        some: dict[str, Any] = {
            "token": token,
            "row_id": gale.booking.id,
            "request_id": gale.booking.id,
        }
        urls = [app.url_for(r.endpoint, **{n: some[n] for n in r.arguments}) for r in posts]
    assert {gale.client.post(url, data={"words": "x"}).status_code for url in urls} == {400}


def test_a_request_waits_for_staff(gale: Guest) -> None:
    assert gale.ask("  A table by the window?  ").status_code == 303
    [request] = gale.requests
    assert (request.words, request.state) == ("A table by the window?", "open")
    assert "We are looking at it" in gale.look()
    made = gale.log[-1]
    assert (made.name, made.actor_label, made.door) == ("request.made", "Guest", "link")
    assert "window" not in f"{made.changes}{made.meta}"


def test_the_same_request_twice_is_one(gale: Guest) -> None:
    page = gale.look()
    for _ in range(2):
        assert gale.submit("/requests", page, words="A chair").status_code == 303
    assert len(gale.requests) == 1


def test_only_a_few_requests_wait(gale: Guest) -> None:
    page = gale.look()
    for words in "abc":
        gale.submit("/requests", page, words=words)
    refused = gale.submit("/requests", page, words="d")
    assert (refused.status_code, len(gale.requests)) == (409, 3)
    gale.send(f"/requests/{gale.requests[0].id}/withdraw")
    assert gale.requests[0].state == "withdrawn"
    assert gale.ask("d").status_code == 303


@pytest.mark.parametrize("words", ["", "   ", "x" * 1001])
def test_words_that_are_refused_stay_typed(gale: Guest, words: str) -> None:
    answer = gale.ask(words)
    assert (answer.status_code, gale.requests) == (422, [])
    assert words.strip() in answer.text


def test_markup_stays_words(gale: Guest) -> None:
    gale.ask("<b>bold</b>")
    assert "&lt;b&gt;bold&lt;/b&gt;" in gale.look()


def test_what_is_gone_is_not_asked_about(gale: Guest) -> None:
    page = gale.look()
    gale.send("/cancel", "/cancel")
    answer = gale.submit("/requests", page, words="Wait!")
    assert (answer.status_code, gale.requests) == (409, [])


def held(shop: Shop) -> Guest:
    """A place for 2 that waits for a yes."""
    booking = shop.book(2)
    deposit_of(booking).state = "expired"
    booking.deposit_amount = None
    return guest_of(shop.house.app, booking)


def free_of_charge(shop: Shop) -> None:
    shop.lunch.deposit = None
    db.session.flush()


def test_a_place_that_is_held_is_taken(shop: Shop) -> None:
    guest = held(shop)
    free_of_charge(shop)
    page = guest.look()
    assert "There is a place for you" in page
    for _ in range(2):
        assert guest.submit("/confirm", page).status_code == 303
    assert guest.booking.status == "confirmed"
    assert [each.name for each in guest.log].count("booking.updated") == 1


def test_a_place_with_a_deposit_is_paid_next(shop: Shop) -> None:
    guest = held(shop)
    guest.send("/confirm")
    assert (guest.booking.status, guest.booking.deposit_amount) == ("pending", Decimal(10))
    page = guest.look()
    assert "Your deposit is still to be paid" in page
    assert pay_url(deposit_of(guest.booking)) in page


def test_a_hold_that_ran_out_is_over(shop: Shop) -> None:
    guest = held(shop)
    page = guest.look()
    guest.booking.hold_expires_at = now() - timedelta(seconds=1)
    assert "Your place could not be kept" in guest.look()
    answer = guest.submit("/confirm", page)
    assert (answer.status_code, guest.booking.status) == (409, "pending")


def test_the_entry_for_a_calendar(gale: Guest) -> None:
    answer = gale.client.get(f"{gale.link}/calendar.ics")
    assert answer.content_type == "text/calendar; charset=utf-8"
    entry: Any = Calendar.from_ical(answer.text).walk("VEVENT")[0]
    assert entry["DTSTART"].dt == gale.booking.starts_at
    assert str(entry["URL"]).endswith(gale.link)
    assert "Gale" not in answer.text
