"""The portal: a partner's people see what is theirs, nothing of another partner, nothing else."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.bookings.models import Booking
from app.customers.models import Customer
from app.deliveries.models import Delivery, Destination, SyncLog
from app.events.actions import record
from app.events.models import Actor, NewEvent
from app.extensions import db
from app.partners.models import Partner, PartnerCustomer, PartnerVenue
from app.staff.models import User
from app.venues.models import Venue
from tests.desk import House, browser_of
from tests.factories import (
    PASSWORD,
    ApiKeyFactory,
    BookingFactory,
    CustomerFactory,
    partner_at,
    person,
)

MIA = Actor("user", "1", "Mia Manager", "staff")
ADDRESS = "pim@reef.example.com"


@dataclass
class Side:
    """A partner with one of everything, and one of its people."""

    partner: Partner
    user: User
    booking: Booking
    delivery: Delivery

    def words(self) -> list[str]:
        """What stands on its pages and on no other partner's."""
        name = self.partner.name.split(maxsplit=1)[0]
        return [f"{name} Guest", f"{name}-REF", f"{name} Walker", f"{name}key", f"{name} body"]

    def addresses(self) -> list[str]:
        month = f"{self.booking.activity_date:%Y-%m}"
        return [
            *("/portal", f"/portal?q={self.booking.booking_ref}", "/portal/customers"),
            *(f"/portal/commission?by=visit&month={month}{kind}" for kind in ("", "&as=csv")),
            *(f"/portal/bookings/{self.booking.id}", "/portal/keys", "/portal/webhooks"),
            f"/portal/webhooks/{self.delivery.id}",
        ]


def side(pier: Venue, name: str) -> Side:
    """A partner at this pier, with a guest, a booking, a key and a webhook that was sent."""
    partner = partner_at(pier, name=f"{name} Travel", contact_email=f"{name}@example.com")
    booking = BookingFactory(
        website_id=pier.website_id, venue_id=pier.id, partner_id=partner.id, source="partner",
        customer_name=f"{name} Guest", partner_reference=f"{name}-REF", booking_ref=f"{name}-1",
        commission_rate=Decimal(10), payment_relation="commission", total_amount=Decimal(1000),
        activity_date=date(2026, 5, 5), admin_notes="Never pays on time",
    )  # fmt: skip
    lonely: Customer = CustomerFactory()  # described, and without a booking yet
    described = {"first_name": name, "last_name": "Walker", "phone": None, "email": None}
    db.session.add(PartnerCustomer(partner_id=partner.id, customer_id=lonely.id, **described))
    ApiKeyFactory(website_id=None, partner_id=partner.id, clear=f"{name}key_1234567890")
    told: dict[str, list[Any]] = {"guest_count": [2, 3], "admin_notes": ["", "Never pays on time"]}
    event = NewEvent(
        "booking.updated", "booking", str(booking.id), told, website_id=booking.website_id
    )
    event.booking_id, event.customer_id = booking.id, booking.customer_id
    event_id = record(db.session(), MIA, event)
    place = Destination(key=partner.door, channel="webhook", label=partner.name)
    db.session.add(place)
    db.session.flush()
    there = {"website_id": booking.website_id, "booking_id": booking.id}
    sent = Delivery(
        event_id=event_id, destination_id=place.id, channel="webhook", lane=str(booking.id),
        position=1, state="delivered", attempts=1, **there,
    )  # fmt: skip
    db.session.add(sent)
    db.session.flush()
    said = {"direction": "outbound", "event_type": "x", "door": "x", "status": "success"}
    db.session.add(
        SyncLog(**there, **said, delivery_id=sent.id, attempt=1, request_body=f"{name} body")
    )
    user = person(name=f"Pim of {name}", partner_id=partner.id)
    return Side(partner, user, booking, sent)


@pytest.fixture
def sides(house: House, pier: Venue) -> tuple[Side, Side]:
    """Two partners at the same venue."""
    return side(pier, "Reef"), side(pier, "Atoll")


def test_they_see_what_is_theirs(house: House, sides: tuple[Side, Side]) -> None:
    reef, atoll = sides
    client = browser_of(house.app, reef.user)
    pages = {address: client.get(address) for address in reef.addresses()}
    assert {address for address, got in pages.items() if got.status_code != 200} == set()
    everything = "".join(got.text for got in pages.values())
    assert [word for word in reef.words() if word not in everything] == []
    assert [word for word in atoll.words() if word in everything] == []


def test_nothing_of_the_desk_stands_on_their_pages(house: House, sides: tuple[Side, Side]) -> None:
    client = browser_of(house.app, sides[0].user)
    for address in sides[0].addresses():
        said = client.get(address).text
        assert "Mia Manager" not in said, address
        assert "Never pays" not in said, address
    said = client.get(f"/portal/bookings/{sides[0].booking.id}").text
    assert "The venue" in said
    assert "100 " in said.replace("\xa0", " ").replace("&nbsp;", " ")  # their commission
    menu = client.get("/portal").text
    assert "/portal/webhooks" in menu
    assert 'href="/team"' not in menu


