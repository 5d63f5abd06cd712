"""Two records of one person: made one, found under either number, and made two again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.bookings import actions as bookings
from app.bookings import standing
from app.bookings.guests import known
from app.bookings.models import Booking
from app.bookings.status import Status
from app.crypto import hash_email
from app.customers import of_partners
from app.customers.actions import Contact, find_or_create
from app.customers.models import Customer, CustomerMerge
from app.customers.opting import set_sms_opt_in
from app.customers.queries import by_phone, data_keys
from app.customers.snapshots import COLUMNS
from app.errors import Conflict, Forbidden, HubError, InvalidPayload, NotFound
from app.events.models import Event
from app.extensions import db
from app.partners.models import PartnerCustomer
from app.privacy import actions, export, merging, queries
from app.staff.permissions import Permission
from app.staff.scope import EVERYTHING, Scope
from tests.bookings.made import MIA, edited, made
from tests.factories import CustomerFactory, PartnerFactory, WebsiteFactory

NOW = datetime.now(UTC)
KEPT = {
    "customer_name": "Ann Lee",
    "customer_email": "ann@example.com",
    "customer_phone": "0811111111",
}
GONE = {
    "customer_name": "Anne Lee",
    "customer_email": "anne@example.com",
    "customer_phone": "0822222222",
}
EDITS = frozenset({Permission.CUSTOMERS_VIEW.value, Permission.CUSTOMERS_EDIT.value})


@pytest.fixture(autouse=True)
def websites(app: Flask, db_session: object) -> None:
    WebsiteFactory(id="ours")
    WebsiteFactory(id="theirs")


@pytest.fixture
def kept() -> Customer:
    return db.session.get_one(Customer, made("ours", booking_ref="K-1", **KEPT).customer_id)


@pytest.fixture
def gone() -> Customer:
    return db.session.get_one(Customer, made("ours", booking_ref="G-1", **GONE).customer_id)


def merged(kept: Customer, gone: Customer, *take: str, scope: Scope = EVERYTHING) -> CustomerMerge:
    done = merging.merge(db.session(), MIA, scope, kept.id, gone.id, take)
    db.session.expire_all()
    return done


def undone(kept: Customer, done: CustomerMerge, now: datetime = NOW) -> merging.Undone:
    found = merging.undo(db.session(), MIA, EVERYTHING, kept.id, done.id, now)
    db.session.expire_all()
    return found


def agrees(customer: Customer) -> bool:
    return customer.sms_opt_in


def refs(customer: Customer) -> list[str]:
    query = select(Booking.booking_ref).where(Booking.customer_id == customer.id)
    return sorted(db.session.scalars(query))


def state() -> dict[str, Any]:
    """Everything that a merge touches, as it stands."""
    db.session.expire_all()
    names = (*COLUMNS, "merged_into_id", "no_show_count", "table_booking_count")
    people = db.session.scalars(select(Customer))
    said = db.session.scalars(select(PartnerCustomer))
    return {
        "people": {p.id: {name: getattr(p, name) for name in names} for p in people},
        "bookings": {b.id: b.customer_id for b in db.session.scalars(select(Booking))},
        "partners": {(s.partner_id, s.customer_id, s.first_name) for s in said},
    }


def found(phone: str | None = None, email: str | None = None) -> Customer:
    known = find_or_create(db.session(), Contact("Ann", email, phone))
    return db.session.get_one(Customer, known.id)


def test_bookings_go_over_and_figures_are_counted_anew(kept: Customer, gone: Customer) -> None:
    made("theirs", booking_ref="G-2", status="no_show", **GONE)
    merged(kept, gone)
    assert refs(kept) == ["G-1", "G-2", "K-1"]
    assert refs(gone) == []
    assert (kept.no_show_count, gone.no_show_count) == (1, 0)
    assert gone.merged_into_id == kept.id
    names = select(Event.website_id).where(Event.name == "customer.merged").order_by(Event.id)
    assert list(db.session.scalars(names)) == ["ours", "theirs"]


@pytest.mark.parametrize("take", [(), ("phone",), ("email",), ("phone", "email", "name")])
def test_whatever_either_was_known_by_leads_to_the_record_that_was_kept(
    kept: Customer, gone: Customer, take: tuple[str, ...]
) -> None:
    merged(kept, gone, *take)
    chosen = gone if "phone" in take else kept
    assert kept.phone == ("+66822222222" if chosen is gone else "+66811111111")
    assert kept.first_name == ("Anne" if "name" in take else "Ann")
    for phone in ("0811111111", "0822222222"):
        assert found(phone=phone) is kept
    for email in ("ann@example.com", "ANNE@example.com"):
        assert found(email=email) is kept
        assert found(phone="0833333333", email=email) is kept


def test_only_one_of_them_has_a_phone_and_it_is_kept() -> None:
    one: Customer = CustomerFactory.create(
        phone=None, email="a@example.com", email_hash=hash_email("a@example.com")
    )
    other: Customer = CustomerFactory.create(phone="+66844444444")
    before = state()
    done = merged(one, other, "email")
    assert (one.phone, one.email) == ("+66844444444", "a@example.com")
    assert found(phone="0844444444") is one
    undone(one, done)
    assert state() == before


def test_the_history_stays_readable_under_either_key(kept: Customer, gone: Customer) -> None:
    booking = db.session.scalars(select(Booking).where(Booking.booking_ref == "G-1")).one()
    edited(booking, customer_name="Anne B. Lee")
    done = merged(kept, gone)
    edited(booking, customer_name="Ann Both Lee")
    undone(kept, done)
    edited(booking, customer_name="Anne Again")
    events = db.session.scalars(
        select(Event).where(Event.booking_id == booking.id).order_by(Event.id)
    )
    seen = []
    for event in events.all():
        assert event.customer_id
        keys = data_keys(db.session(), [event.customer_id])
        seen.append(
            (
                event.customer_id == gone.id,
                event.opened(keys[event.customer_id])["customer_name"][1],
            )
        )
    assert seen == [
        (True, "Anne Lee"),
        (True, "Anne B. Lee"),
        (False, "Ann Both Lee"),
        (True, "Anne Again"),
    ]


def test_undone_it_is_as_before(kept: Customer, gone: Customer) -> None:
    partner, other = PartnerFactory.create(), PartnerFactory.create()
    for who, by in ((kept, partner), (gone, partner), (gone, other)):
        words = {"first_name": who.first_name, "last_name": "L", "phone": who.phone}
        db.session.add(PartnerCustomer(partner_id=by.id, customer_id=who.id, **words))
    set_sms_opt_in(db.session(), MIA, gone.id, True, "website:ours")
    gone.sms_health, gone.sms_failures = "doubtful", 1
    made("theirs", booking_ref="G-2", status="no_show", **GONE)
    standing.recount(db.session(), gone.id)
    before = state()
    done = merged(kept, gone, "phone", "name")
    assert agrees(kept), "the number it was given for was chosen"
    assert (kept.sms_health, kept.sms_failures) == ("doubtful", 1)
    assert state() != before
    result = undone(kept, done)
    assert (result.back, result.elsewhere, set(result.stay)) == (2, 0, set())
    assert state() == before
    with pytest.raises(Conflict, match="already"):
        undone(kept, done)


def test_what_happened_since_stays(kept: Customer, gone: Customer) -> None:
    third: Customer = CustomerFactory.create()
    second = made("ours", booking_ref="G-2", **GONE)
    done = merged(kept, gone)
    later = made("ours", booking_ref="L-1", **GONE)
    assert later.customer_id == kept.id
    second.customer_id = third.id
    kept.email = "new@example.com"
    db.session.flush()
    result = undone(kept, done)
    assert (result.back, result.elsewhere, set(result.stay)) == (1, 1, {"email"})
    assert refs(kept) == ["K-1", "L-1"]
    assert refs(gone) == ["G-1"]
    assert refs(third) == ["G-2"]
    assert kept.email == "new@example.com"
    assert gone.email == "anne@example.com"


def test_a_yes_counts_only_with_its_number_and_a_no_of_either(
    kept: Customer, gone: Customer
) -> None:
    set_sms_opt_in(db.session(), MIA, gone.id, True)
    done = merged(kept, gone)
    assert not agrees(kept), "given for the number that was not chosen"
    undone(kept, done)
    assert agrees(gone)
    set_sms_opt_in(db.session(), MIA, kept.id, False, "sms")
    done = merged(kept, gone, "phone")
    assert not agrees(kept)
    assert kept.sms_opt_in_source == "sms"
    undone(kept, done)
    set_sms_opt_in(db.session(), MIA, kept.id, True)
    done = merged(kept, gone)
    assert agrees(kept)
    set_sms_opt_in(db.session(), MIA, kept.id, False, "sms")
    undone(kept, done)
    assert not agrees(kept)
    assert not agrees(gone), "a no since then is of both"


def test_what_cannot_be_merged_is_refused_with_the_reason(kept: Customer, gone: Customer) -> None:
    with pytest.raises(InvalidPayload):
        merged(kept, kept)
    with pytest.raises(InvalidPayload):
        merged(kept, gone, "data_key")
    made("theirs", booking_ref="G-2", **GONE)
    with pytest.raises(Forbidden, match="another website"):
        merged(kept, gone, scope=Scope(by_website={"ours": EDITS}))
    with pytest.raises(NotFound):
        merged(kept, gone, scope=Scope(by_website={"theirs": EDITS}))
    nameless = find_or_create(
        db.session(), Contact("Guests", partner_id=PartnerFactory.create().id)
    )
    with pytest.raises(Conflict, match="not named"):
        merged(kept, db.session.get_one(Customer, nameless.id))
    both = Scope(by_website={"ours": EDITS, "theirs": EDITS})
    done = merged(kept, gone, scope=both)
    with pytest.raises(HubError):
        merged(kept, gone)
    with pytest.raises(Forbidden):
        merging.undo(db.session(), MIA, Scope(by_website={"ours": EDITS}), kept.id, done.id, NOW)


def test_the_last_merge_is_undone_first(kept: Customer, gone: Customer) -> None:
    third: Customer = CustomerFactory.create(phone="+66855555555")
    before = state()
    first = merged(gone, third, "phone")
    second = merged(kept, gone, "phone")
    assert third.merged_into_id == kept.id, "nobody is led in steps"
    assert found(phone="0822222222") is found(phone="0855555555") is kept
    with pytest.raises(Conflict, match="later"):
        undone(gone, first)
    undone(kept, second)
    assert third.merged_into_id == gone.id
    undone(gone, first)
    assert state() == before


def test_a_number_that_somebody_else_has_by_now(kept: Customer, gone: Customer) -> None:
    done = merged(kept, gone)
    CustomerFactory.create(phone="+66822222222")
    db.session.flush()
    with pytest.raises(Conflict, match="Another customer"):
        undone(kept, done)


def test_after_thirty_days_it_stays_merged(kept: Customer, gone: Customer) -> None:
    done = merged(kept, gone)
    assert merging.clear_old(db.session()) == 0
    with pytest.raises(Conflict, match="30 days"):
        undone(kept, done, NOW + timedelta(days=31))
    long_ago = NOW - timedelta(days=31)
    db.session.execute(update(CustomerMerge).values(created_at=long_ago))
    assert merging.clear_old(db.session()) == 1
    assert merging.clear_old(db.session()) == 0
    db.session.expire_all()
    assert not done.before
    with pytest.raises(Conflict, match="30 days"):
        undone(kept, done)


def test_erasing_and_exporting_cover_both_records(kept: Customer, gone: Customer) -> None:
    done = merged(kept, gone)
    person = queries.person(db.session(), EVERYTHING, gone.id)
    assert person.customer is kept
    held = export.gather(db.session(), EVERYTHING, person, NOW)
    assert [each["phone"] for each in held["merged_records"]] == ["+66822222222"]
    names = {
        e["changes"]["customer_name"][1] for e in held["history"] if e["name"] == "booking.created"
    }
    assert names == {"Ann Lee", "Anne Lee"}
    actions.erase(db.session(), MIA, EVERYTHING, gone.id, "G-1", NOW)
    db.session.expire_all()
    for record in (kept, gone):
        assert record.first_name == "Erased guest"
        left = (record.phone, record.email, record.email_hash, record.data_key)
        assert left == (None, None, None, None)
    assert not done.before
    with pytest.raises(Conflict):
        undone(kept, done)
    assert found(phone="0822222222") not in (kept, gone)


def test_the_record_of_a_partner_is_found_by_its_old_id(kept: Customer, gone: Customer) -> None:
    partner = PartnerFactory.create()
    words = {"first_name": "Anne", "last_name": "Lee", "phone": "0822222222"}
    db.session.add(PartnerCustomer(partner_id=partner.id, customer_id=gone.id, **words))
    db.session.flush()
    merged(kept, gone)
    assert of_partners.get(db.session(), partner.id, gone.id).customer_id == kept.id
    assert of_partners.get(db.session(), partner.id, kept.id).first_name == "Anne"


def test_the_desk_knows_a_guest_by_the_number_of_either_record(
    kept: Customer, gone: Customer
) -> None:
    merged(kept, gone)
    for phone in ("0811111111", "0822222222"):
        guest = known(db.session(), EVERYTHING, phone, "TH")
        assert guest is not None
        assert (guest.name, guest.visits) == ("Ann Lee", 2)
    kept.phone = "+66822222222"  # as staff may write it now: the row that leads here has it too
    db.session.flush()
    assert found(phone="0822222222") is kept
    assert by_phone(db.session(), "+66822222222") is kept


def test_no_show_of_a_booking_under_way(kept: Customer, gone: Customer) -> None:
    """A status that changes after the merge counts for the record that has the booking."""
    done = merged(kept, gone)
    booking = db.session.scalars(select(Booking).where(Booking.booking_ref == "G-1")).one()
    bookings.move(db.session(), MIA, EVERYTHING, booking.id, Status.NO_SHOW)
    undone(kept, done)
    assert (kept.no_show_count, gone.no_show_count) == (0, 1)
