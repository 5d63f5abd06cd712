"""Two partners, two piers, and what can be booked there."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask

from app.apikeys.models import KeyScope
from app.crypto import hash_secret
from app.extensions import db
from app.partners.models import Partner
from app.venues.models import Activity, Venue
from app.websites.models import Website
from tests.api.reseller import Reseller
from tests.factories import ApiKeyFactory, WebsiteFactory, partner_at
from tests.venues.made import a_venue, an_activity

SECRET = "second half"
SCOPES = [KeyScope.MANAGE_BOOKINGS.value, KeyScope.READ_AVAILABILITY.value]
DAY = "2027-03-01"


@dataclass
class Piers:
    """Reef books at both piers, Lagoon at the second alone. `dive` is at the first."""

    website: Website
    first: Venue
    second: Venue
    dive: Activity
    snorkel: Activity
    reef: Reseller
    lagoon: Reseller

    def wish(self, **changes: object) -> dict[str, object]:
        """A booking of the dive."""
        guest = {"first_name": "Demo", "last_name": "Diver", "email": "diver@example.com"}
        body = {
            "customer": {**guest, "phone": "+66812345678"},
            "location_id": str(self.first.id),
            "booking_date": DAY,
            "activity_type": "diving",
        }
        return {**body, **changes}


def build(app: Flask) -> Piers:
    """In the session of the test."""
    website: Website = WebsiteFactory.create(id="ours", webhook_url="http://127.0.0.1:9/webhooks")
    first, second = a_venue("ours", "First pier"), a_venue("ours", "Second pier")
    dive = an_activity(first, name="Fun dive", kind="dive", price="3900", capacity="4")
    snorkel = an_activity(second, name="Snorkelling")
    reef = partner_at(first, second, name="Reef Travel", commission_rate=15)
    lagoon = partner_at(second, name="Lagoon Tours", commission_rate=20, payment_relation="net")
    db.session.flush()
    return Piers(
        website, first, second, dive, snorkel, _reseller(app, reef), _reseller(app, lagoon)
    )


def _reseller(app: Flask, partner: Partner) -> Reseller:
    key = f"{partner.name.split()[0].lower()}_sk_test"
    ApiKeyFactory.create(
        website_id=None,
        partner_id=partner.id,
        clear=key,
        scopes=SCOPES,
        secret_hash=hash_secret(SECRET),
    )
    return Reseller(app.test_client(), key, partner)