def test_the_statement_speaks_to_whoever_reads_it(
    house: House, sides: tuple[Side, Side], owner: FlaskClient
) -> None:
    reef = sides[0].partner
    month = "by=visit&month=2026-05"
    theirs = browser_of(house.app, sides[0].user)
    for kind in ("", "&as=csv"):
        said = theirs.get(f"/portal/commission?{month}{kind}").text
        assert "Is owed to you" in said
        assert "You owe the partner" not in said
        at_the_desk = owner.get(f"/partners/{reef.id}/statement?{month}{kind}").text
        assert "You owe the partner" in at_the_desk
        assert "Is owed to you" not in at_the_desk
    sides[0].booking.payment_relation = "net"
    db.session.flush()
    said = theirs.get(f"/portal/commission?{month}&as=csv").text
    assert ",You owe\r\n" in said
    assert "Your reference" in said
    assert "Partner's reference" not in said
    paper = theirs.get(f"/portal/commission?{month}&as=pdf").data
    assert "You owe: 900.00 THB" in text_of(paper)
    assert "The partner owes you: 900.00 THB" in text_of(
        owner.get(f"/partners/{reef.id}/statement?{month}&as=pdf").data
    )


def text_of(paper: bytes) -> str:
    """What is written in a PDF: the strings of its pages."""
    pages = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", paper, re.DOTALL)
    said = b"".join(zlib.decompress(each) for each in pages if each[:1] == b"x")
    return b" ".join(re.findall(rb"\((.*?)\) Tj", said)).decode("latin-1")


def test_what_is_anothers_does_not_exist(house: House, sides: tuple[Side, Side]) -> None:
    reef, atoll = sides
    client = browser_of(house.app, reef.user)
    theirs = (f"/portal/bookings/{atoll.booking.id}", f"/portal/webhooks/{atoll.delivery.id}")
    assert [client.get(address).status_code for address in theirs] == [404, 404]
    for mine, others in zip(reef.addresses(), atoll.addresses(), strict=True):
        said = client.get(others).text
        assert [word for word in atoll.words() if word in said] == [], (mine, others)


def test_a_venue_that_is_taken_away_takes_its_bookings_along(
    house: House, sides: tuple[Side, Side], owner: FlaskClient
) -> None:
    reef = sides[0]
    owner.post(f"/partners/{reef.partner.id}/venues", data={"venues": []})
    client = browser_of(house.app, reef.user)
    assert client.get(f"/portal/bookings/{reef.booking.id}").status_code == 404
    assert "Reef Guest" not in client.get("/portal").text


def test_the_desk_does_not_exist_for_them(house: House, sides: tuple[Side, Side]) -> None:
    client = browser_of(house.app, sides[0].user)
    for address in ("/today", "/bookings", "/partners", "/team", "/reports", "/audit"):
        assert client.get(address).status_code == 404, address
    home = client.get("/")
    assert (home.status_code, home.location) == (303, "/portal")
    assert client.get("/profile").status_code == 200
    assert client.get("/profile/two-step").status_code == 200
    for name in ("manager", "colleague"):
        assert house.browser(name).get("/portal").status_code == 404


def test_a_role_that_they_were_ever_given_gives_nothing(
    house: House, sides: tuple[Side, Side]
) -> None:
    odd = person("superadmin", name="Odd One", partner_id=sides[0].partner.id)
    client = browser_of(house.app, odd)
    assert client.get("/bookings").status_code == 404
    assert client.get("/portal").status_code == 200
    assert "Odd One" not in browser_of(house.app, person("superadmin")).get("/team").text


def sign_in(client: FlaskClient, app: Flask) -> Any:
    page = client.get("/login").text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    data = {"email": ADDRESS, "password": PASSWORD, "csrf_token": token[1] if token else ""}
    return client.post("/login", data=data)


def test_a_partner_that_is_switched_off_lets_nobody_in(
    house: House, sides: tuple[Side, Side], owner: FlaskClient
) -> None:
    reef = sides[0]
    person(name="Pim", address=ADDRESS, partner_id=reef.partner.id)
    client = browser_of(house.app, reef.user)
    fresh = house.app.test_client()
    assert sign_in(fresh, house.app).status_code == 303
    assert fresh.get("/portal").status_code == 200
    owner.post(f"/partners/{reef.partner.id}/switch", data={"on": "0"})
    for signed_in in (client, fresh):
        assert signed_in.get("/portal").status_code == 303  # to the sign-in
    assert sign_in(house.app.test_client(), house.app).status_code == 422
    owner.post(f"/partners/{reef.partner.id}/switch", data={"on": "1"})
    assert client.get("/portal").status_code == 200


def invited(owner: FlaskClient, partner: Partner, email: str = ADDRESS) -> str:
    """The path of the link that the desk is shown."""
    there = f"/partners/{partner.id}/people"
    made = owner.post(there, data={"name": "Pim Partner", "email": email})
    assert made.status_code == 200
    found = re.search(r"/invite/[\w-]+", made.text)
    assert found
    return found[0]


