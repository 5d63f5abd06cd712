"""Which links open what: nothing but the booking they were made for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from app.bookings import links
from app.bookings.links import manage_url
from app.bookings.models import Booking
from app.customers.models import Customer
from app.payments.links import links as pay_links
from tests.factories import BookingFactory, CustomerFactory, PartnerFactory
from tests.harness.counting import counted_queries
from tests.payments.made import Shop, now
from tests.selfservice.made import Guest, guest_of


def status_of(app: Flask, token: str) -> int:
    return app.test_client().get(f"/my/{token}").status_code


def test_the_page_shows_the_booking_and_no_person(gale: Guest) -> None:
    page = gale.look()
    assert "Your booking is confirmed" in page
    assert gale.booking.booking_ref in page
    assert "Lunch" in page
    assert "20 THB" in page
    assert "Gale" not in page
    assert "gale@example.com" not in page
    assert "811111111" not in page


def test_the_answer_keeps_the_address_to_itself(gale: Guest) -> None:
    headers = gale.client.get(gale.link).headers
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Robots-Tag"] == "noindex"
    assert headers["Cache-Control"] == "no-store"
    assert "script-src 'self';" in headers["Content-Security-Policy"]
    assert "RateLimit" in headers


def test_a_link_is_short_and_says_nothing(gale: Guest) -> None:
    url = manage_url(gale.booking)
    assert len(url.rpartition("/")[2]) == 39
    assert str(gale.booking.id) not in url
    assert gale.booking.booking_ref not in url


def test_what_we_did_not_sign_opens_nothing(gale: Guest) -> None:
    app, token = gale.client.application, links.token_of(gale.booking.id)
    name, _, signature = token.partition(".")
    another = links.token_of(BookingFactory(website_id="ours").id)
    forged = (
        *("x", "no-such-token", name, f"{name}.", f".{signature}", f"{token}x", "é" * 40),
        f"{another.partition('.')[0]}.{signature}",
        pay_links.token_of(gale.booking.id),
    )
    assert {status_of(app, each) for each in forged} == {404}
    wanted = app.test_client().get("/my/x").text
    assert all(app.test_client().get(f"/my/{each}").text == wanted for each in forged[:3])


def test_a_link_of_a_booking_pays_nothing(gale: Guest) -> None:
    token = links.token_of(gale.booking.id)
    assert gale.client.get(f"/pay/{token}").status_code == 404


@pytest.mark.parametrize("whose", ["partner", "platform"])
def test_guests_of_others_have_no_link(app: Flask, shop: Shop, whose: str) -> None:
    partner = PartnerFactory() if whose == "partner" else None
    booking: Booking = BookingFactory(
        website_id="ours",
        source=whose,
        partner_id=partner.id if partner else None,
        activity_date=now().date(),
    )
    assert manage_url(booking) == ""
    assert status_of(app, links.token_of(booking.id)) == 404


def test_who_was_erased_has_no_link_any_more(app: Flask, shop: Shop) -> None:
    who: Customer = CustomerFactory(erased_at=now())
    theirs = {"customer_id": who.id, "activity_date": now().date()}
    booking: Booking = BookingFactory(website_id="ours", **theirs)
    assert status_of(app, links.token_of(booking.id)) == 404
    who.erased_at = None
    assert status_of(app, links.token_of(booking.id)) == 200


def test_a_link_works_for_30_days_after_the_visit(app: Flask, shop: Shop) -> None:
    today = now().date()
    old, older = (
        BookingFactory(website_id="ours", activity_date=today - timedelta(days=days))
        for days in (29, 32)
    )
    assert status_of(app, links.token_of(old.id)) == 200
    assert status_of(app, links.token_of(older.id)) == 404


def test_two_guests_see_their_own(shop: Shop, gale: Guest) -> None:
    other = guest_of(shop.house.app, shop.book(2))
    gale.ask("One chair more, please")
    [request] = gale.requests
    assert other.booking.booking_ref not in gale.look()
    assert gale.booking.booking_ref not in other.look()
    assert "One chair more" not in other.look()
    assert other.send(f"/requests/{request.id}/withdraw").status_code == 404
    assert gale.requests[0].state == "open"


def test_the_page_asks_little(gale: Guest) -> None:
    for words in ("One", "Two", "Three"):
        gale.ask(words)
    with counted_queries(gale.client.application) as asked:
        gale.look()
    assert len(asked) <= 12, asked
