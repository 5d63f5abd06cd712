"""What is for sale: treks and their batches, for anybody who looks."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import pytest
from flask import Flask

from app.extensions import db
from app.venues.models import SlotClosure, SlotUsage
from tests.bookings.made import TODAY
from tests.factories import WebsiteFactory
from tests.harness.counting import counted_queries
from tests.treks.shop import CAMP, FIRST, Shop, leaves
from tests.venues.made import TREK, a_venue, an_activity


def taken(shop: Shop, used: int) -> None:
    key = {"activity_id": shop.trek.id, "day": FIRST, "slot": str(shop.batch.id)}
    db.session.add(SlotUsage(used=used, **key))
    db.session.flush()


def states(shop: Shop, **query: str) -> list[tuple[str, str, int | None]]:
    batches = shop.get(f"/{shop.trek.id}/batches", **query)["batches"]
    return [(each["first_day"], each["state"], each["seats_left"]) for each in batches]


def test_a_trek_says_all_that_a_guest_decides_by(shop: Shop) -> None:
    taken(shop, 12)
    trek = shop.get(f"/{shop.trek.id}")["trek"]
    assert (trek["name"], trek["website"], trek["venue"]["name"]) == (
        "Base camp",
        "Our Treks",
        "Trail head",
    )
    assert (trek["days"], trek["min_age"], trek["difficulty"]) == (5, 8, "Moderate")
    assert [(each["category"], each["price"]) for each in trek["prices"]] == [
        ("adult", 1000),
        ("child", 600),
    ]
    assert trek["group_discounts"] == [{"guests": 4, "percent": 10.0}]
    assert trek["next_batch"] == {
        "id": str(shop.later.id),  # the first one is full
        "first_day": "2026-12-19",
        "last_day": "2026-12-23",
        "time": "06:30",
        "starts_at": "2026-12-18T23:30:00Z",
        "capacity": 12,
        "seats_left": 12,
        "state": "open",
        "waiting_list": True,
    }


def test_batches_say_what_is_left_and_which_are_closed(shop: Shop) -> None:
    taken(shop, 12)
    shop.later.is_closed = True
    leaves(shop.trek, TODAY)  # it left this morning
    leaves(shop.trek, TODAY - timedelta(days=1))
    leaves(shop.trek, FIRST + timedelta(days=14), capacity=3)
    db.session.add(SlotClosure(venue_id=shop.venue.id, day=FIRST + timedelta(days=21)))
    leaves(shop.trek, FIRST + timedelta(days=21))
    assert states(shop) == [
        ("2026-11-20", "past", 12),
        ("2026-12-12", "full", 0),
        ("2026-12-19", "closed", 12),
        ("2026-12-26", "open", 3),
        ("2027-01-02", "closed", 12),
    ]
    assert states(shop, **{"from": "2026-12-13", "to": "2026-12-19"}) == [
        ("2026-12-19", "closed", 12)
    ]
    assert states(shop, **{"from": "2020-01-01"})[0][0] == "2026-11-20"


@pytest.mark.parametrize("off", ["trek", "venue", "website"])
def test_what_is_switched_off_is_not_for_sale(shop: Shop, off: str) -> None:
    getattr(shop, off).is_active = False
    db.session.flush()
    assert shop.get()["treks"] == []
    assert shop.client.get(f"/api/v1/customer/treks/{shop.trek.id}").status_code == 404


def test_only_treks_with_departures_are_listed(shop: Shop) -> None:
    snorkel = an_activity(shop.venue)
    an_activity(shop.venue, name="Any day", kind="trek")
    assert [trek["name"] for trek in shop.get()["treks"]] == ["Base camp"]
    for unknown in (snorkel.id, uuid4()):
        address = f"/api/v1/customer/treks/{unknown}/batches"
        assert shop.client.get(address).status_code == 404


def test_the_list_is_paged_and_searched(shop: Shop) -> None:
    WebsiteFactory.create(id="theirs")
    other = a_venue("theirs", "Far pass")
    names = ["alpine walk", "Base camp", "Zigzag 100%", "zigzag 1000"]
    for name in (names[0], *names[2:]):
        an_activity(other, **{**TREK, "name": name})
    seen, after = [], ""
    while True:
        page = shop.get(limit=1, after=after)
        seen += [trek["name"] for trek in page["treks"]]
        after = page["next"]
        if after is None:
            break
    assert seen == names
    assert [trek["name"] for trek in shop.get(q="zigzag 100%")["treks"]] == ["Zigzag 100%"]
    assert [trek["name"] for trek in shop.get(q="PASS walk")["treks"]] == ["alpine walk"]
    assert [trek["name"] for trek in shop.get(venue=str(shop.venue.id))["treks"]] == ["Base camp"]
    wrong = {"after": "nonsense", "limit": "0", "venue": "x"}
    for name, value in wrong.items():
        answer = shop.client.get("/api/v1/customer/treks", query_string={name: value})
        assert answer.status_code == 400


def test_many_treks_take_no_more_queries_than_one(app: Flask, shop: Shop) -> None:
    def queries() -> int:
        with counted_queries(app) as sent:
            shop.get()
        return len(sent)

    def batches() -> int:
        with counted_queries(app) as sent:
            shop.get(f"/{shop.trek.id}/batches")
        return len(sent)

    few = queries(), batches()
    for number in range(8):
        place = a_venue("ours", f"Trail head {number}")
        trek = an_activity(place, **{**CAMP, "name": f"Trek {number}"})
        for week in range(8):
            leaves(trek, date(2026, 12, 1) + timedelta(days=7 * week))
    for week in range(20):
        leaves(shop.trek, FIRST + timedelta(days=70 + 7 * week))
    assert (queries(), batches()) == few
    assert max(few) <= 6
