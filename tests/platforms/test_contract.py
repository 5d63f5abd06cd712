"""One suite for every platform: what it must do, and what none may give away."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.platforms import registry
from app.platforms.base import Capability, Platform, PlatformError, Reservation, Wanted
from tests.platforms import toy
from tests.platforms.contract import CASES, There, there

DAY = date(2027, 3, 12)
ANA = Wanted(
    reference="TB-0001",
    day=DAY,
    time="20:00",
    party_size=2,
    first_name="Ana",
    last_name="Demo",
    email="ana@example.com",
    phone="+34600111222",
    requests="By the window",
)
PRIVATE = ("Ana", "Demo", "ana@example.com", "600111222", "By the window")


@pytest.fixture(params=list(CASES))
def place(request: pytest.FixtureRequest) -> Iterator[There]:
    registry.KINDS.setdefault("toy", toy.KIND)
    with there(CASES[request.param]) as found:
        yield found
    registry.KINDS.pop("toy")


def can(place: There, capability: Capability) -> bool:
    made = registry.platform_of(place.account(), lambda outgoing: None)  # type: ignore[arg-type,return-value]
    return capability in made.capabilities


def needs(place: There, capability: Capability) -> None:
    if can(place, capability):
        return
    for call in UNABLE[capability]:
        with pytest.raises(PlatformError) as caught:
            place.do(call)
        assert (caught.value.permanent, caught.value.code) == (True, "unable")
    pytest.skip("it cannot, and says so")


UNABLE: dict[Capability, list[Callable[[Platform], Any]]] = {
    Capability.AVAILABILITY: [lambda p: p.check_availability(DAY, "20:00", 2)],
    Capability.UPDATE: [lambda p: p.update_reservation("x", ANA)],
    Capability.LIST: [
        lambda p: p.list_reservations(DAY, DAY),
        lambda p: p.find_reservation(ANA),
    ],
}
"""What nobody may ask of a platform without it."""


def create(place: There, wanted: Wanted = ANA) -> Reservation:
    made: Reservation = place.do(lambda p: p.create_reservation(wanted))
    return made


def failed(place: There, wanted: Wanted = ANA) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        create(place, wanted)
    return caught.value


def find(place: There, wanted: Wanted = ANA) -> Reservation | None:
    found: Reservation | None = place.do(lambda p: p.find_reservation(wanted))
    return found


def test_every_platform_is_tried() -> None:
    assert registry.KINDS.keys() <= CASES.keys()


def test_another_platform_takes_less_than_eighty_lines() -> None:
    assert len(Path(toy.__file__).read_text().splitlines()) < 80


def test_its_type_can_be_taken_once() -> None:
    with pytest.raises(ValueError, match="already"):
        registry.use(registry.KINDS["covermanager"])


def test_the_account_is_checked_without_changing_anything(place: There) -> None:
    assert place.do(lambda p: p.check_auth()).works
    checked = place.do(lambda p: p.check_auth(), place.account(**place.case.wrong))
    assert not checked.works
    assert checked.message
    assert place.held() == []


def test_what_is_made_is_there(place: There) -> None:
    made = create(place)
    (held,) = place.held()
    assert made.external_id == held.external_id
    assert (held.day, held.time, held.party_size) == (DAY, "20:00", 2)
    assert (held.phone, held.reference) == (ANA.phone, ANA.reference)


def test_what_is_called_off_is_off_and_twice_is_no_fault(place: There) -> None:
    made = create(place)
    for _ in range(2):
        off = place.do(lambda p: p.cancel_reservation(made.external_id, "OTHER", DAY))
        assert off.external_id == made.external_id
        assert place.live() == []


def test_what_is_full_is_not_offered(place: There) -> None:
    needs(place, Capability.AVAILABILITY)
    six = replace(ANA, party_size=6)
    assert place.do(lambda p: p.check_availability(DAY, "20:00", 6)).has("20:00")
    create(place, six)
    later = place.do(lambda p: p.check_availability(DAY, "20:00", 6))
    assert not later.has("20:00")
    assert later.has("22:00")
    assert list(later.times) == sorted(later.times)
    assert place.do(lambda p: p.check_availability(DAY, "20:00", 2)).has("20:00")
    assert failed(place, replace(six, reference="TB-0002", phone="+34600111333")).permanent


def test_a_change_keeps_it_one_and_the_same(place: There) -> None:
    needs(place, Capability.UPDATE)
    made = create(place)
    later = replace(ANA, day=DAY + timedelta(days=1), time="21:30", party_size=4)
    place.do(lambda p: p.update_reservation(made.external_id, later))
    (held,) = place.held()
    assert held.external_id == made.external_id
    assert (held.day, held.time, held.party_size) == (later.day, "21:30", 4)


def test_the_days_that_are_asked_for_are_listed(place: There) -> None:
    needs(place, Capability.LIST)
    made = [
        create(place, replace(ANA, reference=f"R{n}", day=DAY + timedelta(days=n)))
        for n in range(4)
    ]
    listed = place.do(
        lambda p: p.list_reservations(DAY + timedelta(days=1), DAY + timedelta(days=2))
    )
    assert [each.external_id for each in listed.reservations] == [
        each.external_id for each in made[1:3]
    ]
    assert listed.reservations[0].phone == ANA.phone
    assert listed.reservations[0].time == "20:00"


def test_ours_is_found_again_unless_it_was_called_off(place: There) -> None:
    needs(place, Capability.LIST)
    assert find(place) is None
    create(place, replace(ANA, reference="TB-0002", phone="+34600111333", first_name="Eva"))
    assert find(place) is None
    made = create(place)
    found = find(place)
    assert found is not None
    assert found.external_id == made.external_id
    place.do(lambda p: p.cancel_reservation(made.external_id))
    assert find(place) is None


def test_a_create_without_an_answer_is_unclear_and_there_once(place: There) -> None:
    for mode in ("lost", "garbage"):
        place.fail(mode=mode)
        wanted = replace(ANA, reference=mode, time="20:00" if mode == "lost" else "22:00")
        error = failed(place, wanted)
        assert (error.unclear, error.permanent) == (True, False)
        (there_now,) = [each for each in place.held() if each.reference == mode]
        if can(place, Capability.LIST):
            found = find(place, wanted)
            assert found is not None
            assert found.external_id == there_now.external_id


def test_what_a_failure_means(place: There) -> None:
    place.fail(mode="error")
    assert failed(place).unclear
    place.fail(mode="busy")
    busy = failed(place)
    assert (busy.permanent, busy.unclear, busy.retry_after) == (False, False, 20)
    place.fail(**place.case.refusal)
    refused = failed(place)
    assert (refused.permanent, refused.unclear) == (True, False)
    assert place.held() == []
    away = replace(place.account(), base_url="http://127.0.0.1:9")
    with pytest.raises(PlatformError) as caught:
        place.do(lambda p: p.create_reservation(ANA), away)
    assert (caught.value.permanent, caught.value.unclear) == (False, False)


def test_nothing_private_gets_into_errors_and_notes(
    place: There, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    secrets = [place.account().secrets[f.name] for f in place.case.kind.fields if f.secret]
    said = [repr(replace(place.account(), base_url=""))]
    for mode in ("lost", "garbage", "error", "busy", "refuse"):
        place.fail(mode=mode)
        said.append(str(failed(place)))
    if can(place, Capability.LIST):
        place.do(lambda p: p.list_reservations(DAY, DAY))
    place.do(lambda p: p.check_auth())
    wrong = place.account(**place.case.wrong)
    said += [place.do(lambda p: p.check_auth(), wrong).message, *map(repr, place.notes)]
    # `httpx` is what this test itself speaks to the stand-in with.
    said += [each.getMessage() for each in caplog.records if "http" not in each.name]
    assert len(place.notes) >= 7
    assert all(each.name.startswith(f"{place.case.kind.type}:") for each in place.notes)
    for private in (*PRIVATE, *secrets, *place.case.wrong.values(), "http://", "127.0.0.1"):
        assert not [text for text in said if private in text], private
