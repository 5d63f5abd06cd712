"""What strangers type into searches, cursors and filters is answered, never a failure."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.bookings.derive import search_text
from app.bookings.models import Booking
from app.extensions import db
from tests.desk import build_house
from tests.factories import BookingFactory

SOME_ID = "0199c0de-0000-7000-8000-000000000000"
LONG_WHEN_FOLDED = "\u3316" * 300
"""One sign for `kilometre`: six letters of three bytes each when it is folded."""


@pytest.fixture
def browser(app: Flask, db_session: object) -> FlaskClient:
    house = build_house(app)
    BookingFactory.create(website_id="ours", customer_name="Ann O'Hara")
    return house.browser("manager")


def search(browser: FlaskClient, text: str) -> int:
    answer = browser.get("/api/bookings?q=" + quote(text))
    assert answer.status_code == 200, answer.text
    return len(answer.get_json()["bookings"])


@pytest.mark.parametrize(
    "text",
    ["!", "''", "'", "\\", "&|!():*<->", "%", "\x00", "😀", "\u0301", "@", "_", "\u3316" * 200],
)
def test_a_search_for_no_word_finds_nothing(browser: FlaskClient, text: str) -> None:
    assert search(browser, text) == 0


@pytest.mark.parametrize("text", ["a", "o'hara", "O’HARA", "ann:*", "hara\\", "𝓐𝓷𝓷"])
def test_signs_around_a_word_do_no_harm(browser: FlaskClient, text: str) -> None:
    assert search(browser, text) == 1


def test_a_word_of_any_length_is_kept_and_found(browser: FlaskClient) -> None:
    values = {"booking_ref": "\ufdfa" * 100, "customer_name": "Zed", "hotel_name": LONG_WHEN_FOLDED}
    BookingFactory.create(
        website_id="ours", customer_name="Zed", search_text=search_text(values, "TH")
    )
    assert search(browser, "zed") == search(browser, LONG_WHEN_FOLDED[:200]) == 1
    kept = db.session.scalars(db.select(Booking.search)).all()
    assert any("キロメ" in str(words) for words in kept), "readable, not cut within a letter"


def cursor(*values: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()


@pytest.mark.parametrize(
    "after",
    [
        cursor("2026-03-01", "\x00", SOME_ID),
        cursor("2026-03-01", "\ud800", SOME_ID),
        cursor("2026-13-01", "", SOME_ID),
        cursor("2026-03-01", "", "x"),
        cursor(None, [], {}),
        "é",
        base64.urlsafe_b64encode(b"[" * 100_000).decode(),
    ],
)
@pytest.mark.parametrize("page", ["/api/bookings", "/bookings"])
def test_a_cursor_that_is_not_ours_is_told(browser: FlaskClient, page: str, after: str) -> None:
    assert browser.get(f"{page}?after={quote(after)}").status_code == 400


@pytest.mark.parametrize(
    "query",
    ["booking_date=9999-12-31", "activity_date=1772323200", "website_id=%00", "date_to=2026-03"],
)
def test_a_filter_that_means_nothing_is_told(browser: FlaskClient, query: str) -> None:
    assert browser.get(f"/api/bookings?{query}").status_code == 400


def test_a_version_beyond_all_counting_is_told(browser: FlaskClient) -> None:
    booking = db.session.scalars(db.select(Booking)).first()
    assert booking is not None
    answer = browser.put(f"/api/bookings/{booking.id}", json={"version": 2**64, "time_slot": "9"})
    assert answer.status_code == 400
