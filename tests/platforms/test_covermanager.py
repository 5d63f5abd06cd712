"""CoverManager: what its sources say, and each thing about which they disagree."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.platforms.base import PlatformError
from app.platforms.covermanager_wire import complaint_of, free_times, split_phone
from demo.standins.covermanager.server import KEY
from tests.platforms.contract import CASES, SLUG, There, there
from tests.platforms.test_contract import ANA, DAY, create, failed, find


@pytest.fixture
def place() -> Iterator[There]:
    with there(CASES["covermanager"]) as found:
        yield found


def said(place: There) -> Any:
    return place.state()["reservations"][-1]["said"]


@pytest.mark.parametrize(
    ("answer", "is_well"),
    [
        ({"resp": 1}, True),
        ({"resp": "1"}, True),
        ({"availability": {}}, True),
        ({"resp": 0}, False),
        ({"resp": "0", "status": "full"}, False),
        ({"resp": None}, False),
        ({"resp": True}, False),
        ({"resp": 2}, False),
        ({"resp": "OK"}, False),
        ({"error": "what?"}, False),
    ],
)
def test_what_the_envelope_says(answer: dict[str, Any], is_well: bool) -> None:
    assert (complaint_of(answer) is None) == is_well


def test_the_words_of_a_failure() -> None:
    both = complaint_of({"resp": 0, "error": "second", "status": "first"})
    assert both is not None
    assert both.text == "first"
    for name in ("error", "status"):
        denied = complaint_of({"resp": 0, name: "Action not permited"})
        assert denied is not None
        assert (denied.permanent, denied.code) == (True, "not_permitted")


@pytest.mark.parametrize(
    ("answer", "times"),
    [
        ({"people": {"2": {"20:00": {"discount": False}}}, "hours": []}, ["20:00"]),
        ({"people": {"2": {"20:00": {"discount": 20}, "21:00": False}}}, ["20:00"]),
        ({"hours": {"20:00": {"2": {"discount": False}}, "21:00": {"4": {}}}}, ["20:00"]),
        ({"people": {"4": {"20:00": {"discount": False}}}}, []),
        ({"people": [], "hours": []}, []),
        ({"people": {"2": []}}, []),
        ([], []),
    ],
)
def test_what_is_free(answer: Any, times: list[str]) -> None:
    assert free_times(answer, 2) == times


def test_phones_are_split() -> None:
    assert split_phone("+34600111222") == ("34", "600111222")
    assert split_phone("+390612345678") == ("39", "0612345678")
    assert split_phone("") == ("", "")


def test_the_key_is_where_each_call_wants_it(place: There) -> None:
    seen = []

    async def send(outgoing: Any) -> Any:
        seen.append(outgoing)
        raise PlatformError("enough")

    made = CASES["covermanager"].kind.open(place.account(api_key="a/b?c"), send)
    for call in (made.check_auth(), made.list_reservations(DAY, DAY), made.create_reservation(ANA)):
        with pytest.raises(PlatformError):
            asyncio.run(call)
    listing, page, post = seen
    assert listing.url.endswith("/api/restaurant/list/a%2Fb%3Fc/")
    assert page.url.endswith(f"/get_reservs/a%2Fb%3Fc/{SLUG}/2027-03-12/2027-03-12/0/0")
    assert (listing.headers, listing.method) == ({}, "GET")
    assert post.headers == {"apikey": "a/b?c", "Content-Type": "application/json"}
    assert "a%2Fb" not in post.url


def test_its_own_hosts() -> None:
    kind = CASES["covermanager"].kind
    for host, url in (("live", "https://www."), ("beta", "https://beta.")):
        account = There(CASES["covermanager"], "").account(host=host)

        async def send(outgoing: Any, url: str = url) -> Any:
            assert outgoing.url.startswith(f"{url}covermanager.com/api/restaurant/list/")
            raise PlatformError("enough")

        with pytest.raises(PlatformError, match="enough"):
            asyncio.run(kind.open(account, send).check_auth())


def test_what_is_said_of_a_booking(place: There) -> None:
    create(place)
    assert said(place) == {
        "restaurant": SLUG,
        "date": "2027-03-12",
        "hour": "20:00",
        "people": "2",
        "first_name": "Ana",
        "last_name": "Demo",
        "email": "ana@example.com",
        "int_call_code": "34",
        "phone": "600111222",
        "source": "OneBooking",
        "commentary": "By the window",
        "language": "english",
        "pending": "0",
        "discount": "0",
        "not_notify": "1",
        "ref": "TB-0001",
    }


def test_each_way_of_saying_it_can_be_chosen(place: There) -> None:
    place.set(call_code="plus", language="codes", force_path="force")
    assert failed(place).permanent
    account = place.account(
        call_code="plus", language="codes", not_notify="0", source="The desk", force_path="force"
    )
    spanish = replace(ANA, language="es-ES")
    place.do(lambda p: p.create_reservation(spanish), account)
    assert (said(place)["language"], said(place)["not_notify"]) == ("ES", "0")
    assert said(place)["source"] == "The desk"
    late = replace(ANA, time="23:45", reference="TB-0009")
    with pytest.raises(PlatformError, match="No availability"):
        place.do(lambda p: p.create_reservation(late), account)
    forced = place.do(lambda p: p.create_reservation(late, force=True), account)
    assert forced.external_id
    assert place.state()["calls"][-1] == "reserv/force"


@pytest.mark.parametrize(
    "ways",
    [{"resp": "text"}, {"resp": "absent"}, {"words": "error"}, {"statuses": True}, {}],
)
def test_every_envelope_is_understood(place: There, ways: dict[str, Any]) -> None:
    place.set(**ways)
    assert place.do(lambda p: p.check_availability(DAY, "20:00", 2)).has("20:00")
    made = create(place)
    assert place.do(lambda p: p.check_auth()).works
    assert not place.do(lambda p: p.check_auth(), place.account(api_key="wrong")).works
    unknown = place.do(lambda p: p.check_auth(), place.account(restaurant="other"))
    assert not unknown.works
    assert SLUG in unknown.message
    read_only = place.account(api_key="read-only")
    with pytest.raises(PlatformError, match="may not write") as caught:
        place.do(lambda p: p.cancel_reservation(made.external_id, "", DAY), read_only)
    assert (caught.value.permanent, caught.value.code) == (True, "not_permitted")
    assert len(place.live()) == 1
    for _ in range(2):
        place.do(lambda p: p.cancel_reservation(made.external_id, "", DAY))
    assert place.live() == []


def test_a_cancellation_that_is_refused_while_it_stands_is_a_fault(place: There) -> None:
    made = create(place)
    place.fail(mode="refuse", on="reserv/cancel_client", words="Not now")
    with pytest.raises(PlatformError, match="Not now"):
        place.do(lambda p: p.cancel_reservation(made.external_id, "", DAY))
    place.do(lambda p: p.cancel_reservation("CM9999", "", DAY))


@pytest.mark.parametrize("shape", ["people", "hours"])
def test_either_map_of_availability_will_do(place: There, shape: str) -> None:
    place.set(shape=shape)
    found = place.do(lambda p: p.check_availability(DAY, "20:00", 6))
    assert found.has("20:00")
    assert not place.do(lambda p: p.check_availability(DAY, "20:00", 7)).times


@pytest.mark.parametrize(
    ("first_page", "before_first"), [(0, "empty"), (1, "empty"), (1, "error"), (1, "same")]
)
def test_pages_are_read_to_the_end_wherever_they_begin(
    place: There, first_page: int, before_first: str
) -> None:
    place.set(first_page=first_page, before_first=before_first, page_size=2)
    assert place.do(lambda p: p.list_reservations(DAY, DAY)).reservations == []
    made = [
        create(place, replace(ANA, reference=f"R{n}", day=DAY + timedelta(n))) for n in range(5)
    ]

    async def everything(platform: Any) -> list[str]:
        found, page = [], None
        while True:
            some = await platform.list_reservations(DAY, DAY + timedelta(days=9), page)
            found += [each.external_id for each in some.reservations]
            page = some.next_page
            if page is None:
                return found

    assert place.do(everything) == [each.external_id for each in made]
    if first_page == 1:
        account = place.account(first_page="1")
        assert place.do(everything, account) == [each.external_id for each in made]


def test_a_list_that_is_down_is_not_an_empty_one(place: There) -> None:
    for mode in ("error", "garbage", "down", "hollow"):
        place.fail(mode=mode)
        with pytest.raises(PlatformError):
            place.do(lambda p: p.list_reservations(DAY, DAY))
        place.fail(mode=mode)
        with pytest.raises(PlatformError):
            place.do(lambda p: p.check_availability(DAY, "20:00", 2))
    with pytest.raises(PlatformError):
        place.do(lambda p: p.list_reservations(DAY, DAY), place.account(api_key="wrong"))


def test_a_long_list_is_read_whole(place: There) -> None:
    words = "x" * 40_000
    for n in range(4):
        create(place, replace(ANA, reference=f"R{n}", day=DAY + timedelta(n), requests=words))
    listed = place.do(lambda p: p.list_reservations(DAY, DAY + timedelta(days=9)))
    assert len(listed.reservations) == 4


def test_an_identical_booking_is_the_one_that_is_there(place: There) -> None:
    first, second = create(place), create(place, replace(ANA, reference="TB-0002"))
    assert first.external_id == second.external_id
    assert len(place.held()) == 1


def test_without_our_reference_it_is_found_by_who_comes_when(place: There) -> None:
    place.set(tells_ref=False)
    made = create(place)
    for other in (
        replace(ANA, time="21:30"),
        replace(ANA, party_size=3),
        replace(ANA, phone="+34600111333"),
    ):
        assert find(place, other) is None
    found = find(place)
    assert found is not None
    assert found.external_id == made.external_id
    nameless = replace(ANA, phone="", first_name="Eva", time="22:00")
    made = create(place, nameless)
    found = find(place, nameless)
    assert found is not None
    assert found.external_id == made.external_id


def test_an_answer_without_an_id_is_unclear(place: There) -> None:
    place.fail(mode="hollow")
    assert failed(place).unclear
    assert find(place) is not None


def test_the_fifty_first_call_of_a_minute_is_refused(place: There) -> None:
    place.set(per_minute=1)
    place.do(lambda p: p.check_auth())
    with pytest.raises(PlatformError) as caught:
        place.do(lambda p: p.check_auth())
    assert (caught.value.code, caught.value.retry_after) == ("429", 20)
    assert CASES["covermanager"].kind.per_minute == 50


def test_the_stand_in_demands_json(place: There) -> None:
    url, body = f"{place.url}/api/reserv/reserv", b'{"restaurant": "the-anchor-demo"'
    for kind in ("application/json", "text/plain"):
        headers = {"apikey": KEY, "Content-Type": kind}
        answer = httpx.post(url, content=body, headers=headers, trust_env=False)
        assert answer.json() == {"resp": 0, "status": "Wrong parameters"}


def test_the_stand_in_shows_what_it_holds(place: There) -> None:
    create(place)
    page = httpx.get(place.url, trust_env=False).text
    assert "Ana Demo" in page
    assert "CM0001" in page
    assert KEY not in page + json.dumps(place.state())
