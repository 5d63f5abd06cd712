"""Builders of people, websites and keys for tests: each writes to the session of the test."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

import factory
from factory.alchemy import SQLAlchemyModelFactory

from app.apikeys.models import ApiKey, KeyScope
from app.bookings.derive import search_text
from app.bookings.models import Booking
from app.crypto import DataKey, hash_email, hash_secret, new_webhook_secret
from app.customers.models import Customer
from app.extensions import db
from app.partners.models import Partner, PartnerVenue
from app.staff import queries
from app.staff.models import Membership, Role, User
from app.staff.passwords import hash_password
from app.venues.models import Venue
from app.websites.models import Website

PASSWORD = "a quiet green morning"


@cache
def password_hash() -> str:
    """Hashed once per process: hashing is slow on purpose."""
    return hash_password(PASSWORD)


class Factory(SQLAlchemyModelFactory):  # type: ignore[misc]  # the library ships no types
    """Flushes, so that ids and defaults are there."""

    class Meta:
        abstract = True
        sqlalchemy_session = db.session
        sqlalchemy_session_persistence = "flush"


class WebsiteFactory(Factory):
    """A website that is called back nowhere."""

    class Meta:
        model = Website

    id = factory.Sequence(lambda n: f"website-{n}")
    name = factory.Sequence(lambda n: f"Website {n}")
    domain = factory.LazyAttribute(lambda w: f"{w.id}.example.com")
    webhook_secret = factory.LazyFunction(new_webhook_secret)


class ApiKeyFactory(Factory):
    """A key whose clear text is `<website id>_sk_test`, unless `clear` says otherwise."""

    class Meta:
        model = ApiKey
        exclude = ("clear",)

    website_id = factory.LazyFunction(lambda: WebsiteFactory.create().id)
    clear = factory.LazyAttribute(lambda k: f"{k.website_id}_sk_test")
    name = "Test key"
    prefix = factory.LazyAttribute(lambda k: k.clear[:12])
    key_hash = factory.LazyAttribute(lambda k: hash_secret(k.clear))
    scopes = factory.LazyFunction(lambda: [KeyScope.MANAGE_BOOKINGS.value])


class CustomerFactory(Factory):
    """Somebody who books."""

    class Meta:
        model = Customer

    first_name = "Gale"
    last_name = factory.Sequence(lambda n: f"Guest {n}")
    phone = factory.Sequence(lambda n: f"+6681{n:07d}")
    source = "website"
    data_key = factory.LazyFunction(DataKey.new_text)


class BookingFactory(Factory):
    """A confirmed booking of a website, without the event that made it."""

    class Meta:
        model = Booking

    website_id = factory.LazyFunction(lambda: WebsiteFactory.create().id)
    customer_id = factory.LazyFunction(lambda: CustomerFactory.create().id)
    booking_ref = factory.Sequence(lambda n: f"HW-{n:06d}")
    source = "website"
    package_name = "World A+"
    package_price = Decimal(3490)
    activity_date = date(2026, 3, 1)
    time_slot = "10:00"
    guest_count = 2
    total_amount = Decimal(6980)
    customer_name = factory.Sequence(lambda n: f"Gale Guest {n}")
    customer_email = factory.Sequence(lambda n: f"guest{n}@example.com")
    customer_email_hash = factory.LazyAttribute(lambda b: hash_email(b.customer_email))
    search_text = factory.LazyAttribute(lambda b: search_text(vars_of(b), "TH"))


def vars_of(stub: Any) -> dict[str, Any]:
    """What a booking under construction is found by."""
    return {name: getattr(stub, name, None) for name in ("booking_ref", "customer_name")}


class VenueFactory(Factory):
    """A place that is open never and offers nothing."""

    class Meta:
        model = Venue

    website_id = factory.LazyFunction(lambda: WebsiteFactory.create().id)
    name = factory.Sequence(lambda n: f"Pier {n}")
    timezone = "Asia/Bangkok"


class PartnerFactory(Factory):
    """A partner that may book nowhere and is called back nowhere."""

    class Meta:
        model = Partner

    name = factory.Sequence(lambda n: f"Agency {n}")
    company_name = factory.LazyAttribute(lambda p: f"{p.name} Ltd.")
    contact_email = factory.Sequence(lambda n: f"agency{n}@example.com")
    commission_rate = Decimal(15)
    webhook_secret = factory.LazyFunction(new_webhook_secret)


def partner_at(*venues: Venue, **fields: Any) -> Partner:
    """A partner that may book at these venues."""
    made: Partner = PartnerFactory.create(**fields)
    rows = [PartnerVenue(partner_id=made.id, venue_id=venue.id) for venue in venues]
    db.session.add_all(rows)
    db.session.flush()
    return made


class UserFactory(Factory):
    """A person who may do nothing yet, with the password PASSWORD."""

    class Meta:
        model = User
        exclude = ("address",)

    address = factory.Sequence(lambda n: f"person{n}@onebooking.test")
    email = factory.SelfAttribute("address")
    email_hash = factory.LazyAttribute(lambda u: hash_email(u.address))
    name = factory.Sequence(lambda n: f"Person {n}")
    password_hash = factory.LazyFunction(password_hash)


def person(role: str | None = None, *websites: str, **fields: Any) -> User:
    """A person with `role` for these websites; for all of them when none is named."""
    user: User = UserFactory.create(**fields)
    found = queries.role_named(db.session(), role) if role else None
    if found is not None:
        for website_id in websites or (None,):
            db.session.add(Membership(user_id=user.id, role_id=found.id, website_id=website_id))
    db.session.flush()
    return user


def holder(website_id: str, *permissions: str) -> User:
    """A person who holds these permissions at one website, and no others."""
    role = Role(name=" ".join(permissions), permissions=list(permissions))
    db.session.add(role)
    db.session.flush()
    return person(role.name, website_id)
