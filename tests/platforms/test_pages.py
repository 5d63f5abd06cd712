"""Pages of connections, for a manager, a colleague and an outsider; what is tried first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from app.crypto import keyring
from app.deliveries.models import Delivery, Destination, SyncLog
from app.events.actions import record
from app.events.models import SYSTEM, Event, NewEvent
from app.extensions import db
from app.ids import new_id
from app.platforms import exchanges
from app.platforms.models import PlatformConnection, PlatformReservation
from tests.desk import House, browser_of, build_house
from tests.factories import BookingFactory, holder, person
from tests.harness.counting import counted_queries
from tests.platforms.contract import There
from tests.platforms.linked import KEY, a_connection, a_restaurant, covermanager, typed

SEEN = {"colleague": 403, "outsider": 404, "nobody": 303}


@pytest.fixture
def house(app: Flask, db_session: object) -> House:
    return build_house(app)


@pytest.fixture
def manager(house: House) -> FlaskClient:
    return house.browser("manager")


@pytest.fixture
def place(house: House) -> Iterator[There]:
    with covermanager() as found:
        yield found


def only() -> PlatformConnection:
    return db.session.scalars(select(PlatformConnection)).one()


def said(name: str) -> list[Event]:
    return list(db.session.scalars(select(Event).where(Event.name == name).order_by(Event.id)))


def flashed(client: FlaskClient) -> str:
    with client.session_transaction() as cookie:
        return str(cookie.pop("_flashes", ""))


def kept_in(text: str) -> str:
    found = re.search(r'name="kept" value="([^"]+)"', text)
    assert found
    return found[1]


def post(client: FlaskClient, made: PlatformConnection, verb: str, **form: Any) -> Any:
    return client.post(f"/platforms/{made.id}/{verb}", data=form)


class TestWho:
    @pytest.mark.parametrize("who", list(SEEN))
    def test_only_who_may_sees_and_changes_one(self, house: House, who: str) -> None:
        made = a_connection(a_restaurant())
        client = house.browser(who)
        if who == "nobody":
            client.environ_base.pop("HTTP_X_CSRFTOKEN", None)
        for address in ("", "/edit", "/pull", "/log"):
            assert client.get(f"/platforms/{made.id}{address}").status_code == SEEN[who]
        for verb in ("switch", "move", "check", "pull", "words", "secret", "remove", "edit"):
            assert post(client, made, verb).status_code == SEEN[who], verb
        assert db.session.scalars(select(Event).where(Event.subject_type == "platform")).all() == []

    def test_a_manager_sees_the_connections_of_their_websites(self, house: House) -> None:
        a_connection(a_restaurant())
        a_connection(a_restaurant("theirs", "Their table"))
        page = house.browser("manager").get("/platforms")
        assert "The Anchor" in page.text
        assert "Their table" not in page.text
        assert house.browser("manager").get("/platforms?website=theirs").status_code == 404
        both = browser_of(house.app, person("superadmin"))
        assert "Their table" not in both.get("/platforms?website=ours").text

    def test_who_may_only_look_changes_nothing(self, house: House) -> None:
        made = a_connection(a_restaurant())
        client = browser_of(house.app, holder("ours", "platforms:view"))
        page = client.get(f"/platforms/{made.id}").text
        for button in ("Pull now", "Switch off", "Save the words", "Remove the connection"):
            assert button not in page
        assert post(client, made, "switch", on="0").status_code == 403
        assert client.get("/platforms").text.count("Switch off") == 0


class TestConnecting:
    def test_what_works_is_on_and_its_key_is_nowhere(
        self, house: House, manager: FlaskClient, place: There
    ) -> None:
        venue = a_restaurant()
        way = {"venue_id": venue.id, "platform_type": "covermanager"}
        form = manager.get("/platforms/new", query_string=way).text
        assert "Account at CoverManager" in form
        answer = manager.post("/platforms/new", data=typed(venue))
        assert answer.status_code == 303
        made = only()
        assert (made.is_enabled, made.priority, made.check_error) == (True, 1, None)
        assert made.configuration["api_key"] == KEY
        assert made.options == {}, "what is recommended is not kept"
        [event], [call] = said("platform.connected"), db.session.scalars(select(SyncLog)).all()
        assert (call.door, call.url) == (made.key, "covermanager:restaurant/list")
        page = manager.get(answer.location).text
        assert "Stored, never shown" in page
        audit = manager.get("/audit").text
        assert "connected the venue" in audit.lower()
        for told in (page, audit, repr((event.changes, event.meta)), form):
            assert KEY not in told

    def test_a_failed_test_saves_nothing_and_loses_nothing(
        self, manager: FlaskClient, place: There
    ) -> None:
        venue = a_restaurant()
        wrong = typed(venue, **{"account.api_key": "wrong-key-99", "options.host": "beta"})
        answer = manager.post("/platforms/new", data=wrong)
        assert answer.status_code == 422
        assert "It does not work." in answer.text
        assert "CoverManager says: " in answer.text
        assert db.session.scalars(select(PlatformConnection)).all() == []
        assert 'value="the-anchor-demo"' in answer.text
        assert '<option value="beta" selected' in answer.text
        assert "wrong-key-99" not in answer.text
        assert "Typed, and not saved yet" in answer.text
        kept = {"account.api_key": "", "kept": kept_in(answer.text), "do": "off"}
        assert manager.post("/platforms/new", data=typed(venue, **kept)).status_code == 303
        made = only()
        assert (made.is_enabled, made.configuration["api_key"]) == (False, "wrong-key-99")
        assert "CoverManager" in (made.check_error or "")
        assert (made.check_error or "") in manager.get(f"/platforms/{made.id}").text

    def test_sealed_secrets_open_for_who_typed_them_alone(
        self, house: House, manager: FlaskClient, place: There
    ) -> None:
        venue = a_restaurant()
        answer = manager.post("/platforms/new", data=typed(venue, do="test"))
        assert answer.status_code == 200
        assert "Nothing is saved yet." in answer.text
        assert db.session.scalars(select(PlatformConnection)).all() == []
        kept = {"account.api_key": "", "kept": kept_in(answer.text)}
        other = browser_of(house.app, person("admin", "ours"))
        refused = other.post("/platforms/new", data=typed(venue, **kept))
        assert "API key: is required." in refused.text
        assert manager.post("/platforms/new", data=typed(venue, **kept)).status_code == 303
        assert only().configuration["api_key"] == KEY

    def test_every_fault_is_told_at_once(self, manager: FlaskClient) -> None:
        venue = a_restaurant()
        form = {
            "venue_id": str(venue.id),
            "platform_type": "restoo",
            "account.base_url": "ftp://inside",
            "options.per_minute": "many",
        }
        answer = manager.post("/platforms/new", data=form)
        assert answer.status_code == 422
        for fault in ("Account: is required.", "must start with https://", "a whole number from 1"):
            assert fault in answer.text

    def test_a_venue_has_one_of_each(self, manager: FlaskClient, place: There) -> None:
        venue = a_restaurant()
        made = a_connection(venue)
        assert "connected to CoverManager already" in (
            manager.post("/platforms/new", data=typed(venue)).text
        )
        way = {"venue_id": venue.id, "platform_type": "covermanager"}
        there = manager.get("/platforms/new", query_string=way)
        assert there.location == f"/platforms/{made.id}"

    def test_an_outsiders_venue_is_no_choice(self, house: House, place: There) -> None:
        venue, client = a_restaurant(), house.browser("outsider")
        assert "The Anchor" not in client.get("/platforms/new").text
        assert client.post("/platforms/new", data=typed(venue)).status_code == 404


class TestChanging:
    def test_an_empty_secret_stays(self, manager: FlaskClient, place: There) -> None:
        made = a_connection(venue := a_restaurant())
        page = manager.get(f"/platforms/{made.id}/edit").text
        assert "Stored. Leave it empty to keep it." in page
        assert KEY not in page
        form = typed(venue, **{"account.api_key": "", "options.host": "beta"})
        assert post(manager, made, "edit", **form).status_code == 303
        assert (only().configuration["api_key"], only().options) == (KEY, {"host": "beta"})
        [event] = said("platform.changed")
        assert event.changes == {"System": ["Live", "Beta"]}

    def test_one_that_is_on_is_not_broken(self, manager: FlaskClient, place: There) -> None:
        made = a_connection(venue := a_restaurant())
        form = typed(venue, **{"account.api_key": "wrong-key-99"})
        answer = post(manager, made, "edit", **form)
        assert answer.status_code == 422
        assert "Save switched off" in answer.text
        assert only().configuration["api_key"] == KEY

    def test_secrets_do_not_go_to_another_address(self, manager: FlaskClient) -> None:
        made = a_connection(a_restaurant(), "restoo", is_enabled=False)
        form = {"account.account": "A-1", "account.partner_id": "p-1"}
        form["account.base_url"] = "https://elsewhere.example.com"
        answer = post(manager, made, "edit", **form)
        assert answer.status_code == 422
        assert "it would go to another address" in answer.text

    def test_the_order_of_a_venue(self, manager: FlaskClient) -> None:
        venue = a_restaurant()
        first, second = a_connection(venue), a_connection(venue, "restoo", priority=2)
        other = a_connection(a_restaurant(name="Another"), priority=7)
        assert post(manager, second, "move", up="1").status_code == 303
        assert (first.priority, second.priority, other.priority) == (2, 1, 7)
        assert post(manager, second, "move", up="1").status_code == 303
        assert (first.priority, second.priority) == (2, 1)
        assert [event.changes for event in said("platform.moved")] == [{"priority": [2, 1]}]
        page = manager.get("/platforms").text
        assert page.index("Restoo</td>") < page.index("CoverManager</td>", page.index("The Anchor"))

    def test_switching_on_wants_a_test(self, manager: FlaskClient, place: There) -> None:
        made = a_connection(a_restaurant(), is_enabled=False)
        made.configuration = {**made.configuration, "api_key": "wrong-key-99"}
        post(manager, made, "switch", on="1")
        assert "It stays off." in flashed(manager)
        assert (made.is_enabled, bool(made.check_error)) == (False, True)
        made.configuration = {**made.configuration, "api_key": KEY}
        post(manager, made, "switch", on="1")
        assert (made.is_enabled, made.check_error) == (True, None)
        post(manager, made, "switch", on="0")
        assert [len(said(f"platform.{name}")) for name in ("enabled", "disabled")] == [1, 1]

    def test_a_test_is_kept_with_its_calls(self, manager: FlaskClient, place: There) -> None:
        made = a_connection(a_restaurant())
        place.fail(mode="error")
        post(manager, made, "check")
        fault = made.check_error
        assert fault
        assert "Failing" in manager.get("/platforms").text
        post(manager, made, "check")
        assert made.check_error is None
        calls = db.session.scalars(select(SyncLog.status).order_by(SyncLog.id)).all()
        assert calls == ["failed", "success"]
        assert [event.meta["works"] for event in said("platform.checked")] == [False, True]


class TestPulling:
    def test_the_page_asks_while_one_is_under_way(self, manager: FlaskClient) -> None:
        made, htmx = a_connection(a_restaurant()), {"HX-Request": "true"}
        address = f"/platforms/{made.id}/pull"
        begun = manager.post(address, headers=htmx).text
        assert made.sync_wanted_at is not None
        assert "Waiting for a worker" in begun
        assert "data-poll" in begun
        made.sync_state = {"pages": 2, "seen": 1340}
        made.sync_lease_until = datetime.now(UTC) + timedelta(minutes=1)
        made.sync_wanted_at = None
        db.session.flush()
        running = manager.get(address, headers=htmx).text
        assert "2 pages, 1,340 reservations" in running
        assert "data-poll" in running
        made.sync_lease_until, made.last_synced_at = None, datetime.now(UTC)
        db.session.flush()
        ended = manager.get(address, headers=htmx).text
        assert "Last pull" in ended
        assert "data-poll" not in ended
        assert "Pull now" in ended

    def test_where_none_can_be_it_says_why(self, manager: FlaskClient) -> None:
        venue = a_restaurant()
        off = a_connection(venue, is_enabled=False)
        deaf = a_connection(venue, "restoo")
        for made, why in ((off, "Switch the connection on first"), (deaf, "does not tell its res")):
            post(manager, made, "pull")
            assert why in flashed(manager)
            assert made.sync_wanted_at is None
        assert "does not tell its reservations" in manager.get(f"/platforms/{deaf.id}").text


def a_reservation(made: PlatformConnection, state: str = "live", **fields: Any) -> Any:
    day = fields.pop("day", date(2031, 5, 1))
    booking = BookingFactory(website_id=made.website_id, venue_id=made.venue_id, activity_date=day)
    row = PlatformReservation(
        website_id=made.website_id,
        connection_id=made.id,
        booking_id=booking.id,
        is_ours=True,
        state=state,
        **fields,
    )
    db.session.add(row)
    db.session.flush()
    return row


class TestWords:
    def test_unknown_ones_come_first_and_are_explained(self, manager: FlaskClient) -> None:
        made = a_connection(a_restaurant())
        for word in ("9", "9", "1"):
            a_reservation(made, raw_status=word)
        made.sync_state = {"unknown": {"11": 3}}
        page = manager.get(f"/platforms/{made.id}").text
        assert "Nobody has said what 11, 9 mean" in page
        lines = {"word.0": "9", "status.0": "", "word.1": "11", "status.1": "no_show"}
        usual = {"word.2": "1", "status.2": "confirmed", "word.3": "2", "status.3": "?"}
        post(manager, made, "words", **lines, **usual)
        assert made.statuses == {"9": "", "11": "no_show"}
        assert "Nobody has said" not in manager.get(f"/platforms/{made.id}").text
        [event] = said("platform.words_changed")
        assert event.changes == {"statuses": [[], ["11: no_show", "9: nothing"]]}
        post(manager, made, "words", **{"word.0": "5", "status.0": "nonsense"})
        assert "Choose one of our statuses" in flashed(manager)

    def test_the_webhook_s_secret_is_shown_once(self, manager: FlaskClient) -> None:
        made = a_connection(a_restaurant())
        page = manager.get(f"/platforms/{made.id}").text
        assert f"/api/webhooks/platforms/covermanager/{made.id}" in page
        answer = post(manager, made, "secret")
        secret = made.webhook_secret or ""
        assert len(secret) >= 32
        assert secret in answer.text
        assert answer.headers["Cache-Control"] == "no-store"
        assert secret not in manager.get(f"/platforms/{made.id}").text
        post(manager, made, "secret")
        assert made.webhook_secret != secret


class TestLog:
    def test_it_is_narrowed_opened_and_read_in_stretches(
        self, house: House, manager: FlaskClient
    ) -> None:
        made = a_connection(a_restaurant())
        for number in range(60):
            a_call(made, "platform.pull", url=f"covermanager:page{number}")
        failed = a_call(made, "booking.created", status="failed", error_message="It is full.")
        a_call(a_connection(a_restaurant(name="Elsewhere")), "platform.check")
        address = f"/platforms/{made.id}/log"
        first = manager.get(address).text
        assert "It is full." in first
        assert first.count("data-row=") == 50
        following = re.search(r'hx-get="([^"]+after=[^"]+)"', first)
        assert following
        more = manager.get(
            following[1].replace("&amp;", "&"), headers={"HX-Request": "true", "HX-Target": "more"}
        ).text
        assert "page0<" in more
        assert more.count("data-row=") == 11
        assert "<html" not in more
        only_failed = manager.get(f"{address}?answer=failed").text
        assert only_failed.count("data-row=") == 1
        assert manager.get(f"{address}?kind=booking").text.count("data-row=") == 1
        assert "No exchanges match" in manager.get(f"{address}?kind=check").text
        one = manager.get(f"{address}/{failed.id}").text
        assert "It is full." in one
        assert "&#34;people&#34;: 2" in one
        assert manager.get(f"{address}/{failed.id + 1}").status_code == 404

    def test_its_index_serves_it(self, db_session: object) -> None:
        db.session.execute(text("SET LOCAL enable_seqscan = off"))
        query = exchanges.logged(PlatformConnection(id=new_id(), website_id="ours"))
        dialect = db.engine.dialect
        sql = query.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
        plan = db.session.execute(text(f"EXPLAIN {sql}".replace(":", "\\:")))
        assert "ix_sync_logs_platforms" in str(plan.all())


def a_call(made: PlatformConnection, event_type: str, **fields: Any) -> SyncLog:
    usual = {"direction": "outbound", "status": "success", "http_status": 200, "duration_ms": 12}
    row = SyncLog(
        website_id=made.website_id,
        door=made.key,
        event_type=event_type,
        **{**usual, "request_body": '{"people": 2}', **fields},
    )
    db.session.add(row)
    db.session.flush()
    return row


class TestRemoving:
    def test_not_while_something_stands_on_it(self, manager: FlaskClient) -> None:
        made = a_connection(a_restaurant())
        row = a_reservation(made)
        post(manager, made, "remove", forget="1")
        assert "still to come: 1" in flashed(manager)
        row.state = "unknown"
        assert "cannot be removed now" in manager.get(f"/platforms/{made.id}").text
        row.state = "cancelled"
        waiting = on_its_way(made)
        post(manager, made, "remove", forget="1")
        assert "under Sync first" in flashed(manager)
        waiting.state = "skipped"
        post(manager, made, "remove")
        assert "Tick that this is meant" in flashed(manager)
        assert post(manager, made, "remove", forget="1").location == "/platforms"
        assert db.session.scalars(select(PlatformConnection)).all() == []
        [event] = said("platform.removed")
        assert event.meta == {"connection": "The Anchor, CoverManager", "forgotten": 1}


def on_its_way(made: PlatformConnection) -> Delivery:
    there = Destination(key=made.key, channel="platform", label="x", website_id=made.website_id)
    db.session.add(there)
    db.session.flush()
    event = record(db.session(), SYSTEM, NewEvent("x", "x", "x", website_id=made.website_id))
    about = {"event_id": event, "destination_id": there.id, "website_id": made.website_id}
    row = Delivery(**about, channel="platform", lane="x", position=1, state="failed")
    db.session.add(row)
    db.session.flush()
    return row


def test_no_page_asks_much(house: House, manager: FlaskClient) -> None:
    made = a_connection(a_restaurant())
    a_call(made, "platform.check")
    for address in ("", f"/{made.id}", f"/{made.id}/log", f"/{made.id}/edit"):
        manager.get(f"/platforms{address}")
        with counted_queries(house.app) as asked:
            assert manager.get(f"/platforms{address}").status_code == 200
        assert len(asked) <= 12, (address, asked)


def test_the_way_there(house: House, manager: FlaskClient) -> None:
    assert "/platforms" not in manager.get("/profile").text, "nobody sells tables"
    venue = a_restaurant()
    assert 'href="/platforms"' in manager.get("/profile").text
    assert f"/platforms?venue_id={venue.id}" in manager.get(f"/venues/{venue.id}").text
    assert "No platforms yet" in manager.get(f"/platforms?venue_id={venue.id}").text


@pytest.mark.parametrize("number", ["0", "9223372036854775808", "9" * 30])
def test_an_exchange_that_cannot_be_is_not_there(
    house: House, manager: FlaskClient, number: str
) -> None:
    there = a_connection(a_restaurant())
    assert manager.get(f"/platforms/{there.id}/log/{number}").status_code == 404


def test_what_was_sealed_for_another_purpose_holds_no_secrets(
    house: House, manager: FlaskClient
) -> None:
    venue = a_restaurant()
    there = a_connection(venue, is_enabled=False)
    for kept in ("5", "null", "[1, 2]", "{}"):
        form = {**typed(venue), "kept": keyring.encrypt(kept), "do": "off"}
        assert manager.post(f"/platforms/{there.id}/edit", data=form).status_code < 500
