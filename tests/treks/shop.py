"""A website that sells a trek for families, and people with the app."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.bookings.making import Wish, make
from app.bookings.models import Booking
from app.bookings.status import Status
from app.customers.actions import Contact
from app.events.models import SYSTEM
from app.extensions import db
from app.venues.models import Activity, Departure, SlotUsage, Venue
from app.websites.models import Website
from tests.bookings.made import NOON
from tests.factories import WebsiteFactory
from tests.signin.people import SignedInCustomer
from tests.venues.made import TREK, a_venue, an_activity

FIRST = date(2026, 12, 12)
CAMP: dict[str, Any] = {
    **TREK,
    "name": "Base camp",
    "capacity": "12",
    "price": "900",
    "days": "5",
    "min_age": "8",
    "difficulty": "Moderate",
    "group_discounts": [{"guests": "4", "percent": "10"}],
    "prices": [
        {"category": "adult", "label": "Adult", "price": "1000", "min_age": "16", "max_age": "99"},
        {"category": "child", "label": "Child", "price": "600", "min_age": "8", "max_age": "15"},
    ],
}


@dataclass
class Shop:
    """Base camp, on 12 and 19 December 2026, twelve each."""

    app: Flask
    client: FlaskClient
    website: Website
    venue: Venue
    trek: Activity
    batch: Departure
    later: Departure

    def get(self, path: str = "", **query: Any) -> Any:
        """The JSON of what anybody can look at."""
        answer = self.client.get(f"/api/v1/customer/treks{path}", query_string=query)
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    def call(
        self, who: SignedInCustomer, method: str, path: str, json: Any = None, **headers: str
    ) -> TestResponse:
        """What somebody's app is answered."""
        sent = {**who.headers, **headers}
        address = f"/api/v1/customer{path}"
        return self.client.open(address, method=method, json=json, headers=sent)

    def as_guest(
        self, who: SignedInCustomer, method: str, path: str, json: Any = None, **headers: str
    ) -> Any:
        """The JSON of a call that must succeed."""
        answer = self.call(who, method, path, json, **headers)
        assert answer.status_code in (200, 201), answer.text
        return answer.get_json()

    def wish(self, travelers: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
        """The first batch for these travelers."""
        ids = {"trek_id": str(self.trek.id), "batch_id": str(self.batch.id)}
        return {**ids, "travelers": travelers, **more}

    def book(self, who: SignedInCustomer, travelers: list[dict[str, Any]], **more: Any) -> Any:
        """The first batch, booked."""
        return self.as_guest(who, "POST", "/bookings", self.wish(travelers, **more))

    def offer(self, who: SignedInCustomer, guests: int) -> Booking:
        """Places of the first batch, held for somebody who waited for them."""
        wish = Wish(
            activity_id=self.trek.id,
            day=self.batch.day,
            guests=guests,
            contact=Contact("Ann Example"),
            source="customer_app",
            slot=str(self.batch.id),
            status=Status.PENDING,
            hold_expires_at=NOON + timedelta(hours=12),
            customer_id=who.customer.id,
        )
        return make(db.session(), SYSTEM, self.website, wish)

    def used(self, batch: Departure) -> int:
        """Places of a batch that are taken."""
        taken = select(SlotUsage.used).where(SlotUsage.slot == str(batch.id))
        return db.session.scalar(taken) or 0


def leaves(trek: Activity, day: date = FIRST, **values: Any) -> Departure:
    """A departure at 06:30."""
    departure = Departure(activity_id=trek.id, day=day, time=time(6, 30), **values)
    db.session.add(departure)
    db.session.flush()
    return departure


def build(app: Flask, **trek: Any) -> Shop:
    """In the session of the test. `trek`: how it differs."""
    website: Website = WebsiteFactory.create(id="ours", name="Our Treks", currency="THB")
    venue = a_venue("ours", "Trail head")
    camp = an_activity(venue, **{**CAMP, **trek})
    batches = leaves(camp), leaves(camp, FIRST + timedelta(days=7))
    return Shop(app, app.test_client(), website, venue, camp, *batches)
