"""Restoo: what is known of it, each thing that is not, and the clock of the venue."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.config import Settings
from app.outbound import Answer, Outgoing, Unreachable
from app.platforms.base import Capability, PlatformError, Reservation, Wanted
from app.platforms.calling import within
from app.platforms.restoo import Restoo
from app.platforms.restoo_wire import booking_at, complaint_of, free_times, number_of, reason_for
from demo.standins.restoo.anchor import ACCOUNT, KEY, PARTNER
from tests.platforms.contract import CASES, HTTP, There, there
from tests.platforms.test_contract import ANA, DAY, create, failed

OFF = {"availability": "off", "status_check": "off"}
"""As recommended: the suite runs with both on."""


@pytest.fixture
def place() -> Iterator[There]:
    with there(CASES["restoo"]) as found:
        yield found


def made_of(place: There, wanted: Wanted = ANA, **options: str) -> Reservation:
    account = place.account(**options)
    made: Reservation = place.do(lambda p: p.create_reservation(wanted), account)
    return made


def sent_by(act: Any, body: bytes = b'{"uuid": "u-1"}', status: int = 201, **kept: str) -> Outgoing:
    """The call that is made without a stand-in."""
    seen: list[Outgoing] = []

    async def send(outgoing: Outgoing) -> Answer:
        seen.append(outgoing)
        return Answer(status, {}, body, 1)

    account = replace(There(CASES["restoo"], "").account(**kept), base_url="")
    asyncio.run(act(Restoo(account, send)))
    (only,) = seen
    return only


def test_what_is_said_of_a_booking() -> None:
    call = sent_by(lambda p: p.create_reservation(ANA), base_url="https://api.restoo.example/ ")
    assert (call.method, call.url) == (
        "POST",
        f"https://api.restoo.example/api/{PARTNER}/v3/booking",
    )
    assert call.headers == {
        "Account": ACCOUNT,
        "Authorization": f"Bearer {KEY}",
        "Content-Type": "application/json",
    }
    assert json.loads(call.body) == {
        "bookingExternalId": "Hub-TB-0001",
        "bookingAt": "2027-03-12T20:00:00+01:00",
        "pax": 2,
        "customerSpecialRequests": "By the window",
        "customer": {"name": "Ana Demo", "email": "ana@example.com", "phoneE164": "+34600111222"},
    }
    nameless = replace(ANA, email="", phone="", requests="", again=1)
    said = json.loads(sent_by(lambda p: p.create_reservation(nameless), prefix="OB").body)
    assert said["customer"] == {"name": "Ana Demo"}
    assert (said["customerSpecialRequests"], said["bookingExternalId"]) == ("", "OB-TB-0001-2")


def test_what_is_said_of_a_cancellation() -> None:
    call = sent_by(lambda p: p.cancel_reservation("u/1"), b"", 204)
    assert (call.method, call.url.split("/v3/")[1]) == ("POST", "booking/u%2F1/cancel")
    assert json.loads(call.body) == {"cancelReason": "OTHER"}


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("", "OTHER"),
        ("Storm", "OTHER"),
        ("BOOKED_ANOTHER_PLACE", "BOOKED_ANOTHER_PLACE"),
        ("changed_plans", "CHANGED_PLANS"),
        ("Change of plans, sorry", "CHANGED_PLANS"),
        ("Our plans have changed", "CHANGED_PLANS"),
        ("They found another restaurant", "BOOKED_ANOTHER_PLACE"),
        ("We go elsewhere", "BOOKED_ANOTHER_PLACE"),
        ("No planning permission", "OTHER"),
    ],
)
def test_reasons_in_its_own_words(words: str, reason: str) -> None:
    assert reason_for(words, "OTHER") == reason


def test_the_usual_reason_can_be_chosen(place: There) -> None:
    made = create(place)
    account = place.account(cancel_reason="CHANGED_PLANS")
    place.do(lambda p: p.cancel_reservation(made.external_id, "Storm"), account)
    assert place.state()["bookings"][0]["reason"] == "CHANGED_PLANS"


# ---------------------------------------------------------------- the clock
ZONES = ("Europe/Malta", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC")
marks = st.builds(
    lambda hour, quarter: f"{hour:02}:{quarter * 15:02}", st.integers(0, 23), st.integers(0, 3)
)


@settings(max_examples=60, deadline=None)
@given(st.dates(date(2024, 1, 1), date(2030, 12, 31)), marks, st.sampled_from(ZONES))
@example(date(2027, 3, 28), "02:30", "Europe/Malta")
@example(date(2027, 10, 31), "02:30", "Europe/Malta")
@example(date(2027, 10, 3), "02:15", "Australia/Lord_Howe")
def test_the_venues_time_has_the_offset_of_that_moment(day: date, time: str, zone: str) -> None:
    told = booking_at(day, time, zone)
    moment = datetime.fromisoformat(told)
    assert moment.astimezone(ZoneInfo(zone)).isoformat() == told  # such a time does exist there
    assert (moment.second, moment.minute % 15) == (0, 0)
    wall = datetime.fromisoformat(f"{day}T{time}")
    offsets = {wall.replace(tzinfo=ZoneInfo(zone), fold=fold).utcoffset() for fold in (0, 1)}
    if moment.replace(tzinfo=None) != wall:  # skipped: what the clock shows instead
        before, after = sorted(each for each in offsets if each is not None)
        assert moment.replace(tzinfo=None) == wall + (after - before)
    assert moment.utcoffset() in offsets


@pytest.mark.parametrize(
    ("day", "time", "told"),
    [
        ("2025-06-26", "19:30", "2025-06-26T19:30:00+02:00"),
        ("2027-01-05", "19:30", "2027-01-05T19:30:00+01:00"),
        ("2027-03-28", "01:45", "2027-03-28T01:45:00+01:00"),
        ("2027-03-28", "02:30", "2027-03-28T03:30:00+02:00"),
        ("2027-03-28", "03:00", "2027-03-28T03:00:00+02:00"),
        ("2027-10-31", "02:30", "2027-10-31T02:30:00+02:00"),
        ("2027-10-31", "03:00", "2027-10-31T03:00:00+01:00"),
    ],
)
def test_around_daylight_saving(place: There, day: str, time: str, told: str) -> None:
    made_of(place, replace(ANA, day=date.fromisoformat(day), time=time))
    assert place.state()["bookings"][0]["said"]["bookingAt"] == told


@pytest.mark.parametrize(
    ("time", "nearest"),
    [
        ("19:37", "19:30 and 19:45"),
        ("19:31", "19:30 and 19:45"),
        ("23:50", "23:45 and 00:00 of the next day"),
        ("Morning", "no time 'Morning'"),
    ],
)
def test_another_minute_is_refused_before_anything_is_sent(
    place: There, time: str, nearest: str
) -> None:
    error = failed(place, replace(ANA, time=time))
    assert (error.permanent, error.unclear) == (True, False)
    assert nearest in error.message
    assert place.state()["calls"] == []


# ---------------------------------------------------------------- what is not known
def test_a_name_that_was_used_before(place: There) -> None:
    first, second = create(place), create(place)
    assert first.external_id != second.external_id
    place.set(repeated="same")
    assert create(place).external_id == second.external_id
    place.set(repeated="409")
    error = failed(place)
    assert (error.unclear, error.permanent, error.code) == (True, False, "409")
    assert "Look there" in error.message
    place.do(lambda p: p.cancel_reservation(first.external_id))
    assert create(place, replace(ANA, again=1)).external_id not in (
        first.external_id,
        second.external_id,
    )


def test_success_without_an_id_is_unclear(place: There) -> None:
    place.fail(mode="hollow", on="booking")
    assert failed(place).unclear
    assert len(place.live()) == 1
    for body in (b"[]", b"", b'{"uuid": ""}', b'{"message": "Created"}', b'{"error": "Hm"}'):
        with pytest.raises(PlatformError) as caught:
            sent_by(lambda p: p.create_reservation(ANA), body, 200)
        assert (caught.value.unclear, caught.value.permanent) == (True, False)


def test_its_status_is_kept_as_it_is(place: There) -> None:
    place.set(status_word="WaitingForDeposit")
    assert create(place).raw_status == "WaitingForDeposit"
    place.set(status_word="REJECTED")
    error = failed(place)
    assert (error.permanent, error.unclear, error.code) == (True, False, "off")
    assert "REJECTED" in error.message


@pytest.mark.parametrize("again", [200, 409, 410, 404])
def test_cancelling_what_is_off(place: There, again: int) -> None:
    place.set(cancelled_again=again, cancel_answer="empty")
    made, account = create(place), place.account()
    place.do(lambda p: p.cancel_reservation(made.external_id))
    assert place.live() == []
    if again == 404:  # it may as well be a wrong partner ID
        with pytest.raises(PlatformError) as caught:
            place.do(lambda p: p.cancel_reservation(made.external_id))
        assert (caught.value.permanent, caught.value.code) == (True, "404")
        account = place.account(cancel_404="gone")
    place.do(lambda p: p.cancel_reservation(made.external_id), account)


def test_a_refused_cancellation_is_a_fault(place: There) -> None:
    made = create(place)
    for status, words in ((422, "Not now"), (403, "Already cancelled? Not yours")):
        place.fail(mode="refuse", status=status, words=words)
        with pytest.raises(PlatformError, match=words.split("?")[0]) as caught:
            place.do(lambda p: p.cancel_reservation(made.external_id))
        assert caught.value.permanent
    place.fail(mode="error_done", on="booking/cancel")
    with pytest.raises(PlatformError) as caught:
        place.do(lambda p: p.cancel_reservation(made.external_id))
    assert caught.value.unclear


@pytest.mark.parametrize("words", ["error", "message"])
def test_guests_that_it_takes_for_made_up(place: There, words: str) -> None:
    place.set(refuses_fakes=True, words=words)
    error = failed(place)
    assert (error.permanent, error.code) == (True, "422")
    assert "Test or fake customer data" in error.message
    assert create(place, replace(ANA, last_name="Real", email="ana@mail.tld")).external_id


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"error": "Bad Request", "message": ["pax", "name"]}, "Bad Request: pax, name"),
        ({"error": {"message": "No such account"}}, "No such account"),
        ({"error": "Same", "message": "Same"}, "Same"),
    ],
)
def test_the_words_of_a_failure(said: Any, words: str) -> None:
    complaint = complaint_of(said)
    assert complaint is not None
    assert complaint.text == words
    with pytest.raises(PlatformError, match=words.split(":", 1)[0]):
        sent_by(lambda p: p.create_reservation(ANA), json.dumps(said).encode(), 400)


def test_neither_words_nor_an_error() -> None:
    answers: list[Any] = [{}, {"error": None}, [], "no", 3]
    for said in answers:
        assert complaint_of(said) is None


# ---------------------------------------------------------------- availability
def test_free_tables_are_asked_for_only_if_that_is_switched_on(place: There) -> None:
    account = place.account(**OFF)
    with pytest.raises(PlatformError) as caught:
        place.do(lambda p: p.check_availability(DAY, "20:00", 2), account)
    assert caught.value.code == "unable"
    assert place.state()["calls"] == []

    async def nobody(outgoing: Outgoing) -> Unreachable:
        return Unreachable("connect", "")

    assert Restoo(account, nobody).capabilities == frozenset()
    assert Restoo(place.account(), nobody).capabilities == {Capability.AVAILABILITY}


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("free", ["rows", "times", "moments", "flag"])
def test_every_likely_answer_about_free_tables(place: There, method: str, free: str) -> None:
    place.set(availability=method, free=free)
    account = place.account(availability=method)
    summer = replace(ANA, day=date(2027, 7, 2), party_size=6)
    made_of(place, summer)

    def times(time: str, party: int) -> Any:
        return place.do(lambda p: p.check_availability(summer.day, time, party), account)

    assert not times("20:15", 6).has("20:15")
    assert times("20:15", 4).has("20:15")
    assert times("22:07", 6).has("22:00")
    assert not times("22:07", 6).has("22:07")
    place.set(availability="post" if method == "get" else "get")
    with pytest.raises(PlatformError, match="404"):
        times("20:15", 4)


def test_an_answer_about_free_tables_that_says_nothing(place: There) -> None:
    for mode in ("hollow", "garbage", "down"):
        place.fail(mode=mode)
        with pytest.raises(PlatformError):
            place.do(lambda p: p.check_availability(DAY, "20:00", 2))
    for said in ({"slots": "none"}, ["soon"], [{"when": "20:00"}], [20], "yes", {}):
        assert free_times(said, DAY, "20:00", "Europe/Malta") is None
    other_day = ["2027-03-12T23:30:00+00:00", "2027-03-12T19:00:00+00:00"]
    assert free_times(other_day, DAY, "20:00", "Europe/Malta") == ["20:00"]


# ---------------------------------------------------------------- the account
def test_what_cannot_be_checked_is_not_said_to_be(place: There) -> None:
    for account in (place.account(**OFF), place.account(**OFF, api_key="wrong")):
        checked = place.do(lambda p: p.check_auth(), account)
        assert (checked.works, checked.is_sure) == (True, False)
        assert "cannot be told without making a booking" in checked.message
    missing = place.do(lambda p: p.check_auth(), place.account(**OFF, api_key=" ", account=""))
    assert (missing.works, missing.message) == (False, "Missing: Account, API key.")
    assert place.state()["calls"] == []
    call = sent_by(lambda p: p.check_auth(), b"<p>", 404, **OFF)
    assert (call.method, call.headers, PARTNER in call.url) == ("GET", {}, False)


def test_an_address_where_nobody_answers(place: There) -> None:
    away = replace(place.account(**OFF), base_url="http://127.0.0.1:9")
    with pytest.raises(PlatformError, match="cannot be reached"):
        place.do(lambda p: p.check_auth(), away)
    with pytest.raises(PlatformError, match="503"):
        sent_by(lambda p: p.check_auth(), b"", 503, **OFF)
    for nowhere in ("", "restoo.example"):
        account = replace(place.account(**OFF, base_url=nowhere), base_url="")
        checked = place.do(lambda p: p.check_auth(), account)
        assert not checked.works
        assert "https://" in checked.message


def test_what_the_status_call_is_worth(place: There) -> None:
    wrong = place.account(api_key="wrong")
    assert not place.do(lambda p: p.check_auth(), wrong).works
    place.set(status="html")
    checked = place.do(lambda p: p.check_auth(), wrong)
    assert (checked.works, checked.is_sure) == (True, False)
    assert "first booking" in checked.message
    place.set(status="404")
    assert not place.do(lambda p: p.check_auth()).works


def test_production_refuses_what_stands_in_for_it() -> None:
    live = Settings(env="production", restoo_url="http://127.0.0.1:1")
    assert [fault for fault in live.unsafe_settings() if "RESTOO_URL" in fault]


def test_who_waits_too_long_has_no_answer() -> None:
    async def slow(outgoing: Outgoing) -> Answer:
        await asyncio.sleep(5)
        raise AssertionError

    async def ask() -> Answer | Unreachable:
        return await within(slow, 0.02)(Outgoing("http://x", {}, b""))

    answer = asyncio.run(ask())
    assert isinstance(answer, Unreachable)
    assert (answer.kind, answer.arrived) == ("timeout", True)
    said = ("3", "0.5", "-1", "many", "nan", "inf", "90")
    assert [number_of(each, 15, 15) for each in said] == [3, 15, 15, 15, 15, 15, 15]


# ---------------------------------------------------------------- the stand-in
def test_the_stand_in_demands_what_the_contract_says(place: There) -> None:
    well = json.loads(sent_by(lambda p: p.create_reservation(ANA)).body)
    url = f"{place.url}/api/{PARTNER}/v3/booking"
    headers = {"Account": ACCOUNT, "Authorization": f"Bearer {KEY}"}

    def answer(headers: dict[str, str] = headers, path: str = "", **wrong: Any) -> int:
        said = {**well, **wrong}
        return HTTP.post(url + path, json=said, headers=headers).status_code

    at = "2027-03-12T20:00:00"
    for moment in (at, f"{at}Z", f"{at}+02:00", f"{at[:-2]}30+01:00", "2027-03-12T20:05:00+01:00"):
        assert answer(bookingAt=moment) == 422
    for customer in ({}, {"name": "A", "email": "a"}, {"name": "A", "phoneE164": "600"}):
        assert answer(customer=customer) == 422
    assert answer(pax="2") == answer(pax=0) == answer(customerSpecialRequests=None) == 422
    assert answer(headers={**headers, "Account": "other"}) == 401
    assert answer(headers={"Account": ACCOUNT}) == 401
    assert answer(path="/none/cancel", cancelReason="STORM") == 422
    assert answer(path="/none/cancel", cancelReason="OTHER") == 404
    assert place.held() == []
    assert answer() == 201
    (held,) = place.held()
    assert HTTP.delete(f"{url}/{held.external_id}").status_code == 405
    assert len(place.live()) == 1


def test_the_page_of_the_stand_in(place: There) -> None:
    made = create(place)
    today = datetime.now(UTC).date() + timedelta(days=1)
    form = {"date": f"{today}", "hour": "12:15", "pax": "2", "name": "Pia", "phone": "+34600111222"}

    def post(path: str, said: dict[str, str]) -> httpx.Response:
        return HTTP.post(f"{place.url}/desk/{path}", data=said, follow_redirects=True)

    page = post("new", form).text
    for shown in ("Ana Demo", "Hub-TB-0001", made.external_id[:8], "Pia", "12:15"):
        assert shown in page
    assert KEY not in page + json.dumps(place.state())
    assert post("new", {**form, "pax": "99"}).status_code == 409
    assert "cancelled (OTHER)" in post("act", {"id": made.external_id, "act": "Call off"}).text
    assert len(place.live()) == 1
