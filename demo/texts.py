"""What guests ask for, what staff note down, and why bookings are cancelled."""

from __future__ import annotations

from demo.catalogue import Brand

REQUESTS = (
    "Vegetarian lunch, please.",
    "We celebrate a birthday: a candle would be lovely.",
    "One of us is afraid of heights and only wants to watch.",
    "Child of 6 years, 118 cm. Is that tall enough?",
    "มีเด็กเล็กมาด้วย ขอที่นั่งเสริมในรถ",
    "Je suis allergique aux arachides.",
    "Bitte etwas früher abholen, wir wohnen weit im Norden.",
    "可以安排会说中文的导游吗？",
    "Nut allergy, we bring our own snacks.",
    "Please call when the driver is at the lobby.",
)
TABLE_REQUESTS = (
    "Window table if possible.",
    "High chair for a toddler.",
    "Gluten-free for one of us.",
    "Anniversary dinner, something small for dessert?",
    "Wheelchair access needed.",
    "Severe shellfish allergy.",
)
DIVE_REQUESTS = (
    "Advanced Open Water, about 60 dives, last one in May.",
    "I need prescription mask lenses, -3.5.",
    "First time ever, a little nervous.",
    "Wetsuit size XL, fins 44.",
)
TREK_REQUESTS = (
    "Vegan meals on the trail.",
    "We would like a room in Pokhara the night before.",
    "Is altitude medicine included?",
)
NOTES = (
    "Called back, all clear.",
    "Regular guest, give them the good harnesses.",
    "Paid the pick-up in cash.",
    "Wants the photos by e-mail.",
    "Moved to the bigger van.",
    "VIP: the owner's cousin. Really.",
    "Left a jacket last time, it is in the office.",
    "Driver asked to wait 10 minutes.",
)
GUEST_REASONS = (
    "Flight was changed",
    "Somebody fell ill",
    "Booked twice by mistake",
    "Weather forecast",
    "Plans changed",
)
STAFF_REASONS = (
    "Guest called: they are ill",
    "Storm warning, offered another day",
    "Double booking, talked to the guest",
    "Guest cannot come before noon",
)


def requests(brand: Brand) -> tuple[str, ...]:
    """What guests of this brand ask for."""
    own = {
        "the-anchor": TABLE_REQUESTS,
        "coral-divers": DIVE_REQUESTS,
        "himalaya-treks": TREK_REQUESTS,
    }
    return own.get(brand.id, REQUESTS)
