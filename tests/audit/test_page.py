"""The Audit page: who sees what, its filters, its words, and taking it along."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.audit.export import safe_cell
from app.bookings.models import Booking
from app.events.actions import record
from app.events.models import SYSTEM, Actor, Event, NewEvent
from app.extensions import db
from app.staff.models import Membership, Role
from tests.bookings.made import MIA, edited, made
from tests.desk import House, browser_of
from tests.factories import person
from tests.harness.counting import counted_queries


def tell(website_id: str | None, name: str = "website.updated", **more: Any) -> int:
    actor = more.pop("actor", SYSTEM)
    event = NewEvent(name, "website", website_id or "none", website_id=website_id, **more)
    return record(db.session(), actor, event)


def seen(answer: Any) -> list[int]:
    """The entries of a list."""
    return [int(number) for number in re.findall(r'data-row="e(\d+)"', answer.text)]


def with_role(*permissions: str, website_id: str | None = "ours") -> Any:
    """Somebody with a role of their own."""
    role = Role(name="-".join(permissions), permissions=list(permissions))
    db.session.add(role)
    user = person(name="Rae Reader")
    db.session.flush()
    db.session.add(Membership(user_id=user.id, role_id=role.id, website_id=website_id))
    db.session.flush()
    return user


def test_everybody_sees_the_log_of_their_websites(house: House) -> None:
    ours, theirs, none = tell("ours"), tell("theirs"), tell(None)
    everything = browser_of(house.app, person("superadmin"))
    for browser, expected in (
        (house.browser("manager"), {ours}),
        (house.browser("outsider"), {theirs}),
        (everything, {ours, theirs, none}),
    ):
        answer = browser.get("/audit")
        assert answer.status_code == 200
        mine = {ours, theirs, none} & set(seen(answer))
        assert mine == expected
        for number in (ours, theirs, none):
            page = browser.get(f"/audit/{number}")
            assert page.status_code == (200 if number in expected else 404)
    assert house.browser("colleague").get("/audit").status_code == 403
    assert house.browser("colleague").get(f"/audit/{ours}").status_code == 403
    assert house.browser("nobody").get("/audit").status_code == 303


def test_the_website_in_the_address_must_be_visible(house: House) -> None:
    assert house.browser("manager").get("/audit?website=theirs").status_code == 404
    taken = house.browser("manager").post(
        "/audit/export", data={"website": "theirs"}, buffered=True
    )
    assert taken.status_code == 404


def test_two_websites_are_merged_newest_first(house: House) -> None:
    both = person("admin", "ours", "theirs")
    ids = [tell(website) for website in ("ours", "theirs", "ours", "theirs")]
    tell(None)
    assert seen(browser_of(house.app, both).get("/audit"))[:4] == ids[::-1]


def test_an_entry_says_who_what_when_and_from_where(house: House) -> None:
    booking = made("ours")
    edited(booking, Actor("user", "mia", "Mia", "staff", "request-7", "192.0.2.7"), guest_count=5)
    browser = house.browser("manager")
    for text in (browser.get("/audit").text, page_of(browser, "booking.updated")):
        for word in ("Mia", "Changed the booking", "HW-000023", "192.0.2.7", "<del>2</del>"):
            assert word in text, word
    assert "request-7" in page_of(browser, "booking.updated")


def page_of(browser: FlaskClient, name: str) -> str:
    query = select(Event.id).where(Event.name == name).order_by(Event.id.desc())
    return browser.get(f"/audit/{db.session.scalars(query.limit(1)).one()}").text


def test_sealed_values_are_opened_only_for_who_sees_customers(house: House) -> None:
    booking = made("ours", customer_name="Quiet Guest")
    edited(booking, customer_name="Loud Guest")
    open_to = house.browser("manager")
    closed_to = browser_of(house.app, with_role("audit:view", "audit:export", "bookings:view"))
    elsewhere = with_role("audit:view", "audit:export")
    db.session.add(
        Membership(
            user_id=elsewhere.id,
            role_id=db.session.scalars(select(Role.id).where(Role.name == "staff")).one(),
            website_id="theirs",
        )
    )
    for browser, opened in (
        (open_to, True),
        (closed_to, False),
        (browser_of(house.app, elsewhere), False),
    ):
        taken = browser.post("/audit/export", buffered=True).text
        for text in (browser.get("/audit").text, page_of(browser, "booking.updated"), taken):
            assert ("Quiet Guest" in text) is opened
            assert ("Loud Guest" in text) is opened
            assert ("hidden" in text.replace("hidden>", "")) or opened


def test_amounts_are_hidden_from_who_sees_no_payments(house: House) -> None:
    edited(made("ours"), total_amount=4321)
    browser = browser_of(house.app, with_role("audit:view", "audit:export", "customers:view"))
    assert "4,321" in page_of(house.browser("manager"), "booking.updated")
    assert "4,321" not in page_of(browser, "booking.updated")
    assert "4,321" not in browser.post("/audit/export", buffered=True).text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("actor=mia", {"edit"}),
        ("actor=nobody", set()),
        ("kind=booking", {"edit", "made"}),
        ("kind=website", {"site"}),
        ("name=booking.updated", {"edit"}),
        ("door=staff", {"edit"}),
        ("door=website", {"made"}),
        ("door=system", {"site"}),
        ("q=HW-000023", {"edit", "made"}),
        ("q=hw-000023&kind=booking", {"edit", "made"}),
        ("q=ours", {"site"}),
        ("q=no-such-thing", set()),
        ("since=2020-01-01", {"edit", "made", "site"}),
        ("until=2020-01-01", set()),
        ("since=nonsense&until=99", {"edit", "made", "site"}),
        ("name=booking.updated&door=website", set()),
    ],
)
def test_filters(house: House, query: str, expected: set[str]) -> None:
    booking = made("ours")
    edited(booking, MIA, guest_count=7)
    query_ids = select(Event.name, Event.id).where(Event.booking_id == booking.id)
    ids = {row.name: row.id for row in db.session.execute(query_ids)}
    known = {
        "made": ids["booking.created"],
        "edit": ids["booking.updated"],
        "site": tell("ours"),
    }
    found = set(seen(house.browser("manager").get(f"/audit?{query}")))
    assert found & set(known.values()) == {known[name] for name in expected}


def test_a_period_is_of_days_at_the_website(house: House) -> None:
    number = tell("ours")
    event = db.session.get_one(Event, number)
    there = event.occurred_at + timedelta(hours=7)  # in Bangkok
    day, before = f"{there:%Y-%m-%d}", f"{there - timedelta(days=1):%Y-%m-%d}"
    browser = house.browser("manager")
    assert number in seen(browser.get(f"/audit?since={day}&until={day}"))
    assert number not in seen(browser.get(f"/audit?until={before}"))


def test_a_long_log_goes_on_with_the_same_number_of_queries(house: House) -> None:
    browser = house.browser("manager")
    with counted_queries(house.app) as few:
        browser.get("/audit")
    booking = made("ours")
    for number in range(60):
        edited(booking, customer_name=f"Guest {number}")
    made_ids = [tell("ours") for _ in range(60)]
    with counted_queries(house.app) as many:
        first = browser.get("/audit")
    assert len(few) <= len(many) <= 12
    following = re.search(r'hx-get="(/audit\?after=[^"]+)"', first.text)
    assert following
    second = browser.get(following[1], headers={"HX-Request": "true", "HX-Target": "more"})
    assert "<html" not in second.text
    both = seen(first) + seen(second)
    assert len(both) == 100
    assert both == sorted(set(both), reverse=True)
    assert set(made_ids) <= set(both)
    assert browser.get("/audit?after=nonsense").status_code == 400


def test_what_was_erased_is_said_so(house: House) -> None:
    booking = made("ours", customer_name="Quiet Guest")
    edited(booking, customer_name="Loud Guest")
    db.session.get_one(Booking, booking.id).customer_name = "x"
    db.session.execute(db.text("UPDATE customers SET data_key = NULL"))
    text = page_of(house.browser("manager"), "booking.updated")
    assert "erased" in text
    assert "Guest" not in text


def test_taking_it_along_is_written_down_and_needs_its_permission(house: House) -> None:
    tell("ours", changes={"name": ["=1+1", "@evil"]})
    tell("theirs", changes={"name": ["a", "not ours"]})
    only_looks = browser_of(house.app, with_role("audit:view"))
    assert "Export CSV" not in only_looks.get("/audit").text
    assert only_looks.post("/audit/export", buffered=True).status_code == 403
    assert (
        house.browser("outsider").post("/audit/export", buffered=True).text.count("not ours") == 1
    )
    manager = house.browser("manager")
    assert "Export CSV" in manager.get("/audit").text
    answer = manager.post("/audit/export", data={"kind": "website"}, buffered=True)
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    header, *rows = csv.reader(io.StringIO(answer.text))
    assert header[:3] == ["id", "when", "event"]
    assert {row[3] for row in rows} == {"website"}
    assert "not ours" not in answer.text
    note = db.session.scalars(
        select(Event).where(Event.name == "audit.exported").order_by(Event.id.desc()).limit(1)
    ).one()
    assert (note.actor_label, note.website_id) == ("Mara Manager", "ours")
    assert note.meta == {"filters": {"kind": "website"}}


def test_the_whole_log_comes_along_however_long(house: House) -> None:
    ids = [tell("ours") for _ in range(1_203)]
    answer = house.browser("manager").post("/audit/export", data={"website": "ours"}, buffered=True)
    rows = list(csv.reader(io.StringIO(answer.text)))[1:]
    assert set(ids) <= {int(row[0]) for row in rows}


@pytest.mark.parametrize("text", ["=1+1", "+49", "-1", "@sum", " =1", "\t=1", "\r=1"])
def test_a_cell_is_never_a_formula(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


def test_a_harmless_cell_stays(house: House) -> None:
    assert [safe_cell(value) for value in ("a=1", 7, None)] == ["a=1", "7", ""]
