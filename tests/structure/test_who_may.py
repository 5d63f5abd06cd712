"""Every address × every method × everybody: what happens is what the view declares.

The things behind the addresses belong to the website `ours`. Whoever lacks the permission is sent
away by the guard; the outsider, who holds every permission at `theirs`, does not find them; the
people of `ours` get an answer that is neither. Nobody gets a failure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.engine import Connection
from werkzeug.routing import Rule

from app.api.limits import POLICIES
from app.bookings.models import Booking
from app.customers.models import Customer, CustomerMerge
from app.deliveries.models import Delivery, Destination, SyncLog
from app.events.actions import record
from app.events.models import SYSTEM, NewEvent
from app.extensions import db
from app.messaging.models import Message
from app.partners.models import Partner
from app.platforms.models import PlatformConnection, PlatformReservation
from app.selfservice.models import ChangeRequest
from app.staff import invitations, partner_people, queries
from app.staff.guards import Access, declared
from app.staff.invitations import Guest
from app.staff.models import Membership, Role, User, UserSession
from app.staff.permissions import Permission
from app.staff.scope import EVERYTHING, NOTHING, Scope
from app.travelers.models import Traveler
from app.waiting.models import WaitingEntry
from tests.desk import browser_of, build_house
from tests.factories import (
    ApiKeyFactory,
    BookingFactory,
    CustomerFactory,
    VenueFactory,
    partner_at,
    person,
)
from tests.harness import isolation
from tests.signin.people import signed_in_customer
from tests.venues.made import a_venue, one_of_each

CUSTOM = (Permission.BOOKINGS_VIEW, Permission.SYNC_VIEW, Permission.AUDIT_VIEW)
SECURITY = Path(__file__).parents[2] / "docs" / "security.md"
PEOPLE = ("anonymous", "outsider", "staff", "custom role", "admin", "superadmin", "partner")
SHARED = {"role_id", "permission", "to", "token", "filename"}
"""Parts of an address that name no website's thing: an outsider may find them."""
WANTS_EVERYTHING = {"websites.register", "websites.new", "api_staff_websites.add_website"} | {
    f"roles.{name}" for name in ("rename", "delete", "set_permission", "require_two_step")
}
"""Views for who holds their permission everywhere: a manager of one website is told no."""
TOLD_NO = {
    ("superadmin", "roles.delete"),  # the role is in use
    ("custom role", "bookings.move"),  # each change has a permission of its own
    ("custom role", "api_staff.change_booking"),
}
FOR_ONESELF = {"staff.end_device"}
"""Of things that belong to one person, the manager, whom nobody else may find."""


@pytest.fixture
def ids(app: Flask, db_session: object) -> dict[str, Any]:
    """What stands in the addresses: one real thing of `ours` for every name."""
    house = build_house(app)
    role = Role(name="door", permissions=[str(each) for each in CUSTOM])
    booking: Booking = BookingFactory(website_id="ours")
    db.session.add(role)
    event = NewEvent("booking.updated", "booking", str(booking.id), website_id="ours")
    event_id = record(db.session(), SYSTEM, event)
    place = Destination(key="website:ours", channel="webhook", label="Ours", website_id="ours")
    said = {"direction": "inbound", "event_type": "x", "door": "x", "status": "success"}
    call = SyncLog(website_id="ours", **said)
    db.session.add_all([place, call])
    db.session.flush()
    waits = {"channel": "webhook", "lane": str(booking.id), "position": 1, "state": "failed"}
    delivery = Delivery(event_id=event_id, destination_id=place.id, website_id="ours", **waits)
    db.session.add(delivery)
    guest = Guest(email="new@example.com", name="New Guest", role_id=role.id, places=("ours",))
    link, _ = invitations.invite(
        db.session(), SYSTEM, EVERYTHING, house.manager, guest, datetime.now(UTC)
    )
    browser_of(app, house.manager)
    db.session.flush()
    places = one_of_each(a_venue("ours"))
    partner = partner_at(VenueFactory.create(website_id="ours"))
    member = select(Membership.id).where(Membership.user_id == house.colleague.id)
    device = select(UserSession.id).where(UserSession.user_id == house.manager.id)
    return {
        "website_id": "ours",
        "booking_id": booking.id,
        "customer_id": booking.customer_id,
        "merge_id": merged_into(booking.customer_id),
        "event_id": event_id,
        "log_id": call.id,
        "delivery_id": delivery.id,
        "destination_id": place.id,
        "device_id": signed_in_customer(
            app, db.session.get(Customer, booking.customer_id)
        ).device.id,
        "key_id": ApiKeyFactory(website_id="ours").id,
        "partner_id": partner.id,
        **of_the_portal(partner, event_id, house.manager),
        "partner_keys.key_id": ApiKeyFactory(website_id=None, partner_id=partner.id).id,
        **places,
        "batch_id": places["departure_id"],
        "waiting_id": somebody_waits(places["departure_id"]),
        "manifest.booking_id": BookingFactory(
            website_id="ours", departure_id=places["departure_id"]
        ).id,
        "traveler_id": a_traveler(booking).id,
        "row_id": booking.id,
        "request_id": a_request(booking).id,
        "user_id": house.colleague.id,
        "membership_id": db.session.scalars(member).one(),
        "session_id": db.session.scalars(device).one(),
        "role_id": role.id,
        "link_id": link.id,
        **a_platform(places["venue_id"], booking),
        "message_id": a_message(booking, event_id).id,
        "kind": "confirmation",
        "platform_type": "covermanager",
        "secret": "no-such-secret",
        "reference": "no-such-table",
        "medium": "email",
        "to": "checked_in",
        "product_id": "no-such-product",
        "uuid": "no-such-booking",
        "anything": "no/such/thing",
        "permission": "bookings:view",
        "token": "no-such-token",
        "filename": "css/lists.css",
    }


