"""Opting in and out of text messages: the answer, its time and source, and the log."""

from __future__ import annotations

from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from app.customers.models import Customer
from app.customers.opting import set_sms_opt_in
from app.errors import NotFound
from app.events.models import Event
from app.extensions import db
from app.ids import new_id
from tests.bookings.made import MIA, made
from tests.factories import CustomerFactory, WebsiteFactory


@pytest.fixture(autouse=True)
def websites(app: Flask, db_session: object) -> None:
    WebsiteFactory(id="ours")
    WebsiteFactory(id="theirs")


def said(customer: Customer, wanted: bool, **how: str) -> bool:
    return set_sms_opt_in(db.session(), MIA, customer.id, wanted, **how)


def told(customer_id: UUID) -> list[Event]:
    query = select(Event).where(
        Event.name == "customer.opt_in_changed", Event.customer_id == customer_id
    )
    return list(db.session.scalars(query.order_by(Event.id)))


def test_a_yes_is_kept_with_time_and_source_and_told_to_each_website_concerned() -> None:
    booking = made("ours")
    made("theirs", booking_ref="TH-1")
    customer = db.session.get_one(Customer, booking.customer_id)
    assert said(customer, True, source="website:ours")
    assert customer.sms_opt_in
    assert customer.sms_opt_in_at is not None
    assert customer.sms_opt_in_source == "website:ours"
    events = told(customer.id)
    assert [event.website_id for event in events] == ["ours", "theirs"]
    for event in events:
        assert event.changes == {"sms_opt_in": [False, True]}
        assert event.meta == {"source": "website:ours"}
        assert event.actor_label == "Mia Manager"
        assert event.occurred_at is not None


def test_the_same_answer_again_changes_nothing() -> None:
    customer: Customer = CustomerFactory.create()
    assert said(customer, True)
    assert customer.sms_opt_in_source == "staff", "the door, where nothing else was said"
    at = customer.sms_opt_in_at
    assert not said(customer, True, source="website:ours")
    assert (customer.sms_opt_in_at, customer.sms_opt_in_source) == (at, "staff")
    assert said(customer, False, source="sms")
    assert [event.changes["sms_opt_in"] for event in told(customer.id)] == [
        [False, True],
        [True, False],
    ]


def test_a_first_no_is_an_answer() -> None:
    customer: Customer = CustomerFactory.create()
    assert said(customer, False, website_id="ours")
    assert not customer.sms_opt_in
    assert customer.sms_opt_in_at is not None
    assert [event.website_id for event in told(customer.id)] == ["ours"]
    assert not said(customer, False)


def test_who_was_merged_answers_for_the_record_that_was_kept() -> None:
    kept: Customer = CustomerFactory.create()
    gone: Customer = CustomerFactory.create(merged_into_id=kept.id)
    assert said(gone, True)
    assert kept.sms_opt_in
    assert not gone.sms_opt_in
    with pytest.raises(NotFound):
        set_sms_opt_in(db.session(), MIA, new_id(), True)
