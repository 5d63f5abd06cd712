"""Form fields for the kinds of values that bookings have."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from wtforms import DateField, Field, IntegerField, StringField, TextAreaField
from wtforms.validators import (
    DataRequired,
    InputRequired,
    Length,
    Optional,
    ValidationError,
)
from wtforms.widgets import TextInput

from app.bookings.fields import FIELDS, MOST_COUNT, MOST_MONEY

MOST_WORDS, LONGEST_WORD = 30, 100
_GROUPED = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?")


class MoneyField(Field):
    """An amount of up to two decimals; `3,490` is read as 3490. Empty is None."""

    widget = TextInput()

    @property
    def is_blank(self) -> bool:
        """Whether nothing was typed and nothing is there."""
        return not self._value().strip()

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else amount(self.data)

    def process_formdata(self, typed: list[Any]) -> None:
        """Raises ValueError for what is no amount."""
        text = str(typed[0]).strip() if typed else ""
        self.data = None
        if not text:
            return
        if _GROUPED.fullmatch(text):
            text = text.replace(",", "")
        try:
            self.data = Decimal(text)
        except InvalidOperation as error:
            raise ValueError("Type an amount, such as 3490 or 12.50.") from error

    def pre_validate(self, form: Any) -> None:
        """Within what the column holds."""
        value = self.data
        if value is None:
            return
        if not value.is_finite() or not 0 <= value <= MOST_MONEY:
            raise ValidationError(f"Must be between 0 and {MOST_MONEY:,}.")
        if value != value.quantize(Decimal("0.01")):
            raise ValidationError("Two decimals at most.")


class WordsField(Field):
    """A few texts in one line, `nuts, milk`. Nothing typed is an empty list."""

    widget = TextInput()

    def _value(self) -> str:
        return str(self.raw_data[0]) if self.raw_data else ", ".join(self.data or [])

    def process_formdata(self, typed: list[Any]) -> None:
        """What stands between commas or line breaks."""
        self.data = words_of(str(typed[0]) if typed else "")

    def pre_validate(self, form: Any) -> None:
        """As many and as long as the doors take."""
        texts = self.data or []
        if len(texts) > MOST_WORDS or any(len(text) > LONGEST_WORD for text in texts):
            most = f"At most {MOST_WORDS}, each of at most {LONGEST_WORD} characters."
            raise ValidationError(f"{most} Put commas between them.")


class CountField(IntegerField):
    """A number of people or things."""

    def process_formdata(self, typed: list[Any]) -> None:
        """Raises ValueError for what is no whole number."""
        self.data = None
        text = str(typed[0]).strip() if typed else ""
        if not text:
            return
        if not re.fullmatch(r"-?\d{1,9}", text):
            raise ValueError("Type a whole number.")
        self.data = int(text)


def amount(value: Any) -> str:
    """An amount as a form shows it: `3490`, `12.50`."""
    number = Decimal(str(value))
    return f"{number:.{0 if number == number.to_integral_value() else 2}f}"


def words_of(text: str) -> list[str]:
    """The texts between commas or line breaks, each once."""
    found = (one_line(part) for part in re.split(r"[,;\n]", text))
    return list(dict.fromkeys(part for part in found if part))


def one_line(value: Any) -> str | None:
    """What was typed in one line, without needless spaces; None when that is nothing."""
    return " ".join(str(value or "").split()) or None


def many_lines(value: Any) -> str | None:
    """The same where line breaks count."""
    return str(value or "").replace("\r\n", "\n").strip() or None


def _no_nul(form: Any, field: Any) -> None:
    if any("\x00" in text for text in field.data or ""):
        raise ValidationError("Holds a character that cannot be stored.")


def _presence(name: str) -> Any:
    spec = FIELDS[name]
    if not spec.required:
        return Optional()
    # Zero is an answer, blanks are none.
    return (DataRequired if spec.kind == "text" else InputRequired)(f"{spec.label} is needed.")


def text_input(
    name: str, *checks: Any, area: bool = False, optional: bool = False, **attributes: Any
) -> Any:
    """An input for a text field of a booking. `optional`: although bookings have to have it."""
    spec = FIELDS[name]
    most = Length(max=spec.limit, message=f"At most {spec.limit} characters.")
    tidy = many_lines if area else one_line
    return (TextAreaField if area else StringField)(
        spec.label,
        [Optional() if optional else _presence(name), most, _no_nul, *checks],
        filters=[tidy],
        render_kw={"autocomplete": "off", **attributes},
    )


def words_input(name: str) -> WordsField:
    """An input for a few texts, with commas between them."""
    return WordsField(FIELDS[name].label, [Optional(), _no_nul], render_kw={"autocomplete": "off"})


def count_input(name: str, least: int = 0, *, optional: bool = False) -> Any:
    """An input for a number of people. `optional`: nothing typed is none."""
    # A text input: one of type number changes its value when somebody scrolls over it.
    kw = {"inputmode": "numeric", "autocomplete": "off"}
    checks = [Optional() if optional else _presence(name), _from(least)]
    return CountField(FIELDS[name].label, checks, widget=TextInput(), render_kw=kw)


def quantity_input(label: str) -> CountField:
    """An input for how many of something; empty is one."""
    return CountField(label, [Optional(), _from(0)], widget=TextInput())


def _from(least: int) -> Any:
    def check(form: Any, field: Any) -> None:
        if field.data is not None and not least <= field.data <= MOST_COUNT:
            raise ValidationError(f"Must be between {least} and {MOST_COUNT:,}.")

    return check


def money_input(name: str) -> MoneyField:
    """An input for an amount."""
    kw = {"inputmode": "decimal", "autocomplete": "off"}
    return MoneyField(FIELDS[name].label, [_presence(name)], render_kw=kw)


def date_input(name: str) -> Any:
    """An input for a day."""

    def years(form: Any, field: Any) -> None:
        if field.data and not 2000 <= field.data.year <= 2100:
            raise ValidationError("Must lie between the years 2000 and 2100.")

    return DateField(FIELDS[name].label, [_presence(name), years])