JOINING = {"name": "Pim Partner", "password": PASSWORD, "again": PASSWORD}


def test_invited_joined_and_switched_off(
    house: House, sides: tuple[Side, Side], owner: FlaskClient
) -> None:
    reef = sides[0]
    link = invited(owner, reef.partner)
    guest = browser_of(house.app, person())  # has the CSRF header
    guest.delete_cookie("session")
    stranger = house.app.test_client()
    assert "Welcome to the team" not in stranger.get(link).text
    page = stranger.get(link).text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token
    stranger.post(link, data={**JOINING, "csrf_token": token[1]})
    assert "Reef Guest" in stranger.get("/portal").text
    assert stranger.get("/bookings").status_code == 404
    people = f"/partners/{reef.partner.id}/people"
    assert "Pim Partner" in owner.get(people).text
    joined = db.session.query(User).filter_by(name="Pim Partner").one()
    assert joined.partner_id == reef.partner.id
    owner.post(f"{people}/{joined.id}/switch", data={"on": "0"})
    assert stranger.get("/portal").status_code == 303
    assert owner.get(link).status_code == 404  # works once


def test_an_account_is_of_the_desk_or_of_one_partner(
    house: House, sides: tuple[Side, Side], owner: FlaskClient
) -> None:
    reef, atoll = sides
    staff = person("staff", "ours", address="cole@onebooking.test")
    link = invited(owner, reef.partner, "cole@onebooking.test")
    client = browser_of(house.app, staff)
    assert "opens one thing only" in client.get(link).text
    assert client.post(link).status_code == 404
    db.session.refresh(staff)
    assert staff.partner_id is None
    elsewhere = person(address="pam@atoll.example.com", partner_id=atoll.partner.id)
    again = owner.post(
        f"/partners/{atoll.partner.id}/people",
        data={"name": "Pam", "email": "pam@atoll.example.com"},
    )
    assert again.status_code == 422
    assert elsewhere.partner_id == atoll.partner.id


def test_an_invitation_ends_with_who_made_it_and_with_the_partner(
    house: House, sides: tuple[Side, Side], owner: FlaskClient
) -> None:
    link = invited(owner, sides[0].partner)
    assert house.app.test_client().get(link).status_code == 200
    olga = db.session.query(User).filter_by(name="Olga Owner").one()
    olga.is_active = False
    assert house.app.test_client().get(link).status_code == 404
    olga.is_active = True
    sides[0].partner.is_active = False
    assert house.app.test_client().get(link).status_code == 404


def test_who_invited_must_manage_this_very_partner_when_the_link_is_used(
    house: House, sides: tuple[Side, Side], their_pier: Venue
) -> None:
    """Managing some other partner is not enough: one that now books elsewhere too is out."""
    reef = sides[0].partner
    link = invited(house.browser("manager"), reef)
    stranger = house.app.test_client()
    assert stranger.get(link).status_code == 200
    elsewhere = PartnerVenue(partner_id=reef.id, venue_id=their_pier.id)
    db.session.add(elsewhere)
    db.session.flush()
    assert stranger.get(link).status_code == 404
    db.session.delete(elsewhere)
    db.session.flush()
    assert stranger.get(link).status_code == 200
    db.session.query(PartnerVenue).filter_by(partner_id=reef.id).delete()
    assert stranger.get(link).status_code == 404


def test_who_does_not_manage_the_partner_invites_nobody(
    house: House, sides: tuple[Side, Side]
) -> None:
    there = f"/partners/{sides[0].partner.id}/people"
    assert house.browser("outsider").get(there).status_code == 404
    assert house.browser("colleague").get(there).status_code == 403
    assert house.browser("manager").get(there).status_code == 200
    other = {"name": "Pim", "email": ADDRESS}
    assert house.browser("outsider").post(there, data=other).status_code == 404


def test_filters_and_more_rows(house: House, sides: tuple[Side, Side]) -> None:
    reef = sides[0]
    for number in range(60):
        BookingFactory(
            website_id="ours", partner_id=reef.partner.id, source="partner",
            customer_name=f"Many {number}", activity_date=date(2026, 6, 1 + number % 28),
            status="cancelled" if number % 2 else "confirmed",
        )  # fmt: skip
    client = browser_of(house.app, reef.user)
    first = client.get("/portal").text
    after = re.search(r'hx-get="([^"]*after=[^"]+)"', first)
    assert after
    more = client.get(
        after[1].replace("&amp;", "&"), headers={"HX-Request": "true", "HX-Target": "more"}
    )
    names = re.findall(r"Many \d+|Reef Guest", first + more.text)
    assert len(names) == len(set(names)) == 61
    assert "Reef Guest" not in client.get("/portal?status=cancelled").text
    assert "Reef Guest" in client.get("/portal?q=reef+gu&until=2026-05-05").text
    assert "No bookings match" in client.get("/portal?q=100%25").text
    assert client.get("/portal?after=nonsense").status_code == 400
