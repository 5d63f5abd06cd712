"""Activities and their prices: what is taken, what is refused, how it is told."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from app.errors import InvalidPayload
from app.extensions import db
from app.staff.scope import EVERYTHING
from app.venues import offers, queries
from app.venues.models import Activity, Venue
from app.venues.offerrules import clean_activity
from tests.bookings.made import MIA
from tests.venues.made import SNORKEL, an_activity, told

ADULT = {"category": "adult", "label": "Adult", "price": "1900", "min_age": "12", "max_age": ""}
CHILD = {"category": "child", "label": "Child", "price": "950.50", "min_age": "4", "max_age": "11"}


def faults(**changes: Any) -> dict[str, str]:
    with pytest.raises(InvalidPayload) as caught:
        clean_activity({**SNORKEL, **changes})
    return {fault.field: fault.message for fault in caught.value.details}


def edit(activity: Activity, **changes: Any) -> Activity:
    session = db.session()
    return offers.edit(session, MIA, EVERYTHING, activity.venue_id, activity.id, changes)


def test_an_activity_is_kept_as_the_calculator_reads_it(venue: Venue) -> None:
    activity = an_activity(
        venue,
        times="14:00, 8:30 14:00",
        group_discounts=[
            {"guests": "10", "percent": "12.50"},
            {},
            {"guests": "6", "percent": "5%"},
        ],
        source_names="Snorkelling\n\nSnorkel trip A\nSnorkelling",
    )
    assert activity.times == ["08:30", "14:00"]
    assert activity.price == Decimal(1900)
    assert activity.group_discounts == [
        {"guests": 6, "percent": "5"},
        {"guests": 10, "percent": "12.5"},
    ]
    assert activity.source_names == ["Snorkelling", "Snorkel trip A"]
    assert told("activity.added")[0].meta["activity"] == "Snorkel trip"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"kind": "cruise"}, "kind"),
        ({"price": "-1"}, "price"),
        ({"price": "NaN"}, "price"),
        ({"price": "9.999"}, "price"),
        ({"price": ""}, "price"),
        ({"capacity": "many"}, "capacity"),
        ({"times": ""}, "times"),
        ({"times": "noon"}, "times"),
        ({"slot_rule": "interval", "every_minutes": ""}, "every_minutes"),
        ({"slot_rule": "interval", "every_minutes": "1"}, "every_minutes"),
        ({"slot_rule": ""}, "slot_rule"),
        ({"min_party": "4", "max_party": "2"}, "max_party"),
        ({"group_discounts": [{"guests": "6", "percent": ""}]}, "discount-0-percent"),
        ({"group_discounts": [{"guests": "6", "percent": "101"}]}, "discount-0-percent"),
        (
            {"group_discounts": [{"guests": "6", "percent": "1"}, {"guests": "6", "percent": "2"}]},
            "discount-1-guests",
        ),
    ],
)
def test_a_fault_names_its_field(changes: dict[str, Any], field: str) -> None:
    assert list(faults(**changes)) == [field]


def test_every_fault_is_named_at_once(venue: Venue) -> None:
    with pytest.raises(InvalidPayload) as caught:
        an_activity(venue, name="", price="x", prices=[{"label": "Adult", "category": "adult"}])
    fields = {fault.field for fault in caught.value.details}
    assert fields == {"name", "price", "price-0-price"}


def test_what_belongs_to_another_rule_is_left_out() -> None:
    given = {**SNORKEL, "every_minutes": "30", "in_kitchen_hours": "1"}
    kept = clean_activity({**given, "slot_rule": "interval"})
    assert (kept["times"], kept["every_minutes"], kept["in_kitchen_hours"]) == ([], 30, True)
    for rule in ("day", "departures"):
        kept = clean_activity({**given, "slot_rule": rule})
        assert (kept["times"], kept["every_minutes"], kept["in_kitchen_hours"]) == ([], None, False)


def test_an_edit_is_told_field_by_field_and_nothing_when_nothing_differs(venue: Venue) -> None:
    activity = an_activity(venue)
    edit(activity, price="2100", times=["10:00", "14:00"])
    assert told("activity.updated")[0].changes == {"price": ["1900", "2100"]}
    edit(activity, price="2100.00", capacity=12)
    assert len(told("activity.updated")) == 1


def test_categories_keep_their_ids_while_they_stay(venue: Venue) -> None:
    activity = an_activity(venue, prices=[ADULT, CHILD])
    adult, child = queries.prices(db.session(), activity.id)
    assert (adult.max_age, child.price) == (99, Decimal("950.50"))
    lines = [{**CHILD, "id": str(child.id), "price": "1000"}, {**ADULT, "label": "Grown-up"}]
    edit(activity, prices=lines)
    first, second = queries.prices(db.session(), activity.id)
    assert (first.id, first.price) == (child.id, Decimal(1000))
    assert second.id != adult.id
    changes = told("activity.updated")[0].changes["prices"]
    assert changes[1][0] == "Child (child) 1000, ages 4–11"
    edit(activity, prices=[])
    assert queries.prices(db.session(), activity.id) == []


def test_categories_of_another_activity_are_never_taken_over(venue: Venue) -> None:
    one, other = an_activity(venue, prices=[ADULT]), an_activity(venue, name="Other")
    (theirs,) = queries.prices(db.session(), one.id)
    edit(other, prices=[{**CHILD, "id": str(theirs.id)}])
    assert [price.label for price in queries.prices(db.session(), one.id)] == ["Adult"]
    assert [price.label for price in queries.prices(db.session(), other.id)] == ["Child"]


def test_two_of_a_venue_do_not_share_a_name(venue: Venue) -> None:
    an_activity(venue)
    other = an_activity(venue, name="Other")
    with pytest.raises(InvalidPayload, match="cannot be saved"):
        an_activity(venue)
    with pytest.raises(InvalidPayload, match="cannot be saved"):
        edit(other, name="Snorkel trip")
