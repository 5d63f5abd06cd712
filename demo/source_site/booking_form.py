"""The booking form: what a guest may send, read with every fault at once. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from demo.catalogue import Brand, Package

TRANSPORTS = {
    "self_arrange": ("I come by myself", 0),
    "hotel_pickup": ("Shared hotel pick-up", 0),
    "private": ("Private car", 1800),
}
COUNTRY_CODES = (
    ("+66", "Thailand +66"),
    ("+44", "United Kingdom +44"),
    ("+1", "United States, Canada +1"),
    ("+33", "France +33"),
    ("+49", "Germany +49"),
    ("+46", "Sweden +46"),
    ("+61", "Australia +61"),
    ("+81", "Japan +81"),
    ("+86", "China +86"),
    ("+91", "India +91"),
    ("+977", "Nepal +977"),
)
MOST_GUESTS = 20
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass
class Filled:
    """A form as it was sent, and what it means if nothing is wrong with it."""

    sent: Mapping[str, str]
    faults: dict[str, str] = field(default_factory=dict)
    """Field to what is wrong with it."""
    fields: dict[str, Any] = field(default_factory=dict)

    def text(self, name: str, most: int, *, required: bool = False) -> str | None:
        """A trimmed text of at most `most` characters."""
        value = self.sent.get(name, "").strip()
        if required and not value:
            self.faults[name] = "Please fill this in."
        if len(value) > most:
            self.faults[name] = f"At most {most} characters."
        return value or None

    def count(self, name: str, least: int, most: int) -> int:
        """A whole number."""
        value = self.sent.get(name, "").strip() or str(least)
        if not value.isdecimal() or not least <= int(value) <= most:
            self.faults[name] = f"A number from {least} to {most}."
            return least
        return int(value)

    def day(self, name: str, today: date) -> str:
        """A date from today on, within two years."""
        value = self.sent.get(name, "")
        try:
            chosen = date.fromisoformat(value)
        except ValueError:
            self.faults[name] = "Please choose a date."
            return value
        if not today <= chosen <= today + timedelta(days=730):
            self.faults[name] = "Please choose a date from today on."
        return value


def read_booking(sent: Mapping[str, str], brand: Brand, today: date) -> Filled:
    """A guest's booking: fields by the names of `wire.FIELDS`, with the total computed here."""
    form = Filled(sent)
    package = _package(form, brand)
    slot = form.text("time_slot", 50, required=True) or ""
    if slot and slot not in package.times:
        form.faults["time_slot"] = f"{package.name} starts at {', '.join(package.times)}."
    email = form.text("customer_email", 254, required=True)
    if email and not _EMAIL.fullmatch(email):
        form.faults["customer_email"] = "This is not an e-mail address."
    guests = form.count("guest_count", 1, MOST_GUESTS)
    addons = _addons(form, brand)
    transport = _transport(form)
    extras = sum(each["quantity"] * each["unit_price"] for each in addons)
    form.fields = {
        "package_name": package.name,
        "package_price": package.price,
        "venue": package.venue,
        "activity_date": form.day("activity_date", today),
        "time_slot": slot,
        "guest_count": guests,
        "total_amount": package.price * guests + extras + transport["transport_cost"],
        "discount_amount": 0,
        "currency": brand.currency,
        "customer_name": form.text("customer_name", 200, required=True),
        "customer_email": email,
        "customer_phone": form.text("customer_phone", 50),
        "customer_country_code": form.text("customer_country_code", 10),
        "special_requests": form.text("special_requests", 2000),
        **transport,
        "addons": addons,
    }
    return form


def read_change(sent: Mapping[str, str], booking: Mapping[str, Any], today: date) -> Filled:
    """What may be changed here later. Only what was really changed is in `fields`.

    `was_<field>` says what the form began with: what the hub changed meanwhile stays.
    """
    form = Filled(sent)
    names = ("activity_date", "time_slot", "guest_count", "special_requests")
    changed = {name for name in names if name in sent and sent[name] != sent.get(f"was_{name}")}
    if "activity_date" in changed:
        form.fields["activity_date"] = form.day("activity_date", today)
    if "time_slot" in changed:
        form.fields["time_slot"] = form.text("time_slot", 50, required=True)
    if "guest_count" in changed:
        guests = form.count("guest_count", 1, MOST_GUESTS)
        form.fields |= {"guest_count": guests, "total_amount": _new_total(booking, guests)}
    if "special_requests" in changed:
        form.fields["special_requests"] = form.text("special_requests", 2000)
    return form


def _new_total(booking: Mapping[str, Any], guests: int) -> Any:
    price, before = booking.get("package_price") or 0, booking.get("guest_count") or 0
    return (booking.get("total_amount") or 0) + price * (guests - before)


def _package(form: Filled, brand: Brand) -> Package:
    found = [each for each in brand.packages if each.name == form.sent.get("package_name")]
    if not found:
        form.faults["package_name"] = "Please choose what to book."
    return found[0] if found else brand.packages[0]


def _addons(form: Filled, brand: Brand) -> list[dict[str, Any]]:
    chosen = []
    for number, addon in enumerate(brand.addons):
        quantity = form.count(f"addon_{number}", 0, MOST_GUESTS)
        if quantity:
            chosen.append({"name": addon.name, "quantity": quantity, "unit_price": addon.price})
    return chosen


def _transport(form: Filled) -> dict[str, Any]:
    kind = form.sent.get("transport_type") or "self_arrange"
    if kind not in TRANSPORTS:
        form.faults["transport_type"] = "Please choose how you come."
    picked_up = kind != "self_arrange"
    return {
        "transport_type": kind,
        "hotel_name": form.text("hotel_name", 300, required=picked_up) if picked_up else None,
        "room_number": form.text("room_number", 50) if picked_up else None,
        "non_players": form.count("non_players", 0, MOST_GUESTS),
        "private_passengers": form.count("guest_count", 1, MOST_GUESTS) if kind == "private" else 0,
        "transport_cost": TRANSPORTS.get(kind, ("", 0))[1],
    }
