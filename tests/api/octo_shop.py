"""Four products, and a reseller that knows of them only what the calls of OCTO say."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from app.extensions import db
from app.venues.models import Activity, ActivityPrice, Venue
from tests.api.octo_client import Octo
from tests.api.octo_shapes import Availability, Booking, Product
from tests.venues.made import an_activity

NAMES = ("times", "times in categories", "days", "days in categories")
GUEST = {
    "firstName": "Demo",
    "lastName": "Diver",
    "emailAddress": "demo@example.com",
    "fullName": "Demo Diver",
    "notes": "Written by a test",
}
DAYS = 30


def four_products(venue: Venue) -> dict[str, Activity]:
    """With start times and with opening hours, with and without price categories."""
    by_day = {"slot_rule": "day", "times": "", "capacity": "12"}
    made = {name: an_activity(venue, name=name) for name in NAMES[:2]}
    made |= {name: an_activity(venue, name=name, **by_day) for name in NAMES[2:]}
    for name in (NAMES[1], NAMES[3]):
        add_categories(made[name])
    db.session.flush()
    return made


def add_categories(activity: Activity) -> None:
    """An adult, and a child that must come with one."""
    for position, (category, price) in enumerate((("adult", 100), ("child", 60))):
        db.session.add(
            ActivityPrice(
                activity_id=activity.id,
                category=category,
                label=category.title(),
                price=price,
                needs_adult=category == "child",
                position=position,
            )
        )


@dataclass
class Shop:
    """One product, and what can be booked of it over the next days."""

    octo: Octo
    product: Product
    slots: list[Availability] = field(default_factory=list)

    @classmethod
    def find(cls, octo: Octo, name: str) -> Shop:
        """By its name in the list of products."""
        rows = octo.ok("GET", "/products")
        (found,) = [each for each in rows if each["internalName"] == name]
        shop = cls(octo, Product.model_validate(found))
        rows = octo.ok("POST", "/availability", shop.asks(**shop.soon))
        shop.slots = [Availability.model_validate(row) for row in rows]
        return shop

    @property
    def soon(self) -> dict[str, str]:
        """The days that are asked for, as the wire has them."""
        today = datetime.now(UTC).date()
        return {
            "localDateStart": today.isoformat(),
            "localDateEnd": (today + timedelta(days=DAYS)).isoformat(),
        }

    @property
    def unit(self) -> str:
        """The ticket that everybody can have."""
        units = self.product.options[0].units
        return next((unit for unit in units if unit.type == "ADULT"), units[0]).id

    def free(self, number: int = 0) -> str:
        """An availability with room, late enough to be cancelled."""
        return [slot.id for slot in self.slots if slot.available][number + 8]

    def asks(self, **more: Any) -> dict[str, Any]:
        """The body of a question about availability."""
        return {"productId": self.product.id, "optionId": self.product.options[0].id, **more}

    def items(self, number: int) -> list[dict[str, str]]:
        return [{"unitId": self.unit} for _ in range(number)]

    def wish(self, number: int = 2, **changes: Any) -> dict[str, Any]:
        """A reservation."""
        return {**self.asks(availabilityId=self.free(), unitItems=self.items(number)), **changes}

    def hold(self, number: int = 2, **changes: Any) -> Booking:
        """Reserve."""
        return self.booking("POST", "/bookings", self.wish(number, **changes))

    def confirmed(self, **more: Any) -> Booking:
        """Reserve and confirm."""
        path = f"/bookings/{self.hold().uuid}/confirm"
        return self.booking("POST", path, {"contact": GUEST, **more})

    def booking(self, method: str, path: str, body: Any = None) -> Booking:
        """What a call answers, which must be a booking in every detail."""
        return Booking.model_validate(self.octo.ok(method, path, body))

    def refused(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """The error object that a call answers, without its sentence."""
        return self.octo.refused(method, path, body)
