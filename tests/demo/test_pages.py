"""The pages of the demo site: forms say every fault, and what the hub changed meanwhile stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from demo.source_site.site import Site
from tests.demo.conftest import FORM, SECRET

Book = Callable[..., dict[str, Any]]


@pytest.mark.parametrize("path", ["/", "/bookings", "/__state"])
def test_every_page_opens_with_a_tight_policy(
    visitor: FlaskClient, booked: Book, path: str
) -> None:
    booked()
    answer = visitor.get(path)
    assert answer.status_code == 200
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    text = answer.get_data(as_text=True)
    assert "style=" not in text
    assert "<style" not in text
    assert SECRET not in text


def test_every_fault_is_named_and_what_was_typed_stays(visitor: FlaskClient, site: Site) -> None:
    wrong = FORM | {"guest_count": "0", "customer_email": "ada", "activity_date": "2020-01-01"}
    answer = visitor.post("/book", data=wrong | {"time_slot": "09:00", "hotel_name": ""})
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    for name in ("guest_count", "customer_email", "activity_date", "time_slot", "hotel_name"):
        assert f'id="{name}-fault"' in text
    assert 'value="Ada Sample"' in text
    assert site.store.read()["bookings"] == {}


def test_the_price_is_never_the_browsers(booked: Book) -> None:
    assert booked(total_amount="1", package_price="1")["total_amount"] == 2 * 3490 + 500


def test_a_form_that_was_open_for_long_reverts_nothing(
    visitor: FlaskClient, site: Site, booked: Book
) -> None:
    booking = booked()
    own = booking["source_booking_id"]
    with site.store.change() as state:
        state["bookings"][own]["time_slot"] = "15:00"
    fields = {"time_slot": "10:00", "was_time_slot": "10:00"}
    visitor.post(f"/bookings/{own}/change", data=fields | {"special_requests": "Vegan"})
    after = site.store.read()["bookings"][own]
    assert (after["time_slot"], after["special_requests"]) == ("15:00", "Vegan")
    assert site.store.read()["outbox"][-1]["fields"] == ["special_requests"]


def test_the_live_part_is_sent_only_when_something_is_new(
    visitor: FlaskClient, site: Site, booked: Book
) -> None:
    booking = booked()
    seen = site.store.read()["revision"]
    for path in ("/bookings/live", f"/bookings/{booking['source_booking_id']}/live"):
        assert visitor.get(f"{path}?seen={seen}").status_code == 204
        assert visitor.get(f"{path}?seen={seen - 1}").status_code == 200


def test_no_other_website_can_post_a_form(visitor: FlaskClient, site: Site) -> None:
    origin = {"Origin": "http://elsewhere.example"}
    assert visitor.post("/book", data=FORM, headers=origin).status_code == 403
    assert site.store.read()["bookings"] == {}


def test_cancelling_twice_tells_the_hub_once(
    visitor: FlaskClient, site: Site, booked: Book
) -> None:
    own = booked()["source_booking_id"]
    for _ in range(2):
        visitor.post(f"/bookings/{own}/cancel", data={"reason": "Ill"})
    events = [call["event"] for call in site.store.read()["outbox"]]
    assert events == ["booking.created", "booking.cancelled"]
