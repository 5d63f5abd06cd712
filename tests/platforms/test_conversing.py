"""Talking while somebody waits: an end in time, and every call in the log without secrets."""

import asyncio
import time
from collections.abc import Iterator

import pytest

from app.platforms import registry
from app.platforms.base import Platform, PlatformError
from app.platforms.conversing import Conversation, columns_of
from tests.platforms import toy
from tests.platforms.contract import CASES, There, there
from tests.platforms.test_contract import ANA


@pytest.fixture
def place() -> Iterator[There]:
    registry.KINDS.setdefault("toy", toy.KIND)
    with there(CASES["toy"]) as found:
        yield found
    registry.KINDS.pop("toy")


async def check(platform: Platform) -> bool:
    return (await platform.check_auth()).works


def test_what_was_said_is_kept_for_the_log(place: There) -> None:
    talk = Conversation(place.account(), "platform.check")
    assert talk.hold(check, 3.0)
    [(exchange, error)] = talk.said
    columns = columns_of(exchange, failed=bool(error))
    assert (columns["url"], columns["status"], columns["http_status"]) == (
        "toy:get",
        "success",
        200,
    )
    assert "toy-token-11" not in repr((talk, columns))


def test_a_refusal_is_the_fault_of_the_last_call(place: There) -> None:
    place.fail(mode="refuse")
    talk = Conversation(place.account(), "platform.check")

    async def create(platform: Platform) -> None:
        await platform.check_auth()
        await platform.create_reservation(ANA)

    with pytest.raises(PlatformError):
        talk.hold(create, 3.0)
    assert [bool(error) for _, error in talk.said] == [False, True]


def test_it_ends_in_time_and_says_what_it_waited_for(place: There) -> None:
    async def forever(platform: Platform) -> None:
        await platform.check_auth()
        await asyncio.sleep(60)

    talk = Conversation(place.account(), "platform.check")
    started = time.monotonic()
    with pytest.raises(PlatformError) as caught:
        talk.hold(forever, 0.3)
    assert caught.value.code == "timeout"
    assert time.monotonic() - started < 5
    assert len(talk.said) == 1


def test_a_call_that_nobody_waits_for_any_longer_is_noted(place: There) -> None:
    place.fail(mode="lost")
    talk = Conversation(place.account(), "platform.check")
    with pytest.raises(PlatformError):
        talk.hold(lambda platform: platform.create_reservation(ANA), 0.3)
    [(exchange, error)] = talk.said
    assert exchange.fault == "timeout"
    assert error
