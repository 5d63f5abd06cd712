"""What can be chosen of Restoo, and guesses at its words. Its documentation was never seen."""

from __future__ import annotations

from app.platforms.base import FormField

REASONS = ("OTHER", "BOOKED_ANOTHER_PLACE", "CHANGED_PLANS")
"""What a cancellation may be for."""

STATUSES = {
    "confirmed": "confirmed",
    "CONFIRMED": "confirmed",
    "pending": "pending",
    "PENDING": "pending",
    "cancelled": "cancelled",
    "CANCELLED": "cancelled",
    "rejected": "cancelled",
    "REJECTED": "cancelled",
}
"""No source tells a single one: guesses, to be put right for each connection."""

FIELDS = (
    FormField("account", "Account", hint="Of the venue, as Restoo names it"),
    FormField("api_key", "API key", secret=True),
    FormField("partner_id", "Partner ID", hint="Restoo issues it to this hub, not to the venue"),
    FormField(
        "base_url",
        "Address of its API",
        hint="From Restoo. https://integration-dev.myrestoo.net is its address for trying.",
    ),
)

OPTIONS = (
    FormField(
        "availability",
        "Ask for free tables",
        hint="How this is asked, and answered, is not known.",
        choices=(("off", "No"), ("get", "Yes, by GET"), ("post", "Yes, by POST")),
        default="off",
    ),
    FormField(
        "status_check",
        "Check the account with",
        choices=(("off", "The address alone"), ("partners", "partners/…/v3/status")),
        default="off",
    ),
    FormField(
        "cancel_reason",
        "Reason of cancellations, unless a better one is given",
        choices=tuple((each, each.replace("_", " ").capitalize()) for each in REASONS),
        default="OTHER",
    ),
    FormField(
        "cancel_404",
        "When Restoo does not know what is to be cancelled",
        choices=(("fault", "Staff must look there"), ("gone", "It is cancelled already")),
        default="fault",
    ),
    FormField("prefix", "Prefix of our numbers", hint="Hub-…", default="Hub"),
    FormField("timeout", "Seconds to wait for an answer", hint="15 at most", default="15"),
    FormField("per_minute", "Calls a minute", default="60"),
)
