"""Which tickets may be sold together: the size of a party, and who must come with an adult."""

from __future__ import annotations

from collections.abc import Sequence

from app.api.octo.catalogue import Product, Unit
from app.api.octo.faults import unprocessable


def fault_of(product: Product, units: Sequence[Unit]) -> str | None:
    """Why these tickets cannot be sold together; None where they can."""
    activity, guests = product.offer.activity, sum(unit.pax for unit in units)
    if guests < activity.min_party:
        return f"At least {activity.min_party} guests must book this together."
    if activity.max_party is not None and guests > activity.max_party:
        return f"At most {activity.max_party} guests can book this together."
    taken = {unit.id for unit in units}
    for unit in units:
        with_whom = product.companions(unit)
        if with_whom and not taken.intersection(with_whom):
            return f"A ticket «{unit.name}» is only sold together with one for an adult."
    return None


def demand_sellable(product: Product, units: Sequence[Unit]) -> None:
    """Raises OctoError for tickets that cannot be sold together."""
    fault = fault_of(product, units)
    if fault is not None:
        raise unprocessable(fault)
