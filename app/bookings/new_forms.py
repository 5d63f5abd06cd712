"""The form of a new booking: the guest's part of it, and what was chosen as it was typed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wtforms import BooleanField, RadioField

from app.bookings.choices import Asked
from app.bookings.fields import FOR_TABLES
from app.bookings.forms import EMAIL
from app.bookings.inputs import count_input, text_input, words_input
from app.customers.actions import Contact
from app.forms import Form

SOURCES = {"walk_in": "Walk-in", "phone": "Phone", "direct": "Other"}
UNIT = "unit-"
"""What the names of the counters of price categories begin with."""


class NewForm(Form):
    """Who comes, and how they asked."""

    source = RadioField("How did they come?", choices=SOURCES, default="walk_in")
    customer_phone = text_input("customer_phone", type="tel")
    customer_name = text_input("customer_name", autocapitalize="words")
    customer_email = text_input(
        "customer_email", EMAIL, optional=True, type="email", inputmode="email"
    )
    allergies = words_input("allergies")
    celebration = text_input("celebration")
    high_chairs = count_input("high_chairs", optional=True)
    special_requests = text_input("special_requests", area=True, rows=2)
    admin_notes = text_input("admin_notes", area=True, rows=2)
    overbook = BooleanField("Book all the same")

    def validate(self, extra_validators: Any = None) -> bool:
        """Who is not at the door must leave a way to be reached."""
        fine = bool(super().validate(extra_validators))
        if self.source.data != "walk_in" and not (
            self.customer_phone.data or self.customer_email.data
        ):
            if not self.customer_phone.errors:
                self.customer_phone.errors = ["Ask for a phone number or an e-mail address."]
            return False
        return fine

    def contact(self, region: str) -> Contact:
        """Who books. `region`: of the website, for numbers without a country code."""
        return Contact(
            name=self.customer_name.data,
            email=self.customer_email.data,
            phone=self.customer_phone.data,
            region=region,
            source=self.source.data,
        )

    def words(self, *, is_table: bool = False) -> dict[str, Any]:
        """What goes with the booking as it was typed."""
        names = ("special_requests", "admin_notes", *(FOR_TABLES if is_table else ()))
        return {name: self[name].data for name in names if self[name].data}


def asked_in(values: Mapping[str, str], usual: str = "") -> Asked:
    """What a form or an address chooses. `usual`: the venue where nothing says which."""
    units = [name for name in values if name.startswith(UNIT)]
    return Asked(
        website=values.get("website", ""),
        venue=values.get("venue", ""),
        activity=values.get("activity", ""),
        # Buttons turn the day without script, too: what they say is newer.
        day=values.get("go", "") or values.get("day", ""),
        guests=values.get("guests", ""),
        slot=values.get("slot", ""),
        counts={name.removeprefix(UNIT): values[name] for name in units},
        usual=usual,
    )
