"""Venues that another system had connected to CoverManager, brought in out of one table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from app.config import Settings
from app.events.models import Event
from app.extensions import db
from app.outbound import policy
from app.platforms import registry
from app.platforms.legacy import Import, Order, Told
from app.platforms.models import PlatformConnection
from app.tabular.columns import CannotImport
from app.venues.models import Venue
from demo.standins.covermanager.server import KEY
from tests.factories import VenueFactory, WebsiteFactory
from tests.platforms.contract import CASES, SLUG, There, there

HEAD = "venue_id,slug,key,enabled\n"
GOOD = f"{SLUG},{KEY},true"
BAD_KEY = "cm-secret-that-nobody-knows"


@pytest.fixture(scope="module")
def covermanager() -> Iterator[There]:
    with there(CASES["covermanager"]) as standin:
        yield standin


@pytest.fixture
def anchor(db_session: Any, covermanager: There) -> Iterator[Venue]:
    """A venue, and CoverManager in reach."""
    WebsiteFactory(id="the-anchor")
    venue: Venue = VenueFactory(website_id="the-anchor", name="The Anchor")
    db.session.commit()
    covermanager.set(per_minute=1000)
    policy.configure(Settings(env="test", outbound_allow="127.0.0.0/8"))
    registry.configure(Settings(env="test", covermanager_url=covermanager.url))
    yield venue
    registry.configure(Settings(env="test"))


def another(name: str, website: str = "the-anchor") -> Venue:
    venue: Venue = VenueFactory(website_id=website, name=name)
    db.session.commit()
    return venue


def bring(folder: Path, said: str, **how: Any) -> dict[int, Told]:
    """Bring a file in; what became of each line."""
    path = folder / "venues.txt"
    path.write_text(said, encoding="utf-8")
    told = list(Import(db.session(), Order(path, **how)).run(sleep=lambda _: None))
    for each in told:
        assert KEY not in each.text
        assert BAD_KEY not in each.text
    return {each.number: each for each in told}


def outcomes(told: dict[int, Told]) -> dict[int, str]:
    return {number: each.outcome for number, each in told.items()}


def connections() -> list[PlatformConnection]:
    return list(db.session.scalars(select(PlatformConnection).order_by(PlatformConnection.id)))


def events() -> list[Event]:
    query = select(Event).where(Event.subject_type == "platform").order_by(Event.id)
    return list(db.session.scalars(query))


def test_made_once_with_an_encrypted_account_and_an_event(anchor: Venue, tmp_path: Path) -> None:
    said = f"{HEAD}{anchor.id},{GOOD}\n"
    rehearsed = bring(tmp_path, said, dry_run=True)
    assert (outcomes(rehearsed), connections(), events()) == ({2: "made"}, [], [])
    assert outcomes(bring(tmp_path, said)) == {2: "made"}
    (made,) = connections()
    assert (made.venue_id, made.is_enabled, made.check_error) == (anchor.id, True, None)
    assert made.configuration == {"restaurant": SLUG, "api_key": KEY}
    stored = db.session.scalar(text("SELECT configuration FROM platform_connections"))
    assert KEY not in stored
    assert SLUG not in stored
    (event,) = events()
    assert (event.name, event.actor_label) == ("platform.connected", "Import")
    assert KEY not in json.dumps([event.changes, event.meta])
    assert outcomes(bring(tmp_path, said)) == {2: "already so"}
    assert len(events()) == 1


@pytest.mark.parametrize("word", ["THE ANCHOR", "the-anchor"])
def test_a_venue_by_its_name(anchor: Venue, tmp_path: Path, word: str) -> None:
    """Whole tables come with the other system's ids, and names as databases write them."""
    said = (
        "id;name;is_active;slug;coverManagerId;covermanager_api_key;uses_covermanager\n"
        f"17;{word};1;anchor-of-theirs;{SLUG};{KEY};t\n18;The Museum;1;museum;NULL;;f\n"
    )
    told = bring(tmp_path, said)
    assert outcomes(told) == {2: "made", 3: "read over"}
    (made,) = connections()
    assert made.configuration["restaurant"] == SLUG


