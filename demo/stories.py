"""The demo's bookings: who booked what, for when, and through which door. Pure.

Seeded, so that two installations of the same day tell the same stories. What happens to a booking
afterwards is in `lives`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from demo import lives, texts
from demo.catalogue import MOONLIGHT, Brand, Package
from demo.lives import APP, DIRECT, PARTNER, PHONE, PLATFORM, WALK_IN, WEBSITE, Story
from demo.people import Guest
from demo.source_site.wire import instant
from demo.venues import SOLD

SOURCES: dict[str, dict[str, int]] = {
    "the-anchor": {WEBSITE: 34, PLATFORM: 30, PHONE: 18, WALK_IN: 14, DIRECT: 4},
    "coral-divers": {WEBSITE: 40, PARTNER: 42, PHONE: 7, WALK_IN: 7, DIRECT: 4},
    "himalaya-treks": {WEBSITE: 45, APP: 35, PHONE: 12, DIRECT: 8},
    "test-website": {WEBSITE: 100},
    "": {WEBSITE: 70, PHONE: 13, WALK_IN: 10, APP: 4, DIRECT: 3},
}
"""Per brand, in percent; the last line is for the others."""
ABOUT_NOW = {
    -150: lives.COMPLETED,
    -90: lives.ARRIVED,
    -60: lives.NO_SHOW,
    -30: lives.LATE,
    30: lives.EXPECTED,
    60: lives.EXPECTED,
    120: lives.EXPECTED,
    210: lives.EXPECTED,
}
"""Minutes from now to the fate of a booking there: at any hour Today has something to show."""
NO_CLOCK = time(4, 30)
"""When a slot begins that is no clock time."""


@dataclass(frozen=True)
class Slot:
    """What, when, and what becomes of it where that is not left to chance."""

    package: Package
    day: date
    time_slot: str
    fate: str | None = None


class Writer:
    """Makes the stories of all brands."""

    def __init__(self, random: Random, people: Iterator[Guest], now: datetime) -> None:
        self._random = random
        self._people = people
        self._now = now
        self._known: list[Guest] = []

    def stories(self, brand: Brand) -> list[Story]:
        """The bookings of one brand, around its today, in the order of booking."""
        here = self._now.astimezone(ZoneInfo(brand.timezone))
        slots = [self._slot(brand, here) for _ in range(brand.bookings)]
        if brand.id == "hanuman-world":
            slots += [_about_now(brand, here, *each) for each in ABOUT_NOW.items()]
        stories = sorted((self._story(brand, slot) for slot in slots), key=lambda s: s.booked)
        for number, story in enumerate(stories, 1):
            story.fields["booking_ref"] = f"{brand.prefix}-{number:06d}"
        return stories

    def _slot(self, brand: Brand, here: datetime) -> Slot:
        package = self._random.choice(brand.packages)
        spread = self._random.choices((0, 3, 10, 24), (24, 36, 28, 12))[0]
        away = self._random.randint(-min(spread, 12), spread)
        day = here.date() + timedelta(days=away)
        while day.weekday() not in package.days:
            day += timedelta(days=1)
        return Slot(package, day, self._random.choice(package.times))

    def _story(self, brand: Brand, slot: Slot) -> Story:
        clock = time.fromisoformat(slot.time_slot) if ":" in slot.time_slot else NO_CLOCK
        starts = datetime.combine(slot.day, clock, ZoneInfo(brand.timezone)).astimezone(UTC)
        odds = SOURCES.get(brand.id, SOURCES[""])
        source = self._random.choices(list(odds), list(odds.values()))[0]
        if slot.fate:
            source = WEBSITE
        if source == WALK_IN and starts > self._now:
            source = PHONE
        booked = self._booked(source, starts)
        story = Story(
            brand,
            source,
            uuid.UUID(int=self._random.getrandbits(128), version=4),
            self.fields(brand, slot) | {"source_created_at": instant(booked)},
            starts,
            booked,
            days=_days(slot.package),
        )
        lives.live(story, self._random, self._now, slot.fate)
        return story

    def _booked(self, source: str, starts: datetime) -> datetime:
        """When it was booked: days before, at the door just before, never after now."""
        if source == WALK_IN:
            return starts - timedelta(minutes=self._random.randint(3, 20))
        latest = min(starts, self._now) - timedelta(minutes=40)
        hours = min(self._random.expovariate(1 / (24 * 7)), 24 * 60)
        return latest - timedelta(hours=hours)

    def _guest(self) -> Guest:
        """Now and then somebody who has booked before, perhaps with another business."""
        if len(self._known) > 20 and self._random.random() < 0.15:
            return self._random.choice(self._known)
        guest = next(self._people)
        self._known.append(guest)
        return guest

    def fields(self, brand: Brand, slot: Slot) -> dict[str, Any]:
        """What the source says of it in its first message, but the reference."""
        random, guest, package = self._random, self._guest(), slot.package
        guests = min(random.choice((1, 2, 2, 2, 2, 3, 4, 4, 5, 6, 8)), brand.most_guests)
        addons = self._addons(brand, guests)
        discount = package.price // 10 if random.random() < 0.12 else 0
        extras = sum(each["quantity"] * each["unit_price"] for each in addons)
        wish = random.choice(texts.requests(brand)) if random.random() < 0.3 else None
        return {
            "package_name": package.name,
            "package_price": package.price,
            "venue": package.venue,
            "activity_date": slot.day.isoformat(),
            "time_slot": slot.time_slot,
            "guest_count": guests,
            "total_amount": package.price * guests + extras - discount,
            "discount_amount": discount,
            "currency": brand.currency,
            "status": "pending" if not slot.fate and random.random() < 0.08 else "confirmed",
            "customer_name": guest.name,
            "customer_email": guest.email,
            "customer_phone": guest.phone,
            "customer_country_code": guest.country_code,
            "special_requests": wish,
            **self._transport(brand),
            "addons": addons,
            "stripe_payment_intent_id": f"pi_demo_{random.getrandbits(64):016x}",
        }

    def _addons(self, brand: Brand, guests: int) -> list[dict[str, Any]]:
        count = min(self._random.choice((0, 0, 1, 2)), len(brand.addons))
        return [
            {
                "name": addon.name,
                "quantity": self._random.randint(1, guests),
                "unit_price": addon.price,
            }
            for addon in self._random.sample(brand.addons, count)
        ]

    def _transport(self, brand: Brand) -> dict[str, Any]:
        random = self._random
        if not brand.hotels or random.random() < 0.35:
            return {"transport_type": "self_arrange" if brand.hotels else None}
        private = random.random() < 0.15
        return {
            "transport_type": "private" if private else "hotel_pickup",
            "hotel_name": random.choice(brand.hotels),
            "room_number": str(random.randint(1, 9) * 100 + random.randint(1, 24)),
            "non_players": random.choice((0, 0, 0, 0, 1, 2)),
            "private_passengers": random.randint(2, 5) if private else 0,
            "transport_cost": 1800 if private and brand.currency == "THB" else 0,
        }


def _about_now(brand: Brand, here: datetime, minutes: int, fate: str) -> Slot:
    """A slot some minutes from now, on the half hour, and still today."""
    midnight = here.replace(hour=0, minute=0, second=0, microsecond=0)
    of_day = (here.hour * 60 + here.minute + minutes) // 30 * 30
    at = midnight + timedelta(minutes=max(0, min(of_day, 23 * 60 + 55)))
    package = brand.packages[0] if 8 <= at.hour < 17 else Package(MOONLIGHT, 2690, ())
    return Slot(package, here.date(), f"{at:%H:%M}", fate)


def _days(package: Package) -> int:
    sold = SOLD.get(package.name)
    return sold.more.get("days", 1) if sold else 1
