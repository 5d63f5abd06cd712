"""Who may call next."""

import uuid
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from app.deliveries.channel import Claim
from app.deliveries.slots import Job, Slots
from app.outbound import Outgoing

PLACES = [uuid.UUID(int=n) for n in range(200)]


def job(destination: int, number: int = 0) -> Job:
    claim = Claim(
        number, uuid.UUID(int=0), number, uuid.UUID(int=0), "booking.updated",
        PLACES[destination], f"website:{destination}", "webhook", "lane",
        None, None, 1, 1, 0, None, 1000.0,
    )  # fmt: skip
    return Job(claim, Outgoing("http://127.0.0.1/", {}, b""))


def filled(backlog: dict[int, int], size: int = 128) -> tuple[Slots, Counter[int]]:
    """Everything that may leave has left; nothing comes back."""
    slots = Slots(size)
    for destination, count in backlog.items():
        for number in range(count):
            slots.add(job(destination, destination * 1000 + number))
    taken: Counter[int] = Counter()
    while (next_job := slots.take()) is not None:
        taken[next_job.claim.destination_id.int] += 1
    return slots, taken


def test_one_destination_gets_a_quarter() -> None:
    assert filled({0: 500})[1] == {0: 32}


def test_four_that_hang_leave_places_for_a_newcomer() -> None:
    slots, taken = filled(dict.fromkeys(range(4), 500))
    assert sum(taken.values()) < 128
    slots.add(job(9))
    newcomer = slots.take()
    assert newcomer is not None
    assert newcomer.claim.destination_id == PLACES[9]


def test_sixteen_busy_destinations_use_almost_all_places_evenly() -> None:
    taken = filled(dict.fromkeys(range(16), 500))[1]
    assert sum(taken.values()) >= 120
    assert max(taken.values()) - min(taken.values()) <= 1


def test_equals_take_turns() -> None:
    slots = Slots()
    for number in range(3):
        for destination in range(3):
            slots.add(job(destination, number * 3 + destination))
    order = []
    while (next_job := slots.take()) is not None:
        order.append(next_job.claim.destination_id.int)
        slots.done(next_job)
    assert sorted(order[:3]) == sorted(order[3:6]) == [0, 1, 2]


def test_what_is_given_up_does_not_leave() -> None:
    slots = Slots()
    for number in range(4):
        slots.add(job(0, number))
    gone = slots.give_up(lambda waiting: waiting.claim.id % 2 == 0)
    assert [waiting.claim.id for waiting in gone] == [0, 2]
    assert slots.waiting == 2


@given(st.dictionaries(st.integers(0, 60), st.integers(1, 60), min_size=1), st.integers(2, 160))
def test_never_more_than_there_are_and_a_place_for_whoever_has_none(
    backlog: dict[int, int], size: int
) -> None:
    slots, taken = filled(backlog, size)
    assert slots.in_flight == sum(taken.values()) <= size
    assert all(count <= slots.per_destination for count in taken.values())
    if len(backlog) < size:  # enough for one each
        assert set(taken) == set(backlog)
        slots.add(job(199))
        assert slots.take() is not None
