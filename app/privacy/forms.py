"""The form of a guest's record."""

from __future__ import annotations

from wtforms import HiddenField, SelectField, StringField

from app.customers.models import Customer
from app.forms import Form, text
from app.messaging.languages import LANGUAGES
from app.privacy.editing import FIELDS, fingerprint, shown


class CustomerForm(Form):
    """Who somebody is, and how they are reached."""

    first_name = StringField("First name", render_kw={"autocapitalize": "words"})
    last_name = StringField("Last name", render_kw={"autocapitalize": "words"})
    phone = StringField(
        "Phone",
        description="With + and the country, or as it is dialled there.",
        render_kw={"type": "tel", "autocomplete": "off"},
    )
    email = StringField(
        "E-mail", render_kw={"type": "email", "autocomplete": "off", "spellcheck": "false"}
    )
    language = SelectField("Language of messages")
    read = HiddenField()

    def __init__(self, customer: Customer) -> None:
        """Filled with what is sent, or with what the record says."""
        values = shown(customer)
        super().__init__(data={**values, "read": fingerprint(customer)})
        known = {values["language"]: values["language"], **LANGUAGES}
        self.language.choices = [("", "The website's"), *((k, v) for k, v in known.items() if k)]

    def values(self) -> dict[str, str]:
        """What was typed."""
        return {name: text(self[name]) for name in FIELDS}
