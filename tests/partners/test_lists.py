"""Partners and venues in the lists: badges, filters, what a booking's page says."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient

from app.bookings.models import Booking
from app.extensions import db
from app.ids import new_id
from app.partners.models import Partner
from app.staff.context import now
from app.venues.models import Venue
from tests.desk import House, at_the_till
from tests.factories import BookingFactory, VenueFactory, partner_at
from tests.harness.counting import counted_queries


def today() -> date:
    """Where the websites of the tests are."""
    return now().astimezone(ZoneInfo("Asia/Bangkok")).date()


def made(partner: Partner | None = None, website_id: str = "ours", **fields: Any) -> Booking:
    values = {"activity_date": today(), "website_id": website_id, **fields}
    if partner:
        values |= {"source": "partner", "partner_id": partner.id, "partner_uuid": new_id()}
        values |= {"commission_rate": 15, "payment_relation": "commission"}
    booking: Booking = BookingFactory.create(**values)
    return booking


@pytest.fixture
def desk(house: House) -> FlaskClient:
    return house.browser("colleague")


def names(text: str) -> list[str]:
    return re.findall(r"data-row-link[^>]*>([^<]+)<", text)


def test_badges_in_the_list_and_on_today(desk: FlaskClient, partner: Partner) -> None:
    made(partner, customer_name="Ada Agency", time_slot="09:00")
    made(customer_name="Owen Own", time_slot="11:00")
    for there in ("/bookings?when=today", "/today"):
        text = desk.get(there).text
        row = text[text.index("Ada Agency") : text.index("Owen Own")]
        assert "Reef Travel" in row
        assert "src-partner" in row
        assert "Reef Travel" not in text[text.index("Owen Own") :]


def test_a_badge_outlives_the_partner_s_venues(
    desk: FlaskClient, partner: Partner, owner: FlaskClient
) -> None:
    made(partner, customer_name="Ada Agency")
    owner.post(f"/partners/{partner.id}/venues", data={})
    assert "Reef Travel" in desk.get("/bookings?when=all").text


def test_the_filters_are_part_of_the_address(
    desk: FlaskClient, partner: Partner, pier: Venue
) -> None:
    other, second = partner_at(pier, name="Lagoon"), VenueFactory.create(website_id="ours")
    made(partner, venue_id=pier.id, customer_name="Ada")
    made(other, venue_id=second.id, customer_name="Bea")
    made(venue_id=pier.id, customer_name="Cyd")

    def found(query: str) -> list[str]:
        return names(desk.get(f"/bookings?when=all&{query}").text)

    assert sorted(found("")) == ["Ada", "Bea", "Cyd"]
    assert found(f"partner_id={partner.id}") == ["Ada"]
    assert sorted(found(f"venue_id={pier.id}")) == ["Ada", "Cyd"]
    assert found(f"venue_id={pier.id}&partner_id={other.id}") == []
    assert sorted(found("source=partner")) == ["Ada", "Bea"]
    assert found(f"partner_id={new_id()}") == []
    assert sorted(found("partner_id=nonsense")) == ["Ada", "Bea", "Cyd"]
    text = desk.get(f"/bookings?when=all&partner_id={partner.id}").text
    assert f'value="{partner.id}" selected' in text
    assert re.search(r'class="chip" href="/bookings\?when=all"><span[^>]*>[^<]*</span>Reef', text)


def test_others_partners_are_no_choice(house: House, partner: Partner, their_pier: Venue) -> None:
    partner_at(their_pier, name="Not Ours Agency")
    text = house.browser("colleague").get("/bookings").text
    assert "Reef Travel" in text
    assert "Not Ours Agency" not in text
    assert "Reef Travel" not in house.browser("outsider").get("/bookings").text


def test_the_json_list_knows_partner_and_venue(house: House, partner: Partner, pier: Venue) -> None:
    mine = made(partner, venue_id=pier.id)
    made()
    browser = house.browser("manager")

    def found(query: str) -> list[str]:
        return [row["id"] for row in browser.get(f"/api/bookings?{query}").get_json()["bookings"]]

    for query in (f"partner_id={partner.id}", f"venue_id={pier.id}", f"location_id={pier.id}"):
        assert found(query) == [str(mine.id)]
        answer = house.browser("outsider").get(f"/api/bookings?{query}").get_json()
        assert answer["bookings"] == []
    row = browser.get(f"/api/bookings/{mine.id}").get_json()["booking"]
    assert row["partner"] == {"id": str(partner.id), "name": "Reef Travel"}
    assert (row["source"], row["venue_id"]) == ("partner", str(pier.id))


def test_the_commission_is_for_who_may_see_payments(house: House, partner: Partner) -> None:
    booking = made(partner, partner_reference="RT-77", total_amount=1001)
    browser = house.browser("colleague")
    text = browser.get(f"/bookings/{booking.id}").text
    assert "Reef Travel" in text
    assert "RT-77" in text
    assert "150.15" not in text
    at_the_till(house.colleague)
    text = browser.get(f"/bookings/{booking.id}").text
    assert "150.15" in text
    assert "commission invoiced" in text
    assert f"/partners/{partner.id}" not in text
    assert f"/partners/{partner.id}" in house.browser("manager").get(f"/bookings/{booking.id}").text


@pytest.mark.parametrize("there", ["/bookings?when=all", "/bookings?q=gale&when=all", "/today"])
def test_partners_add_no_query_per_row(house: House, pier: Venue, there: str) -> None:
    browser, counts = house.browser("colleague"), []
    for _ in range(2):
        for number in range(4):
            made(partner_at(pier), activity_date=today() + timedelta(days=number % 2))
        db.session.expire_all()
        with counted_queries(house.app) as statements:
            assert browser.get(there).status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 12
