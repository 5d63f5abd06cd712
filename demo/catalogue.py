"""What the demo's businesses sell. They, their prices and their places are made up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Package:
    """Something that can be booked. `price` is per person, in the brand's currency."""

    name: str
    price: int
    times: tuple[str, ...]
    venue: str | None = None
    days: tuple[int, ...] = tuple(range(7))
    """Weekdays on which it takes place, 0 is Monday."""


@dataclass(frozen=True)
class Addon:
    """Something to go with it."""

    name: str
    price: int


@dataclass(frozen=True)
class Brand:
    """A business behind one source website."""

    id: str
    name: str
    prefix: str
    """Of its booking references."""
    packages: tuple[Package, ...]
    addons: tuple[Addon, ...] = ()
    hotels: tuple[str, ...] = ()
    """Where its guests are picked up; none: there is no pick-up."""
    timezone: str = "Asia/Bangkok"
    currency: str = "THB"
    region: str = "TH"
    bookings: int = 60
    """About how many the demo has."""
    most_guests: int = 6

    @property
    def domain(self) -> str:
        return f"{self.id.replace('-', '')}.example"


PARK_TIMES = ("08:00", "10:00", "13:00", "15:00")
PARK_HOTELS = (
    "Palm Example Resort",
    "Hotel Andaman Nowhere",
    "The Imaginary Bay Hotel",
    "Lotus Sample Suites",
    "Storybook Beach Villas",
    "Old Town Placeholder Inn",
)
PARK_ADDONS = (
    Addon("Photo Package", 500),
    Addon("Souvenir T-Shirt", 350),
    Addon("Thai Lunch Set", 290),
)
MOONLIGHT = "Moonlight Zip Line"
"""Flies at any hour: the demo always has somebody who arrives about now."""

BRANDS = (
    Brand(
        "hanuman-world",
        "Hanuman World",
        "HW",
        (
            Package("World A+", 3490, PARK_TIMES),
            Package("World B+", 2990, PARK_TIMES),
            Package("World C", 2290, PARK_TIMES),
            Package("Roller and Skywalk", 1490, ("09:00", "11:00", "14:00", "16:00")),
        ),
        PARK_ADDONS,
        PARK_HOTELS,
        bookings=88,
    ),
    Brand(
        "flying-hanuman",
        "Flying Hanuman",
        "FH",
        (Package("Flying A", 3290, PARK_TIMES), Package("Flying B", 2490, PARK_TIMES)),
        PARK_ADDONS,
        PARK_HOTELS,
    ),
    Brand(
        "hanuman-luge",
        "Hanuman Luge",
        "HL",
        (
            Package("1 Ride", 450, ("09:30", "11:00", "13:30", "15:30", "17:00")),
            Package("3 Rides", 950, ("09:30", "11:00", "13:30", "15:30", "17:00")),
            Package("5 Rides and Skyride", 1290, ("10:00", "12:30", "14:30", "16:30")),
        ),
        (Addon("Ride Photos", 300), Addon("Helmet Camera", 600)),
        PARK_HOTELS[:3],
        bookings=66,
    ),
    Brand(
        "coral-divers",
        "Coral Divers",
        "CD",
        (
            Package("Two-Tank Fun Dive", 3900, ("07:30", "08:00"), "Coral Divers Kata"),
            Package("Discover Scuba", 3400, ("08:00", "13:00"), "Coral Divers Kata"),
            Package("Snorkelling Day Trip", 1900, ("08:30",), "Coral Divers Racha Pier"),
            Package("Night Dive", 2600, ("17:30",), "Coral Divers Racha Pier"),
        ),
        (Addon("Nitrox", 300), Addon("Dive Computer", 400), Addon("Wetsuit 5 mm", 250)),
        PARK_HOTELS[1:4],
    ),
    Brand(
        "the-anchor",
        "The Anchor",
        "TA",
        (
            Package("Table for Lunch", 10, ("12:00", "12:30", "13:00", "13:45")),
            Package("Table for Dinner", 15, ("18:00", "18:30", "19:15", "20:00", "20:45")),
            Package("Captain's Tasting Menu", 65, ("19:00", "20:00")),
        ),
        (Addon("Wine Pairing", 35), Addon("Birthday Cake", 28)),
        timezone="Europe/London",
        currency="GBP",
        region="GB",
        bookings=70,
        most_guests=8,
    ),
    Brand(
        "himalaya-treks",
        "Himalaya Treks",
        "HT",
        (
            Package("Annapurna Base Camp, 9 days", 98000, ("06:30",), days=(0, 3, 5)),
            Package("Poon Hill, 5 days", 52000, ("07:00",), days=(1, 4, 6)),
            Package("Everest View, 7 days", 120000, ("05:45",), days=(2, 6)),
            Package("Nagarkot Sunrise Hike", 6500, ("Before sunrise", "04:30")),
        ),
        (Addon("Porter, per day", 2800), Addon("Sleeping Bag", 1500)),
        ("Hotel Yeti Example", "Kathmandu Sample House"),
        timezone="Asia/Kathmandu",
        currency="NPR",
        region="NP",
        bookings=44,
        most_guests=5,
    ),
    Brand(
        "test-website",
        "Test Website",
        "TW",
        (Package("Test Package", 100, ("09:00", "12:00", "15:00")),),
        bookings=12,
        most_guests=3,
    ),
)

BY_ID = {brand.id: brand for brand in BRANDS}
