"""A restaurant with its menu, and the website that books tables there."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.apikeys.models import KeyScope
from app.extensions import db
from app.menus.models import MenuItem, MenuSection
from app.payments.models import PaymentSettings
from app.venues.models import Activity, Venue
from app.websites.models import Website
from tests.factories import ApiKeyFactory, WebsiteFactory
from tests.venues.made import a_venue, an_activity

SUNDAY = date(2027, 3, 7)
KITCHEN = {
    "opens": "11:00",
    "closes": "22:00",
    "kitchen_opens": "12:00",
    "kitchen_closes": "16:00",
}
LUNCH: dict[str, Any] = {
    "name": "Sunday lunch",
    "kind": "table",
    "booking_type": "sunday_lunch",
    "slot_rule": "interval",
    "every_minutes": "30",
    "duration_minutes": "90",
    "capacity": "8",
    "seats": "10",
    "times": "",
    "in_kitchen_hours": "1",
    "last_seating_minutes": "60",
    "price": "25",
    "needs_choices": "1",
}


@dataclass
class Guests:
    """The website's own server, at the door of the tables."""

    client: FlaskClient
    key: str
    headers: dict[str, str] = field(default_factory=dict)

    def call(self, method: str, path: str = "", json: Any = None, **headers: str) -> TestResponse:
        sent = {"X-API-Key": self.key, **self.headers, **headers}
        address = f"/api/table-bookings{path}"
        return self.client.open(address, method=method, json=json, headers=sent)

    def get(self, path: str) -> TestResponse:
        return self.call("GET", path)

    def ok(self, method: str, path: str = "", json: Any = None, **headers: str) -> Any:
        """The JSON of a call that must succeed."""
        answer = self.call(method, path, json, **headers)
        assert answer.status_code in (200, 201), answer.text
        return answer.get_json()


@dataclass
class Restaurant:
    """The Anchor of website `ours`: Sunday lunch with two roasts, a pudding, and plain tables."""

    website: Website
    venue: Venue
    lunch: Activity
    plain: Activity
    beef: MenuItem
    nut: MenuItem
    pudding: MenuItem
    guests: Guests

    def dish(self, item: MenuItem, who: str = "", quantity: int = 1) -> dict[str, Any]:
        chosen = {"menu_item_id": str(item.id), "quantity": quantity}
        return {**chosen, "guest_name": who} if who else chosen

    def wish(self, **changes: Any) -> dict[str, Any]:
        """Sunday lunch for two at noon."""
        guest = {"first_name": "Demo", "last_name": "Guest", "mobile_number": "+447911123456"}
        body = {
            "venue_id": str(self.venue.id),
            "date": SUNDAY.isoformat(),
            "time": "12:00",
            "party_size": 2,
            "booking_type": "sunday_lunch",
            "customer": {**guest, "email": "demo.guest@example.com"},
            "allergies": ["nuts"],
            "menu_selections": [self.dish(self.beef, "Mia"), self.dish(self.nut, "Tom")],
        }
        return {**body, **changes}


def build(app: Flask, **lunch: Any) -> Restaurant:
    """In the session of the test. `lunch`: how Sunday lunch differs."""
    website: Website = WebsiteFactory.create(
        id="ours", currency="GBP", timezone="Europe/London", phone_region="GB"
    )
    venue = a_venue("ours", "The Anchor", KITCHEN)
    venue.timezone = "Europe/London"
    sunday = an_activity(venue, **{**LUNCH, **lunch})
    plain = {"name": "Table", "booking_type": "regular", "needs_choices": "", "price": "0"}
    regular = an_activity(venue, **{**LUNCH, **plain})
    roasts = MenuSection(venue_id=venue.id, name="Roasts", booking_type="sunday_lunch", position=1)
    after = MenuSection(venue_id=venue.id, name="Puddings", is_main=False, position=2)
    db.session.add_all([roasts, after])
    db.session.flush()
    beef, nut, crumble = (
        MenuItem(section_id=roasts.id, name="Roast beef", price=Decimal("19.50"), position=1),
        MenuItem(section_id=roasts.id, name="Nut roast", price=Decimal(16), position=2),
        MenuItem(section_id=after.id, name="Apple crumble", price=Decimal(7)),
    )
    db.session.add_all([beef, nut, crumble])
    ApiKeyFactory.create(
        website_id="ours", clear="ours_sk_tables", scopes=[KeyScope.MANAGE_TABLES.value]
    )
    db.session.flush()
    guests = Guests(app.test_client(), "ours_sk_tables")
    return Restaurant(website, venue, sunday, regular, beef, nut, crumble, guests)


def takes_money(website_id: str = "ours", minutes: int = 30) -> None:
    """The website can be paid."""
    settings = PaymentSettings(
        website_id=website_id,
        is_on=True,
        client_id="client",
        secret="secret",
        deposit_minutes=minutes,
    )
    db.session.add(settings)
    db.session.flush()
