"""The desk and websites book tables where platforms have them free: what they are told, and what
is kept when nobody answers."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.apikeys.models import KeyScope
from app.bookings.models import Booking
from app.extensions import db
from app.payments.models import Payment
from tests.api import table_house
from tests.api.table_house import SUNDAY
from tests.desk import browser_of
from tests.factories import ApiKeyFactory, WebsiteFactory, person
from tests.harness.counting import counted_queries
from tests.platforms.contract import CASES
from tests.platforms.tables import FREE, OFFERED, THERE, Tables, booking, logged, opened
from tests.standins.serving import serving
from tests.venues.made import a_venue


@pytest.fixture
def tables(app: Flask, db_session: object) -> Iterator[Tables]:
    with serving(CASES["covermanager"].app()) as url, opened(app, url) as found:
        yield found


@pytest.fixture
def desk(app: Flask, tables: Tables) -> FlaskClient:
    return browser_of(app, person("admin", "ours"))


def chosen(tables: Tables, **typed: str) -> dict[str, str]:
    """Two at a plain table at 13:00, by telephone."""
    plain = tables.anchor.plain
    visit = {"venue": str(plain.venue_id), "activity": str(plain.id), "day": str(SUNDAY)}
    return {**visit, "guests": "2", "slot": "13:00", **typed}


def book(desk: FlaskClient, tables: Tables, **typed: str) -> TestResponse:
    who = {"source": "phone", "customer_phone": "+447911123456", "customer_name": "Wanda Demo"}
    words = {"admin_notes": "By the window", "allergies": "nuts"}
    return desk.post("/bookings/new", data={**chosen(tables), **who, **words, **typed})


def asked(desk: FlaskClient, tables: Tables, **typed: str) -> str:
    """What the form shows that others said."""
    answer = desk.get("/bookings/new/elsewhere", query_string=chosen(tables, **typed))
    assert answer.status_code == 200
    return " ".join(answer.text.split())


def how_many() -> int:
    return db.session.scalar(select(func.count(Booking.id))) or 0


def test_the_desk_sees_who_answered(app: Flask, desk: FlaskClient, tables: Tables) -> None:
    page = desk.get("/bookings/new", query_string=chosen(tables))
    assert "Asking" not in page.text, "nobody sells them"
    tables.connect()
    page = desk.get("/bookings/new", query_string=chosen(tables))
    assert "Asking CoverManager what is free" in page.text
    assert tables.calls == 0, "the page does not wait for it"
    told = asked(desk, tables)
    assert f"CoverManager</span>: free at {', '.join(THERE)}." in told
    form = chosen(tables)
    with counted_queries(app) as queries:
        desk.get("/bookings/new", query_string=form)
    assert len(queries) <= 12
    with counted_queries(app) as queries:
        desk.get("/bookings/new/elsewhere", query_string=form | {"guests": "5"})
    assert len(queries) <= 12, "the last ones write what was said"
    tables.connect("second", 2)
    tables.down()
    assert (
        f'CoverManager gave no usable answer. <span class="strong">Second</span>: '
        f"free at {', '.join(FREE)}."
    ) in asked(desk, tables, guests="3")
    tables.second.times = []
    assert "nothing is free for this party" in asked(desk, tables, guests="4")


def test_the_desk_books_where_it_is_free(desk: FlaskClient, tables: Tables) -> None:
    tables.connect()
    assert book(desk, tables).status_code == 303
    assert (booking().status, booking().time_slot) == ("confirmed", "13:00")
    assert booking().admin_notes == "By the window"


def test_what_is_not_free_there_is_said_and_nothing_is_lost(
    desk: FlaskClient, tables: Tables
) -> None:
    tables.connect()
    answer = book(desk, tables, slot="12:00")
    assert (answer.status_code, how_many()) == (422, 0)
    said = f"CoverManager says that 12:00 is not free. It has {', '.join(THERE)}."
    assert said in answer.text
    assert answer.text.count("Not free there") == 2
    assert "Asking" not in answer.text
    for kept in ("Wanda Demo", "By the window", "+447911123456", "nuts"):
        assert kept in answer.text
    assert 'value="12:00" checked' not in answer.text
    assert book(desk, tables, slot="12:00", overbook="1").status_code == 303
    assert booking().status == "confirmed"


def test_when_nobody_answers_the_hub_sells_alone(desk: FlaskClient, tables: Tables) -> None:
    tables.connect()
    tables.down()
    assert "What is free here can be booked." in asked(desk, tables)
    assert book(desk, tables, slot="12:00").status_code == 303
    assert booking().status == "confirmed"


def test_when_it_may_not_it_keeps_a_request(desk: FlaskClient, tables: Tables) -> None:
    tables.connect()
    form = {"name": "The Anchor", "timezone": "Europe/London"}
    edit = f"/venues/{tables.venue.id}/edit"
    assert desk.post(edit, data=form | {"sells_without_platforms": "no"}).status_code == 303
    assert desk.post(edit, data=form).status_code == 303
    assert tables.venue.sells_without_platforms is False, "who does not say it leaves it"
    assert 'value="no" selected' in desk.get(edit).text
    tables.down()
    assert "This cannot be confirmed now." in asked(desk, tables)
    answer = book(desk, tables)
    assert answer.status_code == 303
    kept = booking()
    assert (kept.status, kept.hold_expires_at, kept.allergies) == ("pending", None, ["nuts"])
    assert kept.admin_notes == (
        "By the window\nKept as a request: CoverManager does not answer just now."
        " Check that the table is free there."
    )
    assert "Kept as a request: Wanda Demo" in desk.get(answer.headers["Location"]).text
    moved = desk.post(f"/bookings/{kept.id}/status/confirmed")
    assert moved.status_code in (200, 303), moved.text
    assert booking().status == "confirmed"


def test_own_stock_counts_whatever_a_platform_says(desk: FlaskClient, tables: Tables) -> None:
    tables.connect("second")
    assert book(desk, tables, guests="8", slot="13:30").status_code == 303
    calls = tables.second.calls
    answer = book(desk, tables, guests="4", slot="13:30", customer_name="Otto Demo")
    assert (answer.status_code, how_many(), tables.second.calls) == (422, 1, calls)
    refused = tables.anchor.guests.call("POST", "", tables.wish("13:30", party_size=4))
    assert (refused.status_code, how_many()) == (409, 1)
    assert tables.times() == ["12:00", "14:00"]


def test_only_who_may_book_there_is_told(app: Flask, desk: FlaskClient, tables: Tables) -> None:
    tables.connect()
    WebsiteFactory.create(id="theirs")
    address = "/bookings/new/elsewhere"
    for role, website, status in (("staff", "ours", 200), ("admin", "theirs", 404)):
        browser = browser_of(app, person(role, website))
        if role == "admin":
            a_venue("theirs", "Their inn")
        answer = browser.get(address, query_string=chosen(tables))
        assert answer.status_code == status
    assert app.test_client().get(address, query_string=chosen(tables)).status_code in (302, 303)
    calls = tables.calls
    key, scopes = "theirs_sk_tables", [KeyScope.MANAGE_TABLES.value]
    ApiKeyFactory.create(website_id="theirs", clear=key, scopes=scopes)
    tables.anchor.guests.key = key
    assert tables.anchor.guests.call("POST", "", tables.wish()).status_code == 404
    where = f"/availability?venue_id={tables.venue.id}&date={SUNDAY}"
    assert tables.anchor.guests.get(where).status_code == 404
    assert (tables.calls, how_many()) == (calls, 0)


def test_a_website_is_offered_what_is_free_here_and_there(app: Flask, tables: Tables) -> None:
    assert tables.times() == OFFERED
    tables.connect()
    with counted_queries(app) as queries:
        told = tables.offered()
    assert len(queries) <= 14
    assert [slot["time_slot"] for slot in told["activities"][0]["slots"]] == THERE
    assert (told["confirmable"], told["notice"]) == (True, None)
    refused = tables.anchor.guests.call("POST", "", tables.wish("12:00"))
    assert (refused.status_code, refused.get_json()["code"]) == (409, "SLOT_UNAVAILABLE")
    made = tables.anchor.guests.ok("POST", "", tables.wish("13:00"))
    assert (made["status"], made["notice"]) == ("confirmed", None)


def test_a_website_is_told_that_it_cannot_be_confirmed_now(tables: Tables) -> None:
    tables.connect()
    tables.venue.sells_without_platforms = False
    table_house.takes_money()
    tables.anchor.plain.deposit = Decimal(10)
    db.session.flush()
    tables.down()
    told = tables.offered()
    assert [slot["time_slot"] for slot in told["activities"][0]["slots"]] == OFFERED
    assert (told["confirmable"], told["notice"]["code"]) == (False, "CANNOT_CONFIRM_NOW")
    made = tables.anchor.guests.ok("POST", "", tables.wish())
    assert (made["status"], made["notice"]["code"]) == ("pending", "CANNOT_CONFIRM_NOW")
    assert made["payment"]["required"] is False
    assert db.session.scalars(select(Payment)).all() == [], "nobody pays for what may not be had"
    again = tables.anchor.guests.ok("GET", f"/{made['booking_reference']}")
    assert again["notice"] == made["notice"]
    assert "CoverManager" not in str(made)
    assert "CoverManager" in (booking().admin_notes or "")


def test_a_website_books_alone_where_the_venue_does(tables: Tables) -> None:
    tables.connect()
    tables.silent()
    assert tables.times() == OFFERED
    made = tables.anchor.guests.ok("POST", "", tables.wish("12:00"))
    assert (made["status"], made["notice"]) == ("confirmed", None)
    assert len(logged()) == 1, "it is left alone after it failed"


def test_a_repeated_call_asks_nobody_again(tables: Tables, redis: Any) -> None:
    tables.connect()
    sent = {"Idempotency-Key": "one"}
    first = tables.anchor.guests.ok("POST", "", tables.wish(), **sent)
    calls = tables.calls
    redis.flushdb()
    tables.venue.sells_without_platforms = False
    db.session.flush()
    tables.down()
    assert tables.anchor.guests.ok("POST", "", tables.wish(), **sent) == first
    assert (tables.calls, how_many(), first["status"]) == (calls, 1, "confirmed")


def test_what_is_wrong_with_a_call_is_said_as_before(tables: Tables) -> None:
    tables.connect()
    wrong = tables.anchor.guests.call("POST", "", tables.wish(party_size=0))
    assert wrong.status_code == 400
    assert tables.anchor.guests.call("POST", "", tables.wish("03:00")).status_code == 409
    assert tables.calls == 0
