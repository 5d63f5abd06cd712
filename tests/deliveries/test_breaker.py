"""When calls to a destination stop, and when they begin again."""

from hypothesis import given
from hypothesis import strategies as st

from app.deliveries.breaker import LONGEST_PAUSE, Health, after, pause
from app.deliveries.models import Breaker


def _after(*outcomes: bool) -> Health:
    health = Health()
    for success in outcomes:
        health = after(health, success=success)
    return health


def test_four_failures_leave_it_closed_and_the_fifth_opens_it() -> None:
    assert _after(*[False] * 4).breaker is Breaker.CLOSED
    assert _after(*[False] * 5) == Health(Breaker.OPEN, 5)


def test_only_failures_in_a_row_count() -> None:
    assert _after(*[False] * 4, True, *[False] * 4) == Health(Breaker.CLOSED, 4)


def test_calls_that_were_under_way_do_not_make_the_pause_longer() -> None:
    assert _after(*[False] * 30) == Health(Breaker.OPEN, 5)


def test_a_success_that_was_under_way_closes_it() -> None:
    assert _after(*[False] * 5, True) == Health()


def test_a_failed_probe_opens_it_again_and_a_successful_one_closes_it() -> None:
    probing = Health(Breaker.HALF_OPEN, 5)
    assert after(probing, success=False) == Health(Breaker.OPEN, 6)
    assert after(probing, success=True) == Health()


def test_the_pause_doubles_up_to_five_minutes() -> None:
    pauses = [pause(n, rand=lambda: 0.5) for n in range(5, 12)]
    assert pauses == [15, 30, 60, 120, 240, 300, 300]


@given(st.integers(0, 10_000), st.floats(0, 1))
def test_no_pause_is_endless(failures: int, chance: float) -> None:
    assert 12 <= pause(failures, rand=lambda: chance) < LONGEST_PAUSE * 1.21
