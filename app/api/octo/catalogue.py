"""Supplier, products, options and units: what is sold, in the standard's words."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.api.octo.calls import Desk
from app.api.octo.faults import OctoError
from app.api.octo.pricing import unit_price_fields
from app.venues.availability import calendar
from app.venues.loading import load
from app.venues.models import Kind, SlotRule
from app.venues.plan import Offer, Plan

DEFAULT = "DEFAULT"
AHEAD = 28
"""Days over which the start times of an activity are collected."""
MOST_AGE = 99


@dataclass(frozen=True)
class Unit:
    """A price category as a ticket type; one of its own where the activity has none."""

    id: str
    name: str
    type: str
    price: Decimal
    pax: int = 1
    min_age: int = 0
    max_age: int = MOST_AGE
    needs_adult: bool = False
    price_id: UUID | None = None


@dataclass(frozen=True)
class Product:
    """An activity at its venue."""

    plan: Plan
    offer: Offer
    units: Sequence[Unit]

    @property
    def id(self) -> str:
        return str(self.offer.activity.id)

    @property
    def is_day(self) -> bool:
        """Whether it has opening hours instead of start times."""
        return self.offer.activity.slot_rule == SlotRule.DAY

    def unit(self, unit_id: object) -> Unit:
        """One unit. Raises OctoError."""
        for unit in self.units:
            if unit.id == unit_id:
                return unit
        raise OctoError("INVALID_UNIT_ID", sent=unit_id)

    def companions(self, unit: Unit) -> list[str]:
        """The units one of which must be in the same booking; empty where it may come alone."""
        adults = [each.id for each in self.units if each.type == "ADULT"]
        return adults if unit.needs_adult else []

    def counts(self, items: Sequence[Unit]) -> dict[UUID, int]:
        """How many of each price category; empty where there are none."""
        found: dict[UUID, int] = {}
        for unit in items:
            if unit.price_id is not None:
                found[unit.price_id] = found.get(unit.price_id, 0) + 1
        return found


def product_of(plan: Plan, offer: Offer) -> Product:
    """An activity of a plan with its ticket types."""
    return Product(plan, offer, _units(offer))


def _units(offer: Offer) -> list[Unit]:
    activity = offer.activity
    if not offer.prices:
        table = activity.kind == Kind.TABLE
        kind, name = ("OTHER", "Seat") if table else ("ADULT", "Adult")
        return [Unit(kind.lower(), name, kind, activity.price)]
    return [
        Unit(
            str(price.id),
            price.label,
            price.category.upper(),
            price.price,
            price.pax,
            price.min_age,
            price.max_age,
            price.needs_adult,
            price.id,
        )
        for price in offer.prices
    ]


def window(now: datetime) -> tuple[date, date]:
    """The days that say when products start, wherever on earth they are."""
    return now.date() - timedelta(days=1), now.date() + timedelta(days=AHEAD)


def products(
    session: Session, desk: Desk, days: tuple[date, date], ids: Collection[UUID] | None = None
) -> list[Product]:
    """What this reseller may sell, planned over these days; `ids`: only these."""
    return [
        product_of(plan, offer)
        for plan in load(session, desk.venues, *days, ids)
        if plan.venue.is_active
        for offer in plan.offers
        if offer.activity.is_active
    ]


def product(session: Session, desk: Desk, product_id: object, days: tuple[date, date]) -> Product:
    """One of them. Raises OctoError."""
    try:
        found = products(session, desk, days, [UUID(str(product_id))])
    except ValueError:
        found = []
    if not found or found[0].id != product_id:
        raise OctoError("INVALID_PRODUCT_ID", sent=product_id)
    return found[0]


def demand_option(option_id: object) -> None:
    """Raises OctoError for any option but the only one."""
    if option_id != DEFAULT:
        raise OctoError("INVALID_OPTION_ID", sent=option_id)


def supplier_json(desk: Desk) -> dict[str, Any]:
    """The website behind this key."""
    website = desk.website
    contact = {"website": f"https://{website.domain}", "email": None}
    return {
        "id": website.id,
        "name": website.name,
        "endpoint": desk.endpoint,
        "contact": {**contact, "telephone": None, "address": None},
    }


def product_json(desk: Desk, product: Product, now: datetime) -> dict[str, Any]:
    """A product with its option and units."""
    activity = product.offer.activity
    pricing = {
        "defaultCurrency": product.plan.currency,
        "availableCurrencies": [product.plan.currency],
        "pricingPer": "UNIT",
        "includeTax": True,  # only older texts of the capability have it; their clients ask for it
    }
    return {
        "id": product.id,
        "internalName": activity.name,
        "reference": None,
        "locale": "en",
        "timeZone": product.plan.venue.timezone,
        "allowFreesale": False,
        "instantConfirmation": True,
        "instantDelivery": True,
        "availabilityRequired": True,
        "availabilityType": "OPENING_HOURS" if product.is_day else "START_TIME",
        "deliveryFormats": ["QRCODE"],
        "deliveryMethods": ["VOUCHER"],
        "redemptionMethod": "DIGITAL",
        "options": [option_json(desk, product, now)],
        **(pricing if desk.pricing else {}),
    }


def option_json(desk: Desk, product: Product, now: datetime) -> dict[str, Any]:
    """The only option of a product."""
    activity, hours = product.offer.activity, product.plan.venue.cancellation_hours
    return {
        "id": DEFAULT,
        "default": True,
        "internalName": activity.name,
        "reference": None,
        "availabilityLocalStartTimes": _start_times(product, now),
        "cancellationCutoff": f"{hours} hours",
        "cancellationCutoffAmount": hours,
        "cancellationCutoffUnit": "hour",
        "requiredContactFields": [],
        "restrictions": {"minUnits": activity.min_party, "maxUnits": activity.max_party},
        "units": [unit_json(desk, product, unit) for unit in product.units],
    }


def unit_json(desk: Desk, product: Product, unit: Unit, *, sold: bool = False) -> dict[str, Any]:
    """A ticket type; `sold`: inside a booking."""
    found: dict[str, Any] = {
        "id": unit.id,
        "internalName": unit.name,
        "reference": None,
        "type": unit.type,
        "requiredContactFields": [],
        "restrictions": {
            "minAge": unit.min_age,
            "maxAge": unit.max_age,
            "idRequired": False,
            "minQuantity": None,
            "maxQuantity": None,
            "paxCount": unit.pax,
            "accompaniedBy": product.companions(unit),
        },
    }
    return found | (unit_price_fields(desk, product.plan, unit.price, sold) if desk.pricing else {})


def _start_times(product: Product, now: datetime) -> list[str]:
    """When it can start; never, where guests come at any time: so the standard's validator."""
    if product.is_day:
        return []
    plan, offer = product.plan, product.offer
    if offer.activity.slot_rule == SlotRule.TIMES:
        return list(offer.activity.times) or ["00:00"]
    today = plan.today(now)
    coming = calendar(plan, offer, today, today + timedelta(days=AHEAD - 1), now)
    return sorted({slot.time for slot in coming}) or ["00:00"]
