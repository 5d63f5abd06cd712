"""Who sees and does what on the Sync pages: manager, colleague, outsider, stranger, watcher."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from app.deliveries.models import Destination, State
from app.extensions import db
from app.messaging.models import MessageSettings
from app.staff.models import Role
from tests.desk import House, browser_of
from tests.factories import person
from tests.sync.traffic import answered, called, changed, delivery_of

WHO = [("manager", 200), ("colleague", 403), ("outsider", 404), ("nobody", 303)]


@pytest.fixture
def watcher(house: House) -> FlaskClient:
    """Somebody who may look but not send."""
    db.session.add(Role(name="watcher", permissions=["sync:view"]))
    db.session.flush()
    return browser_of(house.app, person("watcher", "ours"))


@pytest.mark.parametrize(("who", "answer"), WHO)
def test_who_sees_a_delivery(house: House, who: str, answer: int) -> None:
    delivery = delivery_of(changed())
    assert house.browser(who).get(f"/sync/deliveries/{delivery.id}").status_code == answer


@pytest.mark.parametrize(("who", "answer"), WHO)
def test_who_sees_a_call(house: House, who: str, answer: int) -> None:
    call = called()
    assert house.browser(who).get(f"/sync/calls/{call}").status_code == answer


@pytest.mark.parametrize(("who", "answer"), WHO)
def test_who_may_choose_the_website(house: House, who: str, answer: int) -> None:
    for path in ("/sync?website=ours", "/sync/pulse?website=ours&seen=x"):
        assert house.browser(who).get(path).status_code == answer


@pytest.mark.parametrize("tab", ["", "outbound", "inbound", "destinations"])
def test_lists_hold_only_ones_own_websites(house: House, tab: str) -> None:
    changed("ours", "OURS-1")
    changed("theirs", "THEIRS-1")
    answered(422)
    called("ours", error_message="ours went wrong", status="failed")
    called("theirs", error_message="theirs went wrong", status="failed")
    for who, mine, other in (("manager", "ours", "theirs"), ("outsider", "theirs", "ours")):
        page = house.browser(who).get(f"/sync?tab={tab}").get_data(as_text=True)
        for word in (f"{mine.upper()}-1", f"{mine} went wrong", f"website:{mine}"):
            assert (word in page) == (word in EXPECTED[tab].format(mine=mine, MINE=mine.upper()))
        for word in (f"{other.upper()}-1", f"{other} went wrong", f"website:{other}"):
            assert word not in page


EXPECTED = {
    "": "{MINE}-1 {mine} went wrong website:{mine}",
    "outbound": "{MINE}-1",
    "inbound": "{mine} went wrong",
    "destinations": "website:{mine}",
}


@pytest.mark.parametrize(
    ("who", "answer"), [("colleague", 403), ("outsider", 404), ("nobody", 303)]
)
@pytest.mark.parametrize("verb", ["again", "skip"])
def test_who_may_not_touch_a_delivery(house: House, who: str, answer: int, verb: str) -> None:
    booking = changed()
    answered(422)
    path = f"/sync/deliveries/{delivery_of(booking).id}/{verb}"
    assert house.browser(who).post(path).status_code == answer
    assert delivery_of(booking).state == State.FAILED


@pytest.mark.parametrize(
    ("who", "answer"), [("colleague", 403), ("outsider", 404), ("nobody", 303)]
)
def test_who_may_not_switch_a_destination(house: House, who: str, answer: int) -> None:
    delivery = delivery_of(changed())
    path = f"/sync/destinations/{delivery.destination_id}/switch"
    assert house.browser(who).post(path, data={"on": "0"}).status_code == answer


def test_who_may_look_may_not_send(house: House, watcher: FlaskClient) -> None:
    booking = changed()
    answered(422)
    delivery = delivery_of(booking)
    for verb in ("again", "skip"):
        assert watcher.post(f"/sync/deliveries/{delivery.id}/{verb}").status_code == 403
    switch = f"/sync/destinations/{delivery.destination_id}/switch"
    assert watcher.post(switch, data={"on": "0"}).status_code == 403
    assert watcher.post("/sync/again").status_code == 403
    for path in ("/sync", "/sync?tab=destinations", f"/sync/deliveries/{delivery.id}"):
        page = watcher.get(path).get_data(as_text=True)
        assert "Send" not in page
        assert "Switch off" not in page


def test_without_the_bookings_permission_the_reference_is_no_link(
    house: House, watcher: FlaskClient
) -> None:
    booking = changed()
    path = f"/sync/deliveries/{delivery_of(booking).id}"
    link = f'href="/bookings/{booking.id}"'
    assert link in house.browser("manager").get(path).get_data(as_text=True)
    assert link not in watcher.get(path).get_data(as_text=True)


def test_what_holds_personal_data_is_not_kept_by_the_browser(manager: FlaskClient) -> None:
    call = called()
    for path in ("/sync", f"/sync/calls/{call}", f"/sync/deliveries/{delivery_of(changed()).id}"):
        answer = manager.get(path)
        assert answer.headers["Cache-Control"] == "no-store"
        assert "HX-Request" in answer.headers["Vary"]


def test_lists_show_no_bodies(manager: FlaskClient) -> None:
    called()
    changed(customer_name="Somebody Else")
    for tab in ("", "outbound", "inbound"):
        page = manager.get(f"/sync?tab={tab}").get_data(as_text=True)
        assert "Demo Guest" not in page
        assert "Somebody Else" not in page


def test_failed_deliveries_show_in_the_menu(house: House) -> None:
    changed()
    answered(422)
    badge = '<span class="nav-badge tone-red">1</span>'
    assert badge in house.browser("manager").get("/websites").get_data(as_text=True)
    for who, path in (("colleague", "/bookings"), ("outsider", "/websites")):
        assert "nav-badge" not in house.browser(who).get(path).get_data(as_text=True)


def test_the_accounts_by_which_one_writes_are_shown_to_who_works_there(house: House) -> None:
    db.session.add(MessageSettings(website_id="ours", email_by="capture"))
    account = "email:capture:ours"
    db.session.add(Destination(key=account, channel="email", label="E-mail kept here"))
    db.session.flush()
    for who, shown in (("manager", True), ("outsider", False)):
        page = house.browser(who).get("/sync?tab=destinations").get_data(as_text=True)
        assert ("E-mail kept here" in page) is shown