def somebody_waits(departure_id: UUID) -> UUID:
    """An entry on the waiting list of a departure."""
    who = CustomerFactory.create().id
    entry = WaitingEntry(website_id="ours", departure_id=departure_id, customer_id=who, guests=2)
    db.session.add(entry)
    db.session.flush()
    return entry.id


def a_traveler(booking: Booking) -> Traveler:
    """Somebody whom its guest keeps."""
    kept = Traveler(customer_id=booking.customer_id, name="Kept Traveler")
    db.session.add(kept)
    db.session.flush()
    return kept


def a_request(booking: Booking) -> ChangeRequest:
    """Something that its guest asked for."""
    about = {"website_id": "ours", "booking_id": booking.id, "customer_id": booking.customer_id}
    request = ChangeRequest(**about, words="A table outside")
    db.session.add(request)
    db.session.flush()
    return request


def a_platform(venue_id: UUID, booking: Booking) -> dict[str, Any]:
    """A connection whose platform cannot be reached, something that was said there, and a booking
    that it did not take."""
    # Inside addresses are not called: nobody waits for an answer.
    account = {"account": "a", "api_key": "k", "partner_id": "p", "base_url": "https://127.0.0.1"}
    place = PlatformConnection(website_id="ours", venue_id=venue_id, platform_type="restoo")
    place.configuration = account
    db.session.add(place)
    db.session.flush()
    said = {"direction": "outbound", "event_type": "platform.check", "status": "failed"}
    call = SyncLog(website_id="ours", door=place.key, **said)
    row = PlatformReservation(website_id="ours", connection_id=place.id, booking_id=booking.id)
    row.is_ours, row.state = True, "refused"
    db.session.add_all([call, row])
    db.session.flush()
    ids = {"connection_id": place.id, "platform_log.log_id": call.id}
    return {**ids, "reservation_id": row.id}


def merged_into(customer_id: UUID) -> UUID:
    """A merge of somebody's records that is too old to be undone."""
    gone = CustomerFactory.create(merged_into_id=customer_id)
    done = CustomerMerge(kept_id=customer_id, gone_id=gone.id)
    db.session.add(done)
    db.session.flush()
    return done.id


def a_message(booking: Booking, event_id: int) -> Message:
    """Something that was sent about it."""
    about = {"website_id": "ours", "event_id": event_id, "booking_id": booking.id}
    message = Message(**about, kind="confirmation", medium="email", audience="guest")
    db.session.add(message)
    db.session.flush()
    return message


def of_the_portal(partner: Partner, event_id: int, inviter: User) -> dict[str, Any]:
    """What the portal's addresses name, and one of the partner's people."""
    pam = person(name="Pam Partner", partner_id=partner.id)
    booking: Booking = BookingFactory(website_id="ours", partner_id=partner.id)
    place = Destination(key=partner.door, channel="webhook", label=partner.name)
    db.session.add(place)
    db.session.flush()
    waits = {"channel": "webhook", "lane": str(booking.id), "position": 1, "state": "failed"}
    told = Delivery(event_id=event_id, destination_id=place.id, website_id="ours", **waits)
    db.session.add(told)
    who = (partner.id, "pim@example.com", "Pim Partner", datetime.now(UTC))
    link, _ = partner_people.invite(db.session(), SYSTEM, inviter, *who)
    db.session.flush()
    return {
        "portal.booking_id": booking.id,
        "portal.delivery_id": told.id,
        "partner_people.user_id": pam.id,
        "partner_people.link_id": link.id,
    }


def sent(endpoint: str, ids: dict[str, Any]) -> dict[str, Any]:
    """What a call says where an empty one would fail before anybody looks for the thing."""
    new = {"id": "new-park", "name": "New park", "domain": "new.example.com"}
    role = {"role": ids["role_id"], "website": "ours"}
    bodies: dict[str, dict[str, Any]] = {
        "api_staff.change_booking": {"version": 1, "guest_count": 3},
        "api_staff_websites.add_website": new,
        "api_staff_websites.change_website": {"name": "New name"},
        "api_staff_websites.add_key": {"name": "New key"},
        "api_staff_websites.change_key": {"name": "New name"},
        "api_staff_platforms.change_connection": {"is_enabled": False},
    }
    if endpoint in bodies:
        return {"json": bodies[endpoint]}
    return {"data": role} if endpoint in ("team.grant", "team.change") else {}


