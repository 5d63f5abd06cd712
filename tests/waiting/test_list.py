"""A waiting list: who may join, who is offered what, and what becomes of offers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from app.bookings.holds import expire_lapsed
from app.bookings.status import Status
from app.customers.models import Customer
from app.errors import Conflict, InvalidPayload, NotFound, SlotUnavailable
from app.events.models import Event
from app.extensions import db
from app.staff.scope import EVERYTHING
from app.venues import departing
from app.waiting import actions, queries
from app.waiting.models import WaitingEntry
from tests.bookings.made import MIA
from tests.waiting.made import PIA, Trek, end, look, offered, somebody


def names(entry: WaitingEntry) -> list[str]:
    query = select(Event.name).where(Event.subject_id == str(entry.id)).order_by(Event.id)
    return list(db.session.scalars(query))


def test_only_who_finds_no_room_waits(trek: Trek) -> None:
    trek.book(6)
    with pytest.raises(Conflict, match="There is room"):
        trek.join(2)
    assert trek.join(3).state == "waiting"
    with pytest.raises(InvalidPayload) as caught:
        trek.join(9)
    assert caught.value.details[0].field == "guests"


def test_nobody_waits_for_what_is_closed_or_over(trek: Trek, noon: time_machine.Traveller) -> None:
    trek.book(8)
    departing.close(db.session(), MIA, EVERYTHING, trek.venue_id, trek.departure_id, closed=True)
    with pytest.raises(Conflict, match="closed"):
        trek.join(2)
    departing.close(db.session(), MIA, EVERYTHING, trek.venue_id, trek.departure_id, closed=False)
    noon.shift(timedelta(days=11))
    with pytest.raises(Conflict, match="too late"):
        trek.join(2)


def test_a_second_join_changes_the_party(trek: Trek) -> None:
    trek.book(8)
    first, second = trek.join(3), trek.join(2)
    assert trek.join(2, first.customer_id).id == first.id
    assert [e.id for e in queries.queue(db.session(), trek.departure_id)] == [first.id, second.id]
    trek.join(4, first.customer_id)
    assert [e.id for e in queries.queue(db.session(), trek.departure_id)] == [second.id, first.id]
    assert names(first) == ["waiting.joined", "waiting.changed", "waiting.changed"]


def test_freed_places_are_offered_in_the_same_transaction(trek: Trek) -> None:
    booked = trek.book(8)
    first, large, small = trek.join(3), trek.join(6), trek.join(2)
    end(booked)
    db.session.commit()
    assert [e.state for e in (first, large, small)] == ["offered", "waiting", "offered"]
    held = offered(first)
    assert (held.status, held.source, held.guest_count) == ("pending", "customer_app", 3)
    assert held.customer_id == first.customer_id
    assert held.hold_expires_at == datetime.now(UTC) + timedelta(hours=12)
    assert trek.used == 5
    with pytest.raises(SlotUnavailable):
        trek.book(4)
    asked = select(Event).where(Event.name == "message.wanted", Event.booking_id == held.id)
    assert db.session.scalars(asked).one().changes == {"kind": [None, "place_offered"]}
    assert look() == 0


def test_an_offer_never_stands_past_the_last_call(trek: Trek, noon: time_machine.Traveller) -> None:
    booked = trek.book(8)
    noon.shift(timedelta(days=9, hours=12))  # it leaves at half past six in the morning
    entry = trek.join(2)
    end(booked)
    db.session.commit()
    slot = trek.place.slot(db.session(), datetime.now(UTC))
    assert slot is not None
    assert offered(entry).hold_expires_at == slot.last_call


def test_taken_or_lapsed(trek: Trek, noon: time_machine.Traveller) -> None:
    booked = trek.book(8)
    first, second, third = trek.join(4), trek.join(4), trek.join(4)
    end(booked)
    db.session.commit()
    end(offered(first), Status.CONFIRMED)
    assert look() == 1
    assert first.state == "taken"
    noon.shift(timedelta(hours=12, seconds=1))
    assert expire_lapsed(db.session()) == 1
    assert look() == 2
    assert [e.state for e in (second, third)] == ["lapsed", "offered"]
    assert names(second) == ["waiting.joined", "waiting.offered", "waiting.lapsed"]
    assert trek.used == 8


def test_whoever_waits_lapses_when_it_is_closed_or_begins(
    trek: Trek, noon: time_machine.Traveller
) -> None:
    trek.book(8)
    entry = trek.join(2)
    assert look() == 0
    departing.close(db.session(), MIA, EVERYTHING, trek.venue_id, trek.departure_id, closed=True)
    assert look() == 1
    assert entry.state == "lapsed"
    departing.close(db.session(), MIA, EVERYTHING, trek.venue_id, trek.departure_id, closed=False)
    again = trek.join(2, entry.customer_id)
    assert again.id != entry.id
    noon.shift(timedelta(days=10))
    assert look() == 1
    assert again.state == "lapsed"


def test_more_places_are_found_at_the_next_look(trek: Trek) -> None:
    trek.book(8)
    entry = trek.join(2)
    departing.edit(
        db.session(), MIA, EVERYTHING, trek.venue_id, trek.departure_id, {"capacity": "10"}
    )
    assert look() == 1
    assert entry.state == "offered"


def test_leaving_gives_the_place_to_the_next(trek: Trek) -> None:
    booked = trek.book(8)
    first, second = trek.join(8), trek.join(8)
    end(booked)
    db.session.commit()
    with pytest.raises(Conflict, match="held for you"):
        trek.join(7, first.customer_id)
    now = datetime.now(UTC)
    with pytest.raises(NotFound):
        actions.leave(db.session(), PIA, somebody(), first.id, now)
    actions.leave(db.session(), PIA, first.customer_id, first.id, now)
    db.session.commit()
    assert [first.state, second.state] == ["left", "offered"]
    assert offered(first).status == "cancelled"
    assert actions.leave(db.session(), PIA, first.customer_id, first.id, now).state == "left"
    end(offered(second), Status.CONFIRMED)
    with pytest.raises(Conflict, match="cancel the booking"):
        actions.leave(db.session(), PIA, second.customer_id, second.id, now)


def test_staff_offer_out_of_turn_where_there_is_room(trek: Trek) -> None:
    trek.book(6)
    first, second = trek.join(4), trek.join(3)
    now = datetime.now(UTC)
    with pytest.raises(Conflict, match="not enough"):
        actions.offer_now(db.session(), MIA, EVERYTHING, second.id, now)
    departing.edit(
        db.session(), MIA, EVERYTHING, trek.venue_id, trek.departure_id, {"capacity": "10"}
    )
    actions.offer_now(db.session(), MIA, EVERYTHING, second.id, now)
    assert [first.state, second.state, trek.used] == ["waiting", "offered", 9]
    with pytest.raises(Conflict, match="do not wait"):
        actions.offer_now(db.session(), MIA, EVERYTHING, second.id, now)


def test_who_was_erased_is_passed_over(trek: Trek) -> None:
    booked = trek.book(8)
    gone, next_one = trek.join(5), trek.join(5)
    customer = db.session.get_one(Customer, gone.customer_id)
    customer.data_key = None
    end(booked)
    assert look() == 2
    assert [gone.state, next_one.state] == ["lapsed", "offered"]


def test_a_departure_that_somebody_waited_for_stays(trek: Trek) -> None:
    booked = trek.book(8)
    trek.join(2)
    booked.departure_id = booked.slot_key = None
    with pytest.raises(Exception, match="Close it"):
        departing.remove(db.session(), MIA, EVERYTHING, trek.venue_id, trek.departure_id)
