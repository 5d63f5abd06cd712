"""Who waits, where they are seen, taken along, erased and merged."""

from __future__ import annotations

from datetime import UTC, datetime

from app.customers.models import Customer
from app.extensions import db
from app.privacy import actions, export, merging, queries
from app.staff.scope import EVERYTHING, Scope
from tests.bookings.made import MIA
from tests.desk import House
from tests.waiting.made import Trek, end, somebody


def now() -> datetime:
    return datetime.now(UTC)


def test_a_guest_is_seen_where_they_wait(house: House, trek: Trek) -> None:
    trek.book(8)
    entry = trek.join(2, somebody(first_name="Wanda", last_name="Waits"))
    page = f"/customers/{entry.customer_id}"
    assert page in house.browser("colleague").get(f"/waiting/{trek.departure_id}").text
    for who, status in {"manager": 200, "colleague": 200, "outsider": 404}.items():
        assert house.browser(who).get(page).status_code == status


def test_what_they_wait_for_is_taken_along(trek: Trek) -> None:
    trek.book(8)
    entry = trek.join(3)
    person = queries.person(db.session(), EVERYTHING, entry.customer_id)
    (held,) = export.gather(db.session(), EVERYTHING, person, now())["waiting_lists"]
    assert (held["guests"], held["state"], held["activity"]) == (3, "waiting", "Summit trek")
    blind = Scope(by_website={"theirs": frozenset({"customers:view", "customers:export"})})
    assert export.gather(db.session(), blind, person, now())["waiting_lists"] == []


def test_who_is_erased_waits_no_longer(house: House, trek: Trek) -> None:
    booked = trek.book(8)
    entry, other = trek.join(3, somebody(first_name="Wanda", last_name="Waits")), trek.join(3)
    missing = Scope(by_website={"theirs": frozenset({"customers:view", "customers:erase"})})
    assert actions.missing(db.session(), missing, entry.customer_id) == ["ours"]
    actions.erase(db.session(), MIA, EVERYTHING, entry.customer_id, "Wanda Waits", now())
    assert entry.state == "left"
    end(booked)
    db.session.commit()
    assert other.state == "offered"


def test_two_records_of_one_person_wait_once(trek: Trek) -> None:
    trek.book(8)
    kept, gone = somebody(), somebody()
    late, early = trek.join(2, kept), trek.join(3, gone)
    early.created_at = datetime(2026, 11, 1, tzinfo=UTC)
    done = merging.merge(db.session(), MIA, EVERYTHING, kept, gone)
    assert [(e.customer_id, e.state) for e in (early, late)] == [
        (kept, "waiting"),
        (kept, "left"),
    ]
    merging.undo(db.session(), MIA, EVERYTHING, kept, done.id, now())
    assert (early.customer_id, early.state) == (gone, "waiting")
    assert late.customer_id == kept


def test_an_offer_stays_before_a_turn_in_a_merge(trek: Trek) -> None:
    booked = trek.book(8)
    gone, kept = trek.join(8), trek.join(5)
    end(booked)
    db.session.commit()
    merging.merge(db.session(), MIA, EVERYTHING, kept.customer_id, gone.customer_id)
    assert (gone.state, kept.state) == ("offered", "left")
    assert gone.customer_id == kept.customer_id
    assert db.session.get_one(Customer, gone.customer_id).merged_into_id is None