@dataclass(frozen=True)
class Somebody:
    """Who asks; `id` is None for a stranger."""

    id: UUID | None
    scope: Scope


@pytest.fixture
def people(ids: dict[str, Any]) -> dict[str, Somebody]:
    """Everybody of PEOPLE."""
    by_name = {user.name: user for user in db.session.scalars(select(User))}
    users = (
        *(None, by_name["Otto Outsider"], by_name["Cole Colleague"], person("door", "ours")),
        *(by_name["Mara Manager"], person("superadmin"), by_name["Pam Partner"]),
    )
    return dict(zip(PEOPLE, map(somebody_is, users), strict=True))


def somebody_is(user: User | None) -> Somebody:
    found = queries.with_memberships(db.session(), user.id) if user else None
    return Somebody(found.id, found.scope) if found else Somebody(None, NOTHING)


@contextmanager
def undone() -> Iterator[None]:
    """Whatever a request changes is gone afterwards."""
    db.session.commit()
    connection: Any = db.engines[None]
    assert isinstance(connection, Connection)
    before = connection.begin_nested()
    try:
        yield
    finally:
        db.session.rollback()
        before.rollback()
        db.session.expire_all()


def signed_in(app: Flask, somebody: Somebody) -> Callable[[], FlaskClient]:
    """Makes browsers that have not been anywhere; the session in their cookie is one and open."""
    if somebody.id is None:
        return app.test_client
    first = browser_of(app, db.session.get_one(User, somebody.id))
    name = app.config["SESSION_COOKIE_NAME"]
    cookie = first.get_cookie(name)
    assert cookie is not None

    def make() -> FlaskClient:
        client = app.test_client()
        client.set_cookie(name, cookie.value)
        client.environ_base.update(first.environ_base)
        return client

    return make


def methods_of(rule: Rule) -> list[str]:
    return sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})


def expected(rule: Rule, access: Access, who: str, somebody: Somebody) -> Callable[[int], bool]:
    """What the answer's status must be."""
    if access.open_because:
        return lambda status: status < 500
    if somebody.id is None:
        return lambda status: status == (401 if rule.rule.startswith("/api/") else 303)
    if access.of_partner != (who == "partner") and (access.of_partner or access.permissions):
        return lambda status: status == 404
    if not all(somebody.scope.can_somewhere(each) for each in access.permissions):
        return lambda status: status == 403
    of_somebody = rule.endpoint in FOR_ONESELF and who != "admin"
    if of_somebody or (who == "outsider" and rule.arguments - SHARED):
        return lambda status: status == 404
    wants_more = rule.endpoint in WANTS_EVERYTHING and who != "superadmin"
    if wants_more or (who, rule.endpoint) in TOLD_NO:
        return lambda status: status == 403
    return lambda status: status < 500 and status not in (401, 403, 404)


@pytest.fixture(autouse=True)
def unlimited(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is told to wait."""
    rates = dict.fromkeys(policy.name for policy in POLICIES)
    monkeypatch.setitem(app.extensions, "rates", rates)


def address_of(app: Flask, rule: Rule, ids: dict[str, Any]) -> str:
    unknown = rule.arguments - ids.keys()
    assert not unknown, f"say in `ids` what {unknown} of {rule.rule} is"
    with app.test_request_context():
        room = rule.endpoint.partition(".")[0]
        values = {name: ids.get(f"{room}.{name}", ids[name]) for name in rule.arguments}
        return app.url_for(rule.endpoint, **values)


def faults_of(app: Flask, ids: dict[str, Any], people: dict[str, Somebody]) -> Iterator[str]:
    """Every answer to these people that is not as declared."""
    browsers = {who: signed_in(app, somebody) for who, somebody in people.items()}
    for rule in app.url_map.iter_rules():
        access = declared(app.view_functions[rule.endpoint])
        assert access is not None, f"{rule.endpoint} does not declare who may call it"
        address, about = address_of(app, rule, ids), sent(rule.endpoint, ids)
        for method, (who, somebody) in product(methods_of(rule), people.items()):
            with undone():
                answer = browsers[who]().open(address, method=method, buffered=True, **about)
            if not expected(rule, access, who, somebody)(answer.status_code):
                yield f"{answer.status_code} for {who}: {method} {rule.endpoint}"


def test_everybody_at_every_address(
    app: Flask, ids: dict[str, Any], people: dict[str, Somebody]
) -> None:
    assert list(faults_of(app, ids, people)) == []


def test_the_outsider_finds_nothing_without_the_second_wall_either(
    app: Flask, ids: dict[str, Any], people: dict[str, Somebody], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scope that was forgotten shows here, where PostgreSQL does not make up for it."""
    monkeypatch.setattr(isolation, "behind_the_wall", lambda app: nullcontext())
    assert list(faults_of(app, ids, {"outsider": people["outsider"]})) == []


def test_the_document_says_how_many(app: Flask) -> None:
    routes = sum(len(methods_of(rule)) for rule in app.url_map.iter_rules())
    assert f"{routes} routes × {len(PEOPLE)} people" in SECURITY.read_text("utf-8")
