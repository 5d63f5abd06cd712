"""Forms of a booking. A form sends only what the person changed, beside what others changed."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from flask import request
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from wtforms import BooleanField, FieldList, FormField, HiddenField, SelectField, StringField
from wtforms import Form as PlainForm
from wtforms.validators import InputRequired, Length, Regexp

from app.bookings.fields import EDITABLE, FIELDS, FOR_TABLES
from app.bookings.inputs import (
    CountField,
    MoneyField,
    amount,
    count_input,
    date_input,
    many_lines,
    money_input,
    one_line,
    quantity_input,
    text_input,
    words_input,
)
from app.bookings.models import Booking
from app.bookings.wording import TRANSPORTS, transport
from app.forms import Form
from app.plain import plain
from app.venues.models import Kind

AREAS = ("special_requests", "admin_notes")
EMAIL = Regexp(r"^[^@\s]+@[^@\s]+\.[^@\s.]+$", message="This is not an e-mail address.")


class AddonForm(PlainForm):
    """One line of the add-ons; a line without a name and a price is no line."""

    name = StringField("Add-on", [Length(max=300)], filters=[one_line])
    quantity = quantity_input("Quantity")
    unit_price = MoneyField("Price each")

    @property
    def is_blank(self) -> bool:
        return not self.name.data and self.unit_price.is_blank

    def validate(self, extra_validators: Any = None) -> bool:
        fine = bool(super().validate(extra_validators))
        if not self.name.data and not self.is_blank:
            self.name.errors = ["Name it, or clear the line."]
            return False
        return fine


class EditForm(Form):
    """Everything that staff may change, as it was when the form was made (`originals`)."""

    version = HiddenField()
    originals = HiddenField()
    before: dict[str, Any]
    """The originals, as JSON values."""
    read_at: int
    """The version that they are of."""
    names: frozenset[str]
    """The fields that this person sees and may set."""
    overbook = BooleanField("Overbook: take it all the same")

    activity_date = date_input("activity_date")
    time_slot = text_input("time_slot", list="time-slots")
    package_name = text_input("package_name")
    venue = text_input("venue")
    guest_count = count_input("guest_count", least=1)
    customer_name = text_input("customer_name", autocapitalize="words")
    customer_email = text_input("customer_email", EMAIL, type="email", inputmode="email")
    customer_phone = text_input("customer_phone", type="tel")
    customer_country_code = text_input("customer_country_code")
    allergies = words_input("allergies")
    celebration = text_input("celebration")
    high_chairs = count_input("high_chairs")
    special_requests = text_input("special_requests", area=True, rows=3)
    admin_notes = text_input("admin_notes", area=True, rows=3)
    transport_type = SelectField(FIELDS["transport_type"].label, validate_choice=False)
    hotel_name = text_input("hotel_name")
    room_number = text_input("room_number")
    non_players = count_input("non_players")
    private_passengers = count_input("private_passengers")
    transport_cost = money_input("transport_cost")
    package_price = money_input("package_price")
    addons = FieldList(FormField(AddonForm), FIELDS["addons"].label, max_entries=200)
    discount_amount = money_input("discount_amount")
    total_amount = money_input("total_amount")

    @classmethod
    def of(cls, booking: Booking, names: frozenset[str] = EDITABLE) -> EditForm:
        """The form of a booking as it stands. `names`: what this person may set."""
        form = cls(formdata=None, data={name: getattr(booking, name) for name in names})
        form._keep(booking, names)
        form._start_from(booking)
        return form

    @classmethod
    def sent(cls, booking: Booking, names: frozenset[str] = EDITABLE) -> EditForm:
        """The form as it came back. Without `originals` the booking as it stands counts."""
        form = cls(formdata=_unfolded(request.form))
        form._keep(booking, names)
        if not form._read_originals():
            form._start_from(booking)
        form._offer_transports(booking)
        return form

    @property
    def has_amounts(self) -> bool:
        """Whether this person sees and sets prices."""
        return "total_amount" in self.names

    def validate(self, extra_validators: Any = None) -> bool:
        """What was not touched is not judged: sources may hold what we would not accept."""
        super().validate(extra_validators)
        changed = self.changes()
        for name in self.names - changed.keys():
            self[name].errors = []
        return not any(self[name].errors for name in changed)

    def changes(self) -> dict[str, Any]:
        """The fields that were changed, with their new values."""
        return {
            name: value
            for name in sorted(self.names)
            if _comparable(name, value := self._value(name))
            != _comparable(name, self.before.get(name))
            or _is_unread(self[name])
        }

    def rebase(self, booking: Booking, mine: Collection[str]) -> None:
        """Go on from a newer state of the booking, keeping what was typed in `mine`."""
        theirs = self.names - set(mine)
        for name in theirs:
            self[name].raw_data = None
            self[name].process(None, getattr(booking, name))
        self._start_from(booking)

    def faults(self) -> list[tuple[str, str]]:
        """What is wrong: (id of the input, sentence)."""
        found = [
            (name, self._said(name, self[name].errors))
            for name in FIELDS
            if name in self.names and name != "addons"
        ]
        for entry in self.addons if self.has_amounts else ():
            words = [word for errors in entry.form.errors.values() for word in errors]
            found.append((entry.form.name.id, self._said("addons", words)))
        found += [("", message) for message in self.form_errors]
        return [(place, words) for place, words in found if words]

    def _said(self, name: str, words: Iterable[str]) -> str:
        text = " ".join(words)
        return f"{FIELDS[name].label}: {text}" if text else ""

    def prices(self) -> dict[str, Any]:
        """The values that the total depends on, as typed."""
        names = ("package_price", "guest_count", "addons", "transport_cost")
        return {name: self._value(name) for name in (*names, "discount_amount", "total_amount")}

    def typed(self, name: str) -> str:
        """The value of a field as the form would send it again."""
        return as_text(name, self._value(name))

    def _value(self, name: str) -> Any:
        if name == "addons":
            return [_line(entry.form) for entry in self.addons if not entry.form.is_blank]
        value = self[name].data
        return FIELDS[name].empty if value in (None, "") else value

    def _keep(self, booking: Booking, names: frozenset[str]) -> None:
        self.names = names if booking.kind == Kind.TABLE else names - FOR_TABLES
        for name in EDITABLE - self.names:
            del self[name]

    def _start_from(self, booking: Booking) -> None:
        self.before = {name: plain(getattr(booking, name)) for name in self.names}
        self.read_at = booking.version
        self.version.data = str(booking.version)
        self.originals.data = json.dumps(self.before, ensure_ascii=False)
        self._offer_transports(booking)

    def _read_originals(self) -> bool:
        try:
            before = json.loads(self.originals.data or "")
            self.read_at = int(self.version.data or "")
        except ValueError:
            return False
        if not isinstance(before, dict):
            return False
        self.before = before
        return True

    def _offer_transports(self, booking: Booking) -> None:
        known = {"": "None", **TRANSPORTS}
        for other in (booking.transport_type, self.transport_type.data):
            if other and other not in known:  # a source's own word
                known[other] = transport(other)
        self.transport_type.choices = list(known.items())


class NotesForm(Form):
    """The staff notes alone."""

    version = CountField(validators=[InputRequired()])
    before = HiddenField(filters=[many_lines])
    admin_notes = text_input("admin_notes", area=True, rows=2)

    @property
    def read_at(self) -> int:
        """The version that the notes were read at."""
        return self.version.data or 0


class MoveForm(Form):
    """What goes with a change of status."""

    reason = text_input("cancellation_reason", area=True, rows=2)
    overbook = BooleanField()


def as_text(name: str, value: Any) -> str:
    """A value as a form sends it; add-ons as JSON."""
    value = plain(value)
    if name == "addons":
        return json.dumps(value or [], ensure_ascii=False)
    if value is None:
        return ""
    if FIELDS[name].kind == "words":
        return ", ".join(value)
    return amount(value) if FIELDS[name].kind == "money" else str(value)


def _is_unread(field: Any) -> bool:
    """Whether something was typed that is no value of this kind."""
    if isinstance(field, FieldList):
        return any(part.process_errors for entry in field for part in entry.form)
    return bool(field.process_errors)


def _line(form: AddonForm) -> dict[str, Any]:
    quantity = 1 if form.quantity.data is None else form.quantity.data
    price = plain(form.unit_price.data or 0)
    return {"name": form.name.data or "", "quantity": quantity, "unit_price": price}


def _comparable(name: str, value: Any) -> Any:
    """Two values are the same when people could not tell them apart."""
    value = plain(value)
    if name == "addons":
        return [_plain_line(item) for item in value or []]
    if name in AREAS:
        return many_lines(value)
    if FIELDS[name].kind == "text":
        return one_line(value)
    return FIELDS[name].empty if value is None else value


def _plain_line(item: Mapping[str, Any]) -> tuple[Any, ...]:
    return one_line(item.get("name")), item.get("quantity", 1), item.get("unit_price") or 0


def _unfolded(sent: ImmutableMultiDict[str, str]) -> MultiDict[str, str]:
    """Add-ons chosen as a whole (JSON) become the lines that the form knows."""
    found: MultiDict[str, str] = MultiDict(sent)
    chosen = found.pop("addons", None)
    if chosen is None:
        return found
    try:
        items = json.loads(chosen)
        for index, item in enumerate(items):
            for name in ("name", "quantity", "unit_price"):
                found[f"addons-{index}-{name}"] = str(item.get(name, ""))
    except (AttributeError, TypeError, ValueError):
        return found
    return found
