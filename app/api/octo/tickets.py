"""Unit items: one ticket each, with its price and the contact of who comes with it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from app.api.octo.catalogue import Product, Unit
from app.api.octo.faults import bad_request, unprocessable
from app.api.schemas.octo import Contact, UnitItem
from app.bookings.making import priced
from app.plain import plain
from app.venues.prices import CENT, Sum

CONTACT = (
    *("fullName", "firstName", "lastName", "emailAddress", "phoneNumber"),
    *("postalCode", "country", "notes"),
)


def contact_json(contact: Mapping[str, Any] | None) -> dict[str, Any]:
    """A Contact with every key, as the standard wants it in answers."""
    said = contact or {}
    found: dict[str, Any] = {name: said.get(name) for name in CONTACT}
    if not found["fullName"]:
        names = (found["firstName"], found["lastName"])
        found["fullName"] = " ".join(name for name in names if name) or None
    return {**found, "locales": said.get("locales") or []}


def kept_contact(contact: Contact | None) -> dict[str, Any]:
    """What is kept of a contact: what was said."""
    if contact is None:
        return {}
    said: dict[str, Any] = contact.model_dump(by_alias=True, exclude_none=True)
    return said


def units_of(product: Product, items: Sequence[UnitItem]) -> list[Unit]:
    """The unit of each item. Raises OctoError, also for none at all."""
    if not items:
        raise unprocessable("unitItems: at least one ticket is needed.")
    return [product.unit(item.unit_id) for item in items]


def tickets_of(
    product: Product, items: Sequence[UnitItem], before: Sequence[Mapping[str, Any]] = ()
) -> list[dict[str, Any]]:
    """The tickets of a booking; one that names a uuid of `before` keeps what it does not say.

    Raises OctoError for a unit that is none, and for an id that stands twice.
    """
    units, known = units_of(product, items), {ticket["uuid"]: ticket for ticket in before}
    named = [item.uuid for item in items if item.uuid is not None]
    if len(set(named)) < len(named):
        raise bad_request("unitItems: the same uuid stands twice.")
    shares = _shares(cost(product, units), units)
    return [
        _ticket(item, unit, price, known.get(str(item.uuid), {}))
        for item, unit, price in zip(items, units, shares, strict=True)
    ]


def cost(product: Product, units: Sequence[Unit]) -> Sum:
    """What these tickets cost together."""
    return priced(product.offer, sum(unit.pax for unit in units), product.counts(units))


def _ticket(item: UnitItem, unit: Unit, price: Decimal, old: Mapping[str, Any]) -> dict[str, Any]:
    contact = kept_contact(item.contact) if item.contact else old.get("contact", {})
    return {
        "uuid": str(item.uuid or uuid.uuid4()),
        "unit_id": unit.id,
        "reference": item.reseller_reference or old.get("reference"),
        "contact": contact,
        "price": plain(price),
    }


def _shares(total: Sum, units: Sequence[Unit]) -> list[Decimal]:
    """The price of each ticket, so that they come to the total: a discount is spread over them."""
    full = sum((unit.price for unit in units), Decimal(0))
    shares, passed, given = [], Decimal(0), Decimal(0)
    for unit in units:
        passed += unit.price
        due = (total.total * passed / full).quantize(CENT, ROUND_HALF_UP) if full else Decimal(0)
        shares.append(due - given)
        given = due
    return shares
