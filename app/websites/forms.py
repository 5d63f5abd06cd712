"""The form of a website. What its values must look like is said in `rules`, for all doors."""

from __future__ import annotations

from typing import Any

from wtforms import SelectField, StringField, URLField

from app.forms import Form, text
from app.websites import choices, rules
from app.websites.models import Website


class WebsiteForm(Form):
    """Edit a website."""

    name = StringField("Name", description="As staff know it: Hanuman World Phuket.")
    domain = StringField("Domain", description="Where it is found: hanumanworld.example.com.")
    timezone = SelectField("Time zone", description="In which its bookings take place.")
    currency = SelectField("Currency", description="Of bookings that name none.")
    phone_region = SelectField(
        "Phone region", description="How phone numbers without a country code are read."
    )
    webhook_url = URLField(
        "Webhook URL",
        description="Where changes are sent. While it is empty nothing is sent.",
        render_kw={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"},
    )
    logo_url = URLField("Logo URL", render_kw={"inputmode": "url", "autocomplete": "off"})

    def __init__(self, website: Website | None = None, **kwargs: Any) -> None:
        super().__init__(obj=website, **kwargs)
        zones = {name: name.replace("_", " ") for name in choices.timezones()}
        money = {code: f"{code} · {name}" for code, name in choices.currencies().items()}
        regions = {code: f"{name} ({code})" for code, name in choices.regions().items()}
        for field, known in (
            (self.timezone, zones),
            (self.currency, money),
            (self.phone_region, regions),
        ):
            stored = getattr(website, field.name, None)
            # What is stored stays a choice, also when the world has given it up.
            kept = {stored: stored} if stored else {}
            field.choices = list({**kept, **known}.items())

    def values(self) -> dict[str, Any]:
        """What was typed, for the actions."""
        return {name: text(self[name]) for name in ("id", *rules.EDITABLE) if name in self}


class NewWebsiteForm(WebsiteForm):
    """Add a website."""

    id = StringField(
        "Id",
        description="Small letters and hyphens: hanuman-world. It cannot be changed later.",
        render_kw={"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"},
    )
