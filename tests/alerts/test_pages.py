"""Health and scheduled work: who sees what of them, the banner, and running a job out of turn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.alerts.models import Alert, CallMinute
from app.deliveries.models import Destination
from app.events.models import Event
from app.extensions import db
from app.messaging.models import MessageSettings
from app.schedule.models import ScheduledRun
from app.venues.models import Venue
from tests.desk import House, browser_of
from tests.factories import VenueFactory, person
from tests.harness.counting import counted_queries

WHO = [("manager", 200), ("colleague", 403), ("outsider", 200), ("nobody", 303)]


def alert(message: str, website_id: str | None = None, **fields: Any) -> Alert:
    what = {"condition": "destination", "key": message, "message": message}
    made = Alert(**(what | fields), website_id=website_id)
    db.session.add(made)
    db.session.flush()
    return made


def venue(website_id: str, name: str) -> Venue:
    if db.session.get(MessageSettings, website_id) is None:
        db.session.add(MessageSettings(website_id=website_id, email_by="capture"))
    made: Venue = VenueFactory(website_id=website_id, name=name)
    return made


def text_of(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


@pytest.mark.parametrize(("who", "answer"), WHO)
@pytest.mark.parametrize("path", ["/health", "/schedule"])
def test_who_may_look(house: House, path: str, who: str, answer: int) -> None:
    assert house.browser(who).get(path).status_code == answer


def test_each_sees_what_is_theirs(house: House) -> None:
    """What concerns all is shown to all; a partner's endpoint only to who manages everything."""
    alert("Ours is down.", "ours")
    alert("Theirs is down.", "theirs")
    alert("A partner is down.")
    alert("Calls fail.", condition="api_errors")
    seen = {
        "manager": ("Ours is down.", "Calls fail."),
        "outsider": ("Theirs is down.", "Calls fail."),
        "colleague": (),
    }
    everything = ("Ours is down.", "Theirs is down.", "A partner is down.", "Calls fail.")
    for who, mine in seen.items():
        if mine:
            page = text_of(house.browser(who), "/health")
            assert tuple(each for each in everything if each in page) == mine
        assert ("Something is wrong" in text_of(house.browser(who), "/today")) == bool(mine)
    admin = browser_of(house.app, person("admin"))
    page = text_of(admin, "/health")
    assert all(each in page for each in everything)


def test_the_page_shows_state_measure_and_history(manager: FlaskClient) -> None:
    now = datetime.now(UTC)
    minute = now.replace(second=0, microsecond=0)
    over = {"25": 150, "250": 49, "more": 1}
    row = CallMinute(minute=minute - timedelta(minutes=2), door="sync", calls=200, errors=5)
    row.over = over
    db.session.add(row)
    alert("Calls fail.", condition="api_errors", fired_at=now - timedelta(minutes=3))
    ended = now - timedelta(hours=1)
    alert("It was away.", "ours", fired_at=ended - timedelta(minutes=90), resolved_at=ended)
    since = now - timedelta(minutes=30)
    place = Destination(
        channel="webhook",
        key="website:ours",
        label="Pier 9",
        website_id="ours",
        failing_since=since,
    )
    db.session.add(place)
    db.session.flush()
    page = text_of(manager, "/health")
    assert "2.5 % of 200 failed" in page
    assert "95 % within 250 ms" in page
    assert "More than 1 % in 15 minutes" in page
    assert "It was away." in page
    assert "1 h 30 min" in page
    assert f"destination={place.id}" in page
    assert "1 wrong" in page
    fragment = manager.get("/health", headers={"HX-Request": "true"}).get_data(as_text=True)
    assert fragment.strip().startswith('<div id="health">')


def test_the_banner_can_be_put_away_until_something_else_happens(house: House) -> None:
    alert("Ours is down.", "ours")
    desk = house.browser("manager")
    assert "Ours is down." in text_of(desk, "/today")
    assert "Ours is down." in text_of(desk, "/websites")
    answer = desk.post("/health/quiet", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.get_data()) == (200, b"")
    assert "Ours is down." not in text_of(desk, "/today")
    assert "Ours is down." in text_of(desk, "/health"), "it is not over for that"
    assert "Ours is down." in text_of(house.browser("manager"), "/today"), "another session"
    alert("Calls fail.", condition="api_errors")
    page = text_of(desk, "/today")
    assert "Calls fail." in page
    assert "Ours is down." not in page


