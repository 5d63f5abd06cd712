"""The JSON door of staff: venues."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.desk import House, browser_of, build_house
from tests.factories import holder
from tests.harness.counting import counted_queries
from tests.venues.made import a_venue, an_activity


@pytest.fixture
def house(app: Flask, db_session: object) -> House:
    return build_house(app)


def venues(client: FlaskClient, **query: Any) -> dict[str, Any]:
    answer = client.get("/api/venues", query_string=query)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.get_json()
    return found


def test_one_s_own_venues_with_what_can_be_booked(house: House) -> None:
    a_venue("theirs", "Their pier")
    activity = an_activity(a_venue("ours", "Our pier"))
    body = venues(house.browser("colleague"))
    (venue,) = body["venues"]
    assert (venue["name"], venue["website_id"], body["next"]) == ("Our pier", "ours", None)
    assert venue["activities"] == [
        {
            "id": str(activity.id),
            "name": "Snorkel trip",
            "kind": "activity",
            "price": 1900,
            "currency": "THB",
            "duration_minutes": 60,
            "capacity": 12,
            "days": 1,
            "min_age": None,
            "difficulty": None,
            "slot_rule": "times",
            "is_active": True,
        }
    ]
    assert venues(house.browser("colleague"), website_id="theirs")["venues"] == []


def test_the_list_is_read_in_stretches(house: House) -> None:
    client = house.browser("manager")
    for name in ("beta", "Alpha", "gamma"):
        a_venue("ours", name)
    names: list[str] = []
    after: str | None = ""
    while after is not None:
        body = venues(client, limit=1, after=after) if after else venues(client, limit=1)
        names += [each["name"] for each in body["venues"]]
        after = body["next"]
    assert names == ["Alpha", "beta", "gamma"]
    assert client.get("/api/venues?after=nonsense").status_code == 400


def test_who_may_not_see_venues_is_told_so(house: House) -> None:
    client = browser_of(house.app, holder("ours", "bookings:view"))
    assert client.get("/api/venues").status_code == 403
    assert house.browser("nobody").get("/api/venues").status_code == 401


def test_more_venues_ask_no_more(house: House) -> None:
    client = house.browser("manager")
    an_activity(a_venue("ours", "One"))
    venues(client)
    with counted_queries(house.app) as one:
        venues(client)
    for number in range(4):
        an_activity(a_venue("ours", f"Pier {number}"))
    with counted_queries(house.app) as many:
        venues(client)
    assert len(many) == len(one)
