"""Platforms in the reports: what they hold, against other sources, and how calls to them went."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import cycle
from random import Random
from typing import Any

import pytest
import time_machine

from app.bookings.models import Booking
from app.deliveries.models import SyncLog
from app.extensions import db
from app.platforms.models import PlatformConnection, PlatformReservation, ReservationState
from app.reports import at_platforms as reading
from app.reports.periods import Period
from app.reports.queries import Wanted
from app.staff.scope import Scope
from app.venues.models import Venue
from tests.desk import House, browser_of
from tests.factories import VenueFactory, holder
from tests.harness.counting import counted_queries
from tests.reports.test_pages import MARCH, NOW, booked, line, rows

LIVE = ("confirmed", "checked_in", "completed", "no_show")
NUMBERS = cycle(range(10_000))


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def connected(venue: Venue, kind: str = "covermanager", **fields: Any) -> PlatformConnection:
    row = PlatformConnection(
        website_id=venue.website_id, venue_id=venue.id, platform_type=kind, **fields
    )
    db.session.add(row)
    db.session.flush()
    return row


def place(website: str = "ours", name: str = "Quay Tables") -> Venue:
    venue: Venue = VenueFactory(website_id=website, name=name)
    db.session.flush()
    return venue


def held(at: PlatformConnection, booking: Booking, **fields: Any) -> PlatformReservation:
    """This booking has a reservation there; it came from there where its source is a platform."""
    values = {
        "is_ours": booking.source != "platform",
        "state": ReservationState.LIVE,
        "external_id": f"R{next(NUMBERS)}",
        **fields,
    }
    row = PlatformReservation(
        website_id=at.website_id, connection_id=at.id, booking_id=booking.id, **values
    )
    db.session.add(row)
    db.session.flush()
    return row


def call(at: PlatformConnection, ms: int | None, when: datetime = NOW, **fields: Any) -> SyncLog:
    values = {"direction": "outbound", "status": "success", **fields}
    row = SyncLog(
        website_id=at.website_id,
        door=at.key,
        event_type="platform.pull",
        duration_ms=ms,
        created_at=when,
        **values,
    )
    db.session.add(row)
    db.session.flush()
    return row


def told(house: House, who: str = "manager", **args: str) -> dict[str, list[list[str]]]:
    """The tables of the file by their title."""
    tables: dict[str, list[list[str]]] = {}
    current: list[list[str]] = []
    for row in rows(house, who, tab="platforms", **args):
        current = tables.setdefault(row[0], []) if len(row) == 1 else current
        current += [row] if len(row) > 1 else []
    return tables


def figures(table: Sequence[Sequence[str]], name: str) -> dict[str, str]:
    """A line of a table by the heads of its columns."""
    return dict(zip(table[0], next(row for row in table[1:] if row[0] == name), strict=True))


def test_what_came_from_there_and_what_was_made_from_here(house: House) -> None:
    here = connected(venue := place())
    of: dict[str, Any] = {"venue_id": venue.id}
    held(here, booked(source="platform", guest_count=4, **of))
    held(here, booked(source="phone", guest_count=2, status="no_show", **of))
    held(here, booked(source="phone", status="cancelled", **of), state="cancelled")
    booked(source="phone", guest_count=6, status="completed", **of)
    booked(source="phone", status="cancelled", **of)
    booked(source="website")  # elsewhere
    found = told(house)
    first = figures(found["By platform"], "CoverManager")
    assert [first[name] for name in ("Reservations", "Came from there", "Made from here")] == [
        *("2", "1", "1")
    ]
    assert first["Covers"] == "6"
    assert (first["Cancelled"], first["Cancelled %"]) == ("1", "33.3")
    assert (first["No-shows"], first["No-shows %"]) == ("1", "100.0")
    assert first["Share of all"] == "66.7"
    sources = found["Against other sources"]
    assert sources[1:] == [["Phone", "2", "66.7", "8"], ["CoverManager", "1", "33.3", "4"]]
    assert "By venue" not in found  # it would say the same again


def test_a_booking_counts_once_where_it_is_held(house: House) -> None:
    venue, away = place(), place(name="Another Quay")
    first, second = connected(venue, priority=1), connected(venue, "restoo", priority=2)
    elsewhere = connected(away)
    moved = booked(venue_id=venue.id, guest_count=3)
    early = NOW - timedelta(days=3)
    held(second, moved, created_at=early)
    held(first, moved, state="cancelled", created_at=early + timedelta(days=1))
    held(elsewhere, moved, state="cancelled")  # it was to be at the other venue
    again = booked(venue_id=venue.id, source="platform")
    held(first, again, state="cancelled", created_at=early)
    held(first, again, is_ours=True)  # changed there as cancel and create: it came from there
    refused = booked(venue_id=venue.id)
    held(first, refused, state="refused", external_id=None)
    gone = booked(venue_id=venue.id)  # moved here from where it was cancelled: nobody holds it
    held(elsewhere, gone, state="cancelled")
    found = told(house)["By venue"]
    lines = {(row[0], row[1]): row[2:6] for row in found[1:]}
    assert lines == {
        ("Another Quay", "CoverManager"): ["0", "0", "0", "0"],
        ("Quay Tables", "CoverManager"): ["1", "1", "0", "2"],
        ("Quay Tables", "Restoo"): ["1", "0", "1", "3"],
    }


def test_calls_of_the_days_of_the_website(house: House) -> None:
    here = connected(place())
    call(here, 7, datetime(2026, 2, 28, 16, 59, tzinfo=UTC))  # the last minute of February there
    call(here, 8, datetime(2026, 2, 28, 17, 0, tzinfo=UTC))
    for ms in (*range(10, 200, 10), 5_000):
        call(here, ms)
    call(here, None, status="failed")
    call(here, 1, direction="inbound")
    answered = figures(told(house, compare="previous")["Calls"], "CoverManager")
    assert (answered["Calls"], answered["Calls, before"]) == ("22", "1")
    assert (answered["Failed"], answered["Failed %"]) == ("1", "4.5")
    assert answered["Typical time, ms"] == "100"
    assert answered["19 of 20 within, ms"] == "190"
    assert answered["Typical time, ms, before"] == "7"


def test_compared_with_the_period_before(house: House) -> None:
    here = connected(venue := place())
    held(here, booked(venue_id=venue.id))
    for day in (3, 5):
        at = datetime(2026, 2, day, 5, tzinfo=UTC)
        held(here, booked(venue_id=venue.id, at=at, activity_date=date(2026, 2, 9)))
    found = figures(told(house, compare="previous")["By platform"], "CoverManager")
    assert [found[f"Reservations{more}"] for more in ("", ", before", ", difference")] == [
        *("1", "2", "-1")
    ]
    assert (found["Lead days"], found["Lead days, before"]) == ("17", "4")
    page = house.browser("manager").get(
        "/reports", query_string={**MARCH, "tab": "platforms", "compare": "previous"}
    )
    assert "−1 (−50.0%)" in page.text


def test_another_website_stays_unseen(house: House) -> None:
    theirs = connected(venue := place("theirs", "Their Tables"))
    held(theirs, booked("theirs", venue_id=venue.id, source="platform"))
    call(theirs, 40)
    ask = {**MARCH, "tab": "platforms"}
    mine = house.browser("manager").get("/reports", query_string=ask).text
    assert "No venue that you see is connected" in mine
    assert "Their Tables" not in mine
    found = told(house, "outsider")
    assert figures(found["By platform"], "CoverManager")["Reservations"] == "1"
    assert figures(found["Calls"], "CoverManager")["Calls"] == "1"
    for address in ("/reports", "/reports/export"):
        answer = house.browser("colleague").get(address, query_string=ask)
        assert answer.status_code == 403
    here = connected(venue := place())
    held(here, booked(venue_id=venue.id, source="platform"))
    assert figures(told(house)["By platform"], "CoverManager")["Reservations"] == "1"
    plain = browser_of(house.app, holder("ours", "reports:view"))
    assert "CoverManager" in plain.get("/reports", query_string=ask).text


def test_the_first_wall_stands_by_itself(house: House) -> None:
    """Without a page, and so without the second one."""
    mine = Scope.of([("ours", ["reports:view"])])
    venues = []
    for website in ("ours", "theirs"):
        here = connected(venue := place(website))
        held(here, booked(website, venue_id=venue.id, source="platform"))
        venues.append(venue.id)
    session, march = db.session(), Wanted(Period(date(2026, 3, 1), date(2026, 3, 31)))
    assert [each.venue_id for each in reading.connections(session, mine, None)] == venues[:1]
    assert reading.connections(session, mine, "theirs") == []
    assert reading.held(session, mine, march, venues)[reading.ALL].made == 1
    assert reading.sold(session, mine, march, venues)["platform"].bookings == 1


def test_nothing_in_the_period_and_nothing_connected_are_told_apart(house: House) -> None:
    client, ask = house.browser("manager"), {**MARCH, "tab": "platforms"}
    assert "No platform here yet" in client.get("/reports", query_string=ask).text
    connected(place(), is_enabled=False)
    assert "Nothing in this period" in client.get("/reports", query_string=ask).text
    empty = rows(house, tab="platforms")
    assert line(empty, "Reservations")[2] == "0"


def test_queries_do_not_grow(house: House) -> None:
    client = house.browser("manager")
    counts = []
    for number in range(3):
        for kind in ("covermanager", "restoo"):
            here = connected(venue := place(name=f"Quay {number} {kind}"), kind)
            held(here, booked(venue_id=venue.id, source="platform"))
            call(here, 30)
        with counted_queries(house.app) as counted:
            client.get("/reports", query_string={**MARCH, "tab": "platforms", "compare": "year"})
        counts.append(len(counted))
    assert counts[0] == counts[2] <= 12


@dataclass
class Paper:
    """A booking as somebody wrote it down: where it is held, and the row itself."""

    kind: str
    row: Booking

    @property
    def came(self) -> bool:
        return self.row.source == "platform"

    @property
    def is_live(self) -> bool:
        return self.row.status in LIVE

    def is_in_march(self, basis: str) -> bool:
        day = self.row.activity_date if basis == "visit" else self.row.created_at.date()
        return (day.year, day.month) == (2026, 3)

    @property
    def lead(self) -> int:
        return (self.row.activity_date - self.row.created_at.date()).days


def test_any_bookings_agree_with_a_list_on_paper(house: House) -> None:
    random = Random(23)
    venue = place()
    at = {kind: connected(venue, kind) for kind in ("covermanager", "restoo")}
    papers = []
    for _ in range(70):
        day = date(2026, random.choice((2, 3, 3)), random.randint(1, 28))
        made = booked(
            at=datetime(day.year, day.month, day.day, 5, tzinfo=UTC),
            activity_date=day + timedelta(days=random.randint(0, 40)),
            venue_id=venue.id,
            source=random.choice(("website", "phone", "platform", "platform")),
            status=random.choice((*LIVE, *LIVE, "cancelled", "refunded", "expired", "pending")),
            guest_count=random.randint(1, 9),
        )
        papers.append(Paper(random.choice(("covermanager", "restoo", "")), made))
        if kind := papers[-1].kind:
            held(at[kind], made)
    calls = [(random.choice(list(at)), random.randint(1, 900)) for _ in range(30)]
    for kind, ms in calls:
        call(at[kind], ms, status="failed" if ms % 3 == 0 else "success")
    for basis in ("booked", "visit"):
        found = told(house, by=basis)
        inside = [each for each in papers if each.is_in_march(basis)]
        _agree(found, inside)
        for kind, name in (("covermanager", "CoverManager"), ("restoo", "Restoo")):
            _calls_agree(figures(found["Calls"], name), sorted(ms for k, ms in calls if k == kind))


def _agree(found: dict[str, list[list[str]]], inside: Sequence[Paper]) -> None:
    """What the tables say of bookings, counted once more."""
    whole = [each for each in inside if each.is_live]
    table = found["By platform"]
    for kind, name in (("covermanager", "CoverManager"), ("restoo", "Restoo")):
        mine = [each for each in inside if each.kind == kind]
        assert figures(table, name) == _line(name, mine, len(whole)), name
    everywhere = [each for each in inside if each.kind]
    assert figures(table, "Total") == _line("Total", everywhere, len(whole))
    sold = {row[0]: (int(row[1]), int(row[3])) for row in found["Against other sources"][1:]}
    told = {"website": "Website", "phone": "Phone", "platform": "Another platform"}
    kinds = {"covermanager": "CoverManager", "restoo": "Restoo", "": "Another platform"}
    paper: dict[str, tuple[int, int]] = {}
    for each in whole:
        name = kinds[each.kind] if each.came else told[each.row.source]
        bookings, guests = paper.get(name, (0, 0))
        paper[name] = (bookings + 1, guests + each.row.guest_count)
    assert sold == paper


def _calls_agree(answered: dict[str, str], durations: Sequence[int]) -> None:
    assert answered["Calls"] == str(len(durations))
    assert answered["Failed"] == str(sum(ms % 3 == 0 for ms in durations))
    assert answered["Typical time, ms"] == str(_at(durations, 0.5))
    assert answered["19 of 20 within, ms"] == str(_at(durations, 0.95))


def _line(name: str, papers: Sequence[Paper], whole: int) -> dict[str, str]:
    live = [each for each in papers if each.is_live]
    came = sum(each.came for each in live)
    lost = sum(each.row.status in ("cancelled", "refunded") for each in papers)
    away = sum(each.row.status == "no_show" for each in live)
    over = sum(each.row.status in ("checked_in", "completed", "no_show") for each in live)
    return {
        "Platform": name,
        "Reservations": str(len(live)),
        "Came from there": str(came),
        "Made from here": str(len(live) - came),
        "Covers": str(sum(each.row.guest_count for each in live)),
        "Cancelled": str(lost),
        "Cancelled %": _percent(lost, lost + len(live)),
        "No-shows": str(away),
        "No-shows %": _percent(away, over),
        "Lead days": str(_at(sorted(each.lead for each in live), 0.5)),
        "Share of all": _percent(len(live), whole),
    }


def _percent(part: int, whole: int) -> str:
    return str(round(100 * part / whole, 1)) if whole else ""


def _at(ordered: Sequence[int], share: float) -> int | str:
    return ordered[math.ceil(share * len(ordered)) - 1] if ordered else ""