def test_without_script_the_banner_leads_to_health(manager: FlaskClient) -> None:
    alert("Ours is down.", "ours")
    answer = manager.post("/health/quiet")
    assert (answer.status_code, answer.location) == (303, "/health")


def test_jobs_of_ones_own_websites(house: House) -> None:
    venue("ours", "The Anchor")
    venue("theirs", "The Other Place")
    page = text_of(house.browser("manager"), "/schedule")
    assert "Reminders for today, The Anchor" in page
    assert "Every day at 10:00, Bangkok time" in page
    for hidden in ("The Other Place", "Clear what is not kept", "Look for trouble"):
        assert hidden not in page
    page = text_of(browser_of(house.app, person("superadmin")), "/schedule")
    for shown in ("The Other Place", "Clear what is not kept", "Look for trouble"):
        assert shown in page


@pytest.mark.parametrize(
    ("run", "shown"),
    [
        ({"rows": 1234, "finished_at": 0}, ("Done", "1,234")),
        ({"error": "OperationalError"}, ("Failed", "OperationalError. It is tried again.")),
        ({"asked_by": "Mara Manager", "lease": -1}, ("Waiting", "for Mara Manager")),
        ({}, ("Running",)),
    ],
)
def test_the_last_run(manager: FlaskClient, run: dict[str, Any], shown: tuple[str, ...]) -> None:
    place = venue("ours", "The Anchor")
    now = datetime.now(UTC)
    lease = now + timedelta(minutes=run.pop("lease", 5))
    if "finished_at" in run:
        run["finished_at"] = now
    job = f"reminders:{place.id}"
    row = ScheduledRun(job=job, due_at=now, started_at=now, lease_until=lease, **run)
    db.session.add(row)
    db.session.flush()
    page = text_of(manager, "/schedule")
    assert all(word in page for word in shown)


def test_run_now(house: House) -> None:
    place = venue("ours", "The Anchor")
    job, desk = f"reminders:{place.id}", house.browser("manager")
    for _ in range(2):  # a double click
        answer = desk.post("/schedule/run", data={"job": job})
        assert (answer.status_code, answer.location) == (303, "/schedule")
    (row,) = db.session.scalars(select(ScheduledRun).where(ScheduledRun.job == job)).all()
    assert (row.asked_by, row.finished_at) == ("Mara Manager", None)
    event = db.session.scalars(select(Event).where(Event.name == "schedule.run_asked")).one()
    assert (event.subject_id, event.website_id, event.actor_label) == (job, "ours", "Mara Manager")
    log = text_of(desk, "/audit")
    assert "Let scheduled work run" in log
    assert "Reminders for today, The Anchor" in log


def test_run_now_is_for_who_manages_it(house: House) -> None:
    place = venue("ours", "The Anchor")
    ours = {"job": f"reminders:{place.id}"}
    whole = {"job": "retention"}
    admin = browser_of(house.app, person("admin"))
    superadmin = browser_of(house.app, person("superadmin"))
    assert house.browser("outsider").post("/schedule/run", data=ours).status_code == 404
    assert house.browser("colleague").post("/schedule/run", data=ours).status_code == 403
    assert house.browser("manager").post("/schedule/run", data=whole).status_code == 404
    assert admin.post("/schedule/run", data=whole).status_code == 403
    assert admin.post("/schedule/run", data=ours).status_code == 303
    assert superadmin.post("/schedule/run", data=whole).status_code == 303
    assert superadmin.post("/schedule/run", data={}).status_code == 400
    assert superadmin.post("/schedule/run", data={"job": "nonsense"}).status_code == 404


@pytest.mark.parametrize(("path", "most"), [("/health", 40), ("/schedule", 20)])
def test_queries(app: Flask, house: House, path: str, most: int) -> None:
    """Whatever the number of venues and alerts."""
    for number in range(5):
        venue("ours", f"Pier {number}")
        alert(f"Pier {number} is down.", "ours")
    desk = house.browser("manager")
    desk.get(path)
    with counted_queries(app) as statements:
        desk.get(path)
    assert len(statements) <= most
