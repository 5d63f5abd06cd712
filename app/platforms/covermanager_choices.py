"""What can be chosen of CoverManager, and the words that its sources know."""

from __future__ import annotations

from app.platforms.base import FormField

HOSTS = {"live": "https://www.covermanager.com", "beta": "https://beta.covermanager.com"}
LANGUAGES = {
    "en": "english",
    "es": "spanish",
    "fr": "french",
    "de": "german",
    "it": "italian",
    "pt": "portuguese",
    "ca": "catalan",
    "nl": "dutch",
}
"""Only `spanish` was seen; the others are spelled alike."""
STATUSES = {
    "1": "confirmed",
    "2": "checked_in",
    "-2": "no_show",
    "-5": "cancelled",
    "3": "confirmed",
    "4": "confirmed",
    "5": "checked_in",
    "6": "checked_in",
    "7": "checked_in",
    "8": "completed",
}
"""One source knows the first four; another the rest, and 9, `other`, which means nothing."""

FIELDS = (
    FormField("restaurant", "Restaurant", hint="Its name in addresses: restaurante-x"),
    FormField("api_key", "API key", secret=True),
)

OPTIONS = (
    FormField("host", "System", choices=(("live", "Live"), ("beta", "Beta")), default="live"),
    FormField(
        "not_notify",
        "Who tells the guest",
        choices=(("1", "This hub alone"), ("0", "CoverManager too")),
        default="1",
    ),
    FormField("source", "Named as source", default="OneBooking"),
    FormField(
        "language",
        "Words for languages",
        choices=(("names", "spanish"), ("codes", "ES")),
        default="names",
    ),
    FormField(
        "call_code",
        "Country code of phones",
        choices=(("digits", "34"), ("plus", "+34")),
        default="digits",
    ),
    FormField(
        "force_path",
        "Call that books whatever is free",
        choices=(("reserv_force", "reserv/reserv_force"), ("force", "reserv/force")),
        default="reserv_force",
    ),
    FormField(
        "first_page",
        "First page of lists",
        choices=(("0", "0, and 1 if that is empty"), ("1", "1")),
        default="0",
    ),
    FormField("per_minute", "Calls a minute", default="50"),
)
