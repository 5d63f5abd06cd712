"""A manifest as a file: everybody, safely, noted down, and no more than the reader may see."""

from __future__ import annotations

import csv
import io

from app.bookings import actions
from app.bookings.status import Status
from app.extensions import db
from app.staff.permissions import Permission
from app.staff.scope import EVERYTHING
from tests.bookings.made import MIA
from tests.desk import House, browser_of
from tests.factories import holder
from tests.manifest.made import Leaving, traveler
from tests.venues.made import told

ASTHMA = "Asthma, carries an inhaler"


def lines(body: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))


def test_everybody_is_on_it_and_it_is_noted(house: House, trek: Leaving) -> None:
    ada = trek.book("Ada Booker", 2, special_requests="=HYPERLINK(evil)")
    traveler(ada, 0, "+Tess", medical_notes=ASTHMA, special_requirements="Vegan")
    ada.traveler_count = 1
    gone = trek.book("Gus Gone", 1)
    actions.move(db.session(), MIA, EVERYTHING, gone.id, Status.CANCELLED)
    answer = house.browser("manager").post(f"{trek.path}/export")
    assert answer.mimetype == "text/csv"
    assert "manifest-2026-11-20-1500.csv" in answer.headers["Content-Disposition"]
    title, head, tess, unnamed = lines(answer.data)
    assert title == ["Summit trek, 2026-11-20 15:00"]
    said = dict(zip(head, tess, strict=True))
    assert said["Booked by"] == "Ada Booker"
    assert said["Traveler"] == "'+Tess"
    assert said["Emergency contact"] == "Aunt of +Tess"
    assert said["Guest asks"] == "'=HYPERLINK(evil)"
    assert (said["Special requirements"], said["Medical notes"]) == ("Vegan", ASTHMA)
    assert dict(zip(head, unnamed, strict=True))["Traveler"] == "(not named)"
    (event,) = told("manifest.exported")
    assert event.website_id == "ours"
    assert event.meta == {
        "departure": "Summit trek, 2026-11-20 15:00",
        "people": 2,
        "medical_notes": True,
    }


def test_who_may_take_it_along(house: House, trek: Leaving) -> None:
    trek.book("Ada Booker", 1)
    for who, status in (("colleague", 403), ("outsider", 404), ("nobody", 303)):
        assert house.browser(who).post(f"{trek.path}/export").status_code == status
    assert told("manifest.exported") == []


def test_medical_notes_are_for_who_holds_the_permission(house: House, trek: Leaving) -> None:
    ada = trek.book("Ada Booker", 1)
    traveler(ada, 0, "Tess Traveler", medical_notes=ASTHMA, special_requirements="Vegan")
    ada.traveler_count = 1
    db.session.flush()
    needed = (Permission.BOOKINGS_VIEW, Permission.BOOKINGS_EXPORT)
    taker = browser_of(house.app, holder("ours", *map(str, needed)))
    for browser in (taker, house.browser("colleague")):
        page = browser.get(trek.path).text
        assert "Vegan" in page
        assert ASTHMA not in page
    body = taker.post(f"{trek.path}/export").data.decode()
    assert "Vegan" in body
    assert "edical" not in body
    assert ASTHMA in house.browser("manager").get(trek.path).text
