"""Travelers and the status of their booking, in any order of ticks, undos and moves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.bookings.arrivals import here, in_step
from app.bookings.status import ARRIVED, MOVES, TICKED, Status

NOW = datetime(2026, 11, 22, 1, tzinfo=UTC)
TAPS = st.lists(
    st.one_of(
        st.tuples(st.just("tick"), st.integers(0, 3)),
        st.tuples(st.just("undo"), st.integers(0, 3)),
        st.tuples(st.just("move"), st.sampled_from(list(Status))),
    ),
    max_size=15,
)


def party(count: int, guests: int, stated: str = "confirmed") -> dict[str, Any]:
    rows = [{"id": str(n), "name": f"Traveler {n}", "checked_in_at": None} for n in range(count)]
    return {"travelers": rows, "guest_count": guests, "stated_status": stated}


def tapped(state: dict[str, Any], number: int, *, are_here: bool) -> dict[str, Any]:
    at = "2026-11-22T01:00:00Z" if are_here else None
    rows = [
        {**row, "checked_in_at": at} if row["id"] == str(number) else row
        for row in state["travelers"]
    ]
    return {**state, **in_step(state, {"travelers": rows}, NOW)}


def moved(state: dict[str, Any], to: Status) -> dict[str, Any]:
    return {**state, **in_step(state, {"stated_status": to.value}, NOW)}


@settings(max_examples=60)
@given(TAPS, st.integers(1, 4), st.integers(0, 2))
def test_any_order_leaves_travelers_and_booking_in_step(
    taps: list[tuple[str, Any]], named: int, unnamed: int
) -> None:
    state = party(named, named + unnamed)
    for what, which in taps:
        status = Status(state["stated_status"])
        if what == "move":
            state = moved(state, which) if which in MOVES[status] else state
        elif status in TICKED and which < named:
            state = tapped(state, which, are_here=what == "tick")
        count, status = here(state["travelers"]), state["stated_status"]
        if status in ARRIVED:
            assert count == named
        elif status == Status.CONFIRMED:
            assert count < named or unnamed
        else:
            assert count == 0


def test_the_last_one_checks_the_party_in_and_is_taken_back() -> None:
    one = tapped(party(2, 2), 0, are_here=True)
    assert (one["stated_status"], here(one["travelers"])) == ("confirmed", 1)
    both = tapped(one, 1, are_here=True)
    assert (both["stated_status"], here(both["travelers"])) == ("checked_in", 2)
    assert tapped(both, 0, are_here=False)["stated_status"] == "confirmed"


def test_who_is_not_named_keeps_the_party_waiting() -> None:
    state = tapped(party(1, 3), 0, are_here=True)
    assert (state["stated_status"], here(state["travelers"])) == ("confirmed", 1)
    state = moved(state, Status.CHECKED_IN)
    assert here(state["travelers"]) == 1


def test_a_check_in_keeps_the_time_of_who_came_before() -> None:
    state = tapped(party(2, 2), 0, are_here=True)
    state["travelers"][0]["checked_in_at"] = "2026-11-22T00:30:00Z"
    times = [row["checked_in_at"] for row in moved(state, Status.CHECKED_IN)["travelers"]]
    assert times == ["2026-11-22T00:30:00Z", "2026-11-22T01:00:00Z"]


def test_a_guest_of_a_no_show_who_comes_after_all() -> None:
    state = moved(party(2, 2), Status.NO_SHOW)
    assert tapped(state, 1, are_here=True)["stated_status"] == "confirmed"


def test_who_is_named_after_the_check_in_came_with_the_party() -> None:
    state = moved(party(1, 2), Status.CHECKED_IN)
    added = {"id": "9", "name": "Late Name", "checked_in_at": None}
    state |= in_step(state, {"travelers": [*state["travelers"], added]}, NOW)
    assert (state["stated_status"], here(state["travelers"])) == ("checked_in", 2)


def test_what_concerns_nobody_changes_nobody() -> None:
    state = party(2, 2)
    assert in_step(state, {"admin_notes": "x"}, NOW) == {"admin_notes": "x"}
    assert in_step(party(0, 2), {"stated_status": "checked_in"}, NOW) == {
        "stated_status": "checked_in"
    }
