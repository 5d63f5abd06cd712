"""What the calculator needs comes in four queries, however much there is."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Flask

from app.extensions import db
from app.staff.scope import EVERYTHING
from app.venues.availability import calendar
from app.venues.closing import close
from app.venues.loading import load
from app.venues.models import ActivityPrice, Departure, SlotUsage, SpecialHours
from tests.bookings.made import MIA, NOON
from tests.factories import WebsiteFactory
from tests.harness.counting import counted_queries
from tests.venues.made import TREK, a_venue, an_activity

FIRST = date(2027, 3, 1)
LAST = FIRST + timedelta(days=29)


def test_thirty_days_of_twenty_activities_take_four_queries(app: Flask, db_session: object) -> None:
    WebsiteFactory.create(id="ours")
    venue = a_venue("ours")
    for number in range(20):
        fields = TREK if number % 4 == 0 else {}
        activity = an_activity(venue, **{**fields, "name": f"Activity {number}"})
        db.session.add(
            ActivityPrice(activity_id=activity.id, category="adult", label="Adult", price=1)
        )
        for day in range(30):
            at = FIRST + timedelta(days=day)
            if fields:
                leaves = {"activity_id": activity.id, "time": NOON.time()}
                db.session.add(Departure(day=at, **leaves))
            else:
                db.session.add(SlotUsage(activity_id=activity.id, day=at, slot="10:00", used=5))
    db.session.add(SpecialHours(venue_id=venue.id, day=FIRST, is_closed=True))
    closed = {"day": LAST.isoformat(), "reason": "Storm"}
    close(db.session(), MIA, EVERYTHING, venue.id, closed, NOON)
    db.session.flush()
    db.session.expunge_all()
    with counted_queries(app) as queries:
        (plan,) = load(db.session(), [venue.id], FIRST, LAST)
        found = [calendar(plan, offer, FIRST, LAST, NOON) for offer in plan.offers]
    assert len(queries) <= 4
    assert len(found) == 20
    snorkel = found[1]
    assert len(snorkel) == 29 * 2  # not on the first day: it is closed
    assert {slot.used for slot in snorkel if slot.key == "10:00"} == {5}
    assert {slot.state.value for slot in snorkel if slot.day == LAST} == {"closed"}
    assert len(found[0]) == 30


def test_venues_are_loaded_together(app: Flask, db_session: object) -> None:
    WebsiteFactory.create(id="ours")
    venues = [a_venue("ours", f"Pier {n}") for n in range(3)]
    for venue in venues:
        an_activity(venue)
    with counted_queries(app) as queries:
        plans = load(db.session(), [venue.id for venue in venues], FIRST, LAST)
    assert len(queries) <= 4
    assert [len(plan.offers) for plan in plans] == [1, 1, 1]
