"""Newest wins per field: whatever the order, however often repeated."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.bookings.stamps import NEVER, Stamp, Stamps, dump, load, merge, set_by_staff
from app.bookings.writing import FULL, REFUND, STATED, columns_from, with_shown

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

values = {
    "guest_count": st.integers(0, 3),
    "hotel_name": st.sampled_from([None, "Marriott", "Hilton"]),
    "total_amount": st.sampled_from([Decimal(0), Decimal(100), Decimal(200)]),
    STATED: st.sampled_from(["pending", "confirmed", "checked_in", "cancelled", "refunded"]),
    REFUND: st.sampled_from([None, FULL, Decimal(100), Decimal(200)]),
}
messages = st.lists(
    st.tuples(st.integers(0, 4), st.fixed_dictionaries({}, optional=values)), min_size=1, max_size=6
)


def play(order: list[tuple[int, dict[str, Any]]]) -> tuple[dict[str, Any], Stamps]:
    registers: dict[str, Any] = {}
    stamps: Stamps = {}
    for minute, incoming in order:
        merged = merge(registers, stamps, incoming, NOON + timedelta(minutes=minute))
        registers.update(merged.applied)
        stamps = load(dump(merged.stamps))
    base = {STATED: "confirmed", "total_amount": Decimal(50), **registers}
    return with_shown(columns_from(base), stamps), stamps


@given(messages, st.data())
def test_any_interleaving_and_repetition_ends_in_the_same_booking(
    sent: list[tuple[int, dict[str, Any]]], data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(sent), max_size=4))
    shuffled = data.draw(st.permutations(sent + again))
    assert play(shuffled) == play(sent)


def test_instants_are_compared_not_texts() -> None:
    stamps = load({"2026-03-01T12:00:00+07:00": ["guest_count"]})
    merged = merge({"guest_count": 2}, stamps, {"guest_count": 3}, NOON - timedelta(hours=6))
    assert merged.applied == {"guest_count": 3}, "12:00+07:00 is 05:00 UTC, before 06:00 UTC"


def test_nothing_newer_is_stale_and_changes_nothing() -> None:
    stamps = {"guest_count": Stamp(NOON)}
    merged = merge({"guest_count": 2}, stamps, {"guest_count": 3}, NOON - timedelta(seconds=1))
    assert (merged.applied, merged.stale, merged.stamps) == ({}, ["guest_count"], stamps)


def test_a_held_field_keeps_what_staff_set_and_the_others_apply() -> None:
    stamps = set_by_staff({}, {"guest_count"}, NOON)
    incoming = {"guest_count": 5, "hotel_name": "Hilton"}
    later = NOON + timedelta(minutes=1)
    current = {"guest_count": 2, "hotel_name": None}
    merged = merge(current, stamps, incoming, later, held={"guest_count"})
    assert merged.refused == {"guest_count": 5}
    assert merged.applied == {"hotel_name": "Hilton"}
    again = merge({**current, **merged.applied}, merged.stamps, incoming, later)
    assert (again.applied, again.refused) == ({}, {}), "refused once is refused when repeated"


def test_staff_win_over_a_source_whose_clock_is_ahead() -> None:
    ahead = Stamp(NOON + timedelta(days=900))
    stamps = set_by_staff({"guest_count": ahead}, {"guest_count"}, NOON)
    merged = merge({"guest_count": 2}, stamps, {"guest_count": 9}, ahead.at)
    assert merged.applied == {}
    assert stamps["guest_count"] > ahead > NEVER