def test_bad_lines_stop_no_others(anchor: Venue, tmp_path: Path) -> None:
    quay, pier = another("Quay Tables"), another("Pier Tables")
    another("Two Of Them")
    another("Two of them")
    lines = {
        2: f"{anchor.id},,{KEY},true",
        3: f"11111111-1111-4111-8111-111111111111,{GOOD}",
        4: f"{quay.id},{SLUG},,true",
        5: f"{quay.id},{SLUG},{KEY},perhaps",
        6: f"Two of them,{GOOD}",
        7: f"{pier.id},{SLUG},{KEY},true,more",
        8: f",{GOOD}",
        9: f"{pier.id},{GOOD}",
        10: f"{pier.id},{SLUG},{KEY},yes",
        11: f"{quay.id},{GOOD}",
        12: f"{quay.id},{SLUG},{BAD_KEY},false",
    }
    told = bring(tmp_path, HEAD + "\n".join(lines.values()))
    faults = {number: each.text for number, each in told.items() if each.is_fault}
    assert faults.pop(7).startswith("The row has 5 values")
    twice = "Quay Tables: lines 11 and 12 differ in enabled and key. Leave one of them."
    assert faults == {
        2: "The Anchor: the slug is missing.",
        3: "There is no venue with this id or name.",
        4: "Quay Tables: the key is missing.",
        5: "enabled must be true or false.",
        6: "It can mean more than one venue: name it by our id.",
        8: "It names no venue.",
        11: twice,
        12: twice,
    }
    assert (told[9].outcome, told[10].text) == ("made", "Pier Tables: the same as line 9.")
    assert [each.venue_id for each in connections()] == [pier.id]


def test_what_does_not_work_comes_in_switched_off(anchor: Venue, tmp_path: Path) -> None:
    quay = another("Quay Tables")
    said = f"{HEAD}{anchor.id},{SLUG},{BAD_KEY},true\n{quay.id},{GOOD[:-4]}\n"
    told = bring(tmp_path, said)
    assert told[2].is_fault
    assert "switched off, since it does not work" in told[2].text
    assert told[3].text == "Quay Tables, switched off."
    assert [each.is_enabled for each in connections()] == [False, False]
    assert connections()[0].check_error


def test_what_is_here_is_left_unless_asked(anchor: Venue, tmp_path: Path) -> None:
    bring(tmp_path, f"{HEAD}{anchor.id},{SLUG},{BAD_KEY},false\n")
    said = f"{HEAD}{anchor.id},{GOOD}\n"
    told = bring(tmp_path, said)
    assert told[2].text == "The Anchor: API key, whether it is on. Left as it is here."
    assert (told[2].is_fault, connections()[0].is_enabled) == (False, False)
    assert outcomes(bring(tmp_path, said, is_update=True, dry_run=True)) == {2: "changed"}
    assert not connections()[0].is_enabled
    assert outcomes(bring(tmp_path, said, is_update=True)) == {2: "changed"}
    (made,) = connections()
    assert (made.is_enabled, made.configuration["api_key"]) == (True, KEY)
    assert events()[-1].changes["API key"] == ["stored", "replaced"]
    broken = f"{HEAD}{anchor.id},{SLUG},{BAD_KEY},true\n"
    assert outcomes(bring(tmp_path, broken, is_update=True)) == {2: "rejected"}
    assert connections()[0].configuration["api_key"] == KEY


def test_json_lines(anchor: Venue, tmp_path: Path) -> None:
    rows: list[Any] = [
        {"venueId": str(anchor.id), "slug": SLUG, "apiKey": KEY, "enabled": True, "city": "x"},
        {"venue_name": "The Museum", "slug": None, "key": None, "enabled": False},
        {"venue_id": str(anchor.id), "slug": [SLUG], "key": KEY, "enabled": True},
        [SLUG],
    ]
    told = bring(tmp_path, "\n".join(map(json.dumps, rows)) + "\n\n{\n")
    assert outcomes(told) == {
        1: "made",
        2: "read over",
        **dict.fromkeys((3, 4, 6), "rejected"),
    }
    assert connections()[0].is_enabled


@pytest.mark.parametrize("said", ["", "venue_id,slug,enabled\n", "slug,key,enabled\n"])
def test_no_such_table(anchor: Venue, tmp_path: Path, said: str) -> None:
    with pytest.raises(CannotImport):
        bring(tmp_path, said)


def test_the_command(app: Flask, anchor: Venue, tmp_path: Path) -> None:
    path = tmp_path / "venues.csv"
    path.write_text(f"{HEAD}{anchor.id},{GOOD}\n", encoding="utf-8")
    runner = app.test_cli_runner()
    call = ["import", "covermanager", str(path)]
    dry = runner.invoke(args=[*call, "--dry-run"])
    assert (dry.exit_code, connections()) == (0, []), dry.output
    assert "A dry run: nothing was written." in dry.output
    done = runner.invoke(args=[*call, "--website", "the-anchor"])
    assert done.exit_code == 0, done.output
    assert "line    2  made        The Anchor, switched on." in done.output
    assert "1 lines: made 1." in done.output
    WebsiteFactory(id="elsewhere")
    db.session.commit()
    nowhere = runner.invoke(args=[*call, "--website", "elsewhere"])
    assert nowhere.exit_code == 1
    assert "rejected    There is no venue with this id or name." in nowhere.output
    assert runner.invoke(args=[*call, "--website", "none"]).exit_code == 1
    for each in (dry, done, nowhere):
        assert KEY not in each.output
