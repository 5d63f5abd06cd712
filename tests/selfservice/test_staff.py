"""What guests ask for, at the desk: who sees it, who answers, and what the guest reads."""

from __future__ import annotations

import pytest
from werkzeug.test import TestResponse

from app.bookings.links import manage_url
from app.staff.permissions import Permission
from tests.desk import browser_of
from tests.factories import PartnerFactory, holder
from tests.harness.counting import counted_queries
from tests.payments.made import Shop
from tests.selfservice.made import Guest


@pytest.fixture
def asking(gale: Guest) -> Guest:
    gale.ask("Half an hour later, please")
    return gale


def answer(shop: Shop, asking: Guest, who: str, **said: str) -> TestResponse:
    values = {"state": "done", **said}
    return shop.house.browser(who).post(f"/requests/{asking.requests[0].id}", data=values)


def test_staff_see_what_waits_and_others_do_not(shop: Shop, asking: Guest) -> None:
    for who in ("manager", "colleague"):
        page = shop.house.browser(who).get("/requests").text
        assert "Half an hour later" in page
        assert 'href="/requests"' in page, "the menu counts what waits"
    theirs = shop.house.browser("outsider")
    assert "Half an hour later" not in theirs.get("/requests").text
    assert 'href="/requests"' not in theirs.get("/venues").text
    assert answer(shop, asking, "outsider").status_code == 404
    assert asking.requests[0].state == "open"


def test_the_guest_reads_the_answer(shop: Shop, asking: Guest) -> None:
    assert answer(shop, asking, "colleague", answer="13:00 it is.").status_code == 303
    [request] = asking.requests
    assert (request.state, request.answered_by) == ("done", shop.house.colleague.id)
    assert "13:00 it is." in asking.look()
    told = asking.log[-1]
    assert (told.name, told.actor_label) == ("request.answered", "Cole Colleague")
    assert "13:00" not in f"{told.changes}{told.meta}"
    pages = shop.house.browser("manager")
    assert "Half an hour later" not in pages.get("/requests").text
    assert "13:00 it is." in pages.get("/requests?show=answered").text


def test_only_one_of_two_answers_counts(shop: Shop, asking: Guest) -> None:
    answer(shop, asking, "manager", state="declined", answer="We are full.")
    late = shop.house.browser("colleague")
    said = {"state": "done", "answer": "Yes!"}
    again = late.post(f"/requests/{asking.requests[0].id}", data=said)
    assert (asking.requests[0].state, asking.requests[0].answer) == ("declined", "We are full.")
    assert "This request was answered already." in late.get(again.location).text


@pytest.mark.parametrize("said", [{"state": "open"}, {"state": ""}, {"answer": "x" * 501}])
def test_what_is_no_answer_changes_nothing(shop: Shop, asking: Guest, said: dict[str, str]) -> None:
    answer(shop, asking, "manager", **said)
    assert asking.requests[0].state == "open"


def test_a_booking_shows_what_was_asked_and_the_link(shop: Shop, asking: Guest) -> None:
    at = f"/bookings/{asking.booking.id}"
    page = shop.house.browser("colleague").get(at).text
    assert "Half an hour later" in page
    assert manage_url(asking.booking) in page
    assert "asked for a change" in page


def test_the_page_of_requests_asks_little(shop: Shop, asking: Guest) -> None:
    asking.ask("A second one")
    browser = shop.house.browser("manager")
    browser.get("/requests")
    with counted_queries(shop.house.app) as asked:
        browser.get("/requests")
    assert len(asked) <= 12, asked


def test_who_only_looks_has_neither_answer_nor_link(shop: Shop, asking: Guest) -> None:
    browser = browser_of(shop.house.app, holder("ours", str(Permission.BOOKINGS_VIEW)))
    page = browser.get(f"/bookings/{asking.booking.id}").text
    assert "Half an hour later" in page
    assert manage_url(asking.booking) not in page
    assert f"/requests/{asking.requests[0].id}" not in page
    assert browser.post(f"/requests/{asking.requests[0].id}").status_code == 403


def test_there_is_no_link_for_guests_of_partners(shop: Shop, asking: Guest) -> None:
    asking.booking.partner_id = PartnerFactory().id
    page = shop.house.browser("manager").get(f"/bookings/{asking.booking.id}").text
    assert "Copy the guest" not in page
