"""The restaurant of the demo: its menu, the tables of the coming days, how it takes money and
writes to its guests. Payments, SMS and e-mail go to the stand-ins that run beside the demo.

Parks only keep what they would send.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.bookings.making import Wish, make
from app.customers.actions import Contact
from app.customers.opting import set_sms_opt_in
from app.events.models import SYSTEM
from app.menus.choosing import Selection
from app.menus.models import MenuItem, MenuSection
from app.messaging.models import MessageSettings
from app.payments.models import PaymentSettings
from app.venues.models import Activity, Venue
from app.websites.models import Website
from demo.standins import graph, twilio
from demo.standins.paypal.server import CLIENT, SECRET

ANCHOR = "the-anchor"
SUNDAY_LUNCH = "Sunday Lunch"
SUNDAY = 6
HOOK = "WH-STANDIN"
KEPT_HERE = ("hanuman-world", "coral-divers")
MENU: tuple[tuple[str, str | None, bool, tuple[tuple[str, str, tuple[str, ...]], ...]], ...] = (
    (
        "Sunday roasts", "sunday_lunch", True,
        (
            ("Roast Sirloin of Beef", "19.50", ("gluten", "milk")),
            ("Roast Chicken", "17.50", ("gluten", "milk")),
            ("Slow-cooked Pork Belly", "18.50", ("gluten",)),
            ("Beetroot Wellington", "16.50", ("gluten", "nuts")),
        ),
    ),
    (
        "Sides", None, False,
        (
            ("Cauliflower Cheese", "4.50", ("milk",)),
            ("Roast Potatoes", "3.50", ()),
            ("Seasonal Greens", "3.50", ()),
        ),
    ),
    (
        "Puddings", None, False,
        (
            ("Apple Crumble", "6.50", ("gluten", "milk")),
            ("Chocolate Torte", "7.00", ("egg", "milk", "nuts")),
        ),
    ),
)  # fmt: skip
"""Section: for which bookings, whether its dishes are mains, its dishes with their allergens."""


@dataclass(frozen=True)
class Table:
    """A party at the next Sunday lunch. `dishes` are numbers of roasts, one for each guest."""

    name: str
    email: str
    phone: str
    at: str
    dishes: tuple[int, ...]
    wants_sms: bool = True
    allergies: tuple[str, ...] = ()
    celebration: str | None = None
    high_chairs: int = 0


TABLES = (
    Table("Bella Example", "bella@example.com", "+447400123401", "12:00", (0, 0, 1, 3), True,
          ("nuts",), "Birthday"),
    Table("Carl Sample", "carl@example.com", "+447400123402", "12:30", (1, 2)),
    Table("Dora Demo", "dora@example.com", "+447400123403", "13:00", (0, 1, 1, 2, 3), False,
          ("gluten", "milk"), None, 1),
    Table("Egon Invented", "egon@example.com", "+447400123404", "13:00", (0, 2)),
)  # fmt: skip


def set_up(session: Session, now: datetime) -> None:
    """Everything, once the past has been dispatched: of that nobody is told any more."""
    for website_id in KEPT_HERE:
        kept = MessageSettings(website_id=website_id, sms_by="capture", email_by="capture")
        session.add(kept)
    open_kitchen(session, now)


def open_kitchen(session: Session, now: datetime, tables: Sequence[Table] = TABLES) -> None:
    """The menu, the accounts of the restaurant, and the tables of the next Sunday."""
    session.add_all([_messages(), _payments()])
    website = session.get_one(Website, ANCHOR)
    lunch, venue = session.execute(
        select(Activity, Venue)
        .join(Venue, Venue.id == Activity.venue_id)
        .where(Venue.website_id == ANCHOR, Activity.name == SUNDAY_LUNCH)
    ).one()
    roasts = _menu(session, venue)
    session.flush()
    for table in tables:
        _book(session, website, lunch, table, roasts, _next_sunday(now, venue.timezone))


def _messages() -> MessageSettings:
    return MessageSettings(
        website_id=ANCHOR,
        sms_by="twilio",
        sms={
            "account_sid": twilio.ACCOUNT,
            "auth_token": twilio.TOKEN,
            "messaging_service_sid": twilio.SERVICE,
        },
        email_by="graph",
        email={
            "tenant": graph.TENANT,
            "client_id": graph.CLIENT,
            "client_secret": graph.SECRET,
            "mailbox": "bookings@anchor.test",
        },
        sender_name="The Anchor",
        manager_email="manager@anchor.test",
        kitchen_email="kitchen@anchor.test",
        contact_phone="+44 20 7946 0999",
        review_link="https://anchor.example/review",
        segment_price=Decimal("0.04"),
    )


def _payments() -> PaymentSettings:
    return PaymentSettings(
        website_id=ANCHOR,
        is_on=True,
        client_id=CLIENT,
        secret=SECRET,
        webhook_id=HOOK,
        verify_online=True,
    )


def _menu(session: Session, venue: Venue) -> list[MenuItem]:
    """Write the menu. Returns the roasts, in their order."""
    roasts: list[MenuItem] = []
    for place, (name, booking_type, is_main, dishes) in enumerate(MENU):
        section = MenuSection(
            venue_id=venue.id,
            name=name,
            booking_type=booking_type,
            is_main=is_main,
            position=place,
        )
        session.add(section)
        session.flush()
        items = [
            MenuItem(
                section_id=section.id,
                name=dish,
                price=Decimal(price),
                allergens=list(allergens),
                position=number,
            )
            for number, (dish, price, allergens) in enumerate(dishes)
        ]
        session.add_all(items)
        roasts += items if is_main else []
    return roasts


def _next_sunday(now: datetime, zone: str) -> date:
    """The first Sunday after tomorrow: its reminders are still to come."""
    day = now.astimezone(ZoneInfo(zone)).date() + timedelta(days=2)
    return day + timedelta(days=(SUNDAY - day.weekday()) % 7)


def _book(
    session: Session,
    website: Website,
    lunch: Activity,
    table: Table,
    roasts: Sequence[MenuItem],
    day: date,
) -> None:
    contact = Contact(table.name, table.email, table.phone, region="GB")
    guests = [f"Guest {number}" for number in range(1, len(table.dishes) + 1)]
    wish = Wish(
        activity_id=lunch.id,
        day=day,
        guests=len(table.dishes),
        contact=contact,
        source="website",
        slot=table.at,
        choices=[
            Selection(roasts[dish].id, guest_name=guest)
            for dish, guest in zip(table.dishes, guests, strict=True)
        ],
        more={
            "allergies": list(table.allergies),
            "celebration": table.celebration,
            "high_chairs": table.high_chairs,
        },
    )
    booking = make(session, SYSTEM, website, wish)
    if table.wants_sms:
        set_sms_opt_in(session, SYSTEM, booking.customer_id, True, source=website.door)
