"""What travelers pay: each by their age, the group less its discount. Held to a naive oracle."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from app.ids import new_id
from app.venues.models import Activity, ActivityPrice
from app.venues.prices import of_travelers

AGES = st.one_of(st.none(), st.integers(0, 105))
AMOUNTS = st.decimals(0, 5000, places=2)


@st.composite
def categories(draw: st.DrawFn) -> list[ActivityPrice]:
    made = []
    for _ in range(draw(st.integers(0, 4))):
        low = draw(st.integers(0, 80))
        price = ActivityPrice(
            id=new_id(),
            category=draw(st.sampled_from(("adult", "child", "senior", "student", "family"))),
            price=draw(AMOUNTS),
            min_age=low,
            max_age=draw(st.integers(low, 99)),
            pax=draw(st.sampled_from((1, 1, 1, 4))),
        )
        made.append(price)
    return made


def naively(activity: Activity, prices: list[ActivityPrice], age: int | None) -> Decimal:
    """Year by year: who of the categories takes this age, the pickiest first."""
    best: ActivityPrice | None = None
    dearest: Decimal | None = None
    for price in prices:
        if price.pax > 1:
            continue
        if dearest is None or price.price > dearest:
            dearest = price.price
        years = list(range(price.min_age, price.max_age + 1))
        if price.category in ("student", "family") or age not in years:
            continue
        if best is None or len(years) < best.max_age - best.min_age + 1:
            best = price
    if best is not None:
        return best.price
    return activity.price if dearest is None else dearest


@settings(max_examples=150)
@given(
    prices=categories(),
    ages=st.lists(AGES, max_size=9),
    own=AMOUNTS,
    groups=st.dictionaries(st.integers(2, 9), st.sampled_from(("5", "12.5", "100")), max_size=3),
)
def test_everybody_pays_what_a_simple_reading_says(
    prices: list[ActivityPrice], ages: list[int | None], own: Decimal, groups: dict[int, str]
) -> None:
    rules = [{"guests": size, "percent": off} for size, off in groups.items()]
    activity = Activity(id=new_id(), price=own, group_discounts=rules)
    each, sums = of_travelers(activity, prices, ages)
    assert each == [naively(activity, prices, age) for age in ages]
    full = sum(each, Decimal(0))
    reached = [size for size in groups if size <= len(ages)]
    percent = Decimal(groups[max(reached)]) if reached else Decimal(0)
    off = (full * percent / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert (sums.discount, sums.total) == (off, full - off)
    assert sums.per_guest == max(each, default=own)


def test_the_usual_family() -> None:
    activity = Activity(id=new_id(), price=Decimal(900), group_discounts=[])
    adult = ActivityPrice(category="adult", price=Decimal(1000), min_age=0, max_age=99, pax=1)
    child = ActivityPrice(category="child", price=Decimal(600), min_age=4, max_age=11, pax=1)
    each, sums = of_travelers(activity, [adult, child], [41, 11, 12, None])
    assert each == [1000, 600, 1000, 1000]
    assert sums.total == 3600
    assert of_travelers(activity, [], [41, None])[0] == [900, 900]
