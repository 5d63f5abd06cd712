"""The form of a partner. What its values must look like is said in `rules`, for all doors."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, RadioField, StringField, TextAreaField, URLField

from app.forms import Form, text
from app.partners.models import Partner, Relation

_TEXTS = (
    *("name", "company_name", "contact_email", "contact_phone", "commission_rate"),
    *("payment_relation", "webhook_url"),
)
_QUIET = {"autocomplete": "off", "spellcheck": "false"}


class PartnerForm(Form):
    """Add or edit a partner."""

    name = StringField("Name", description="As staff know it, in the badge of its bookings.")
    company_name = StringField("Company", description="As it stands on statements.")
    contact_email = StringField(
        "Contact e-mail", render_kw={"type": "email", "inputmode": "email", **_QUIET}
    )
    contact_phone = StringField("Contact phone", render_kw={"type": "tel", "autocomplete": "off"})
    commission_rate = StringField(
        "Commission in percent",
        description="Of the total. A booking keeps the rate of the day on which it was made.",
        render_kw={"inputmode": "decimal", "autocomplete": "off"},
    )
    payment_relation = RadioField(
        "Who is paid by the guest", choices={r.value: f"{r.label}. {r.meaning}" for r in Relation}
    )
    allowed_ips = TextAreaField(
        "Only from these addresses",
        description="For all its keys. Addresses or networks, one a line: 203.0.113.7.",
        render_kw={"rows": 3, **_QUIET},
    )
    webhook_url = URLField(
        "Webhook URL",
        description="Where it hears of changes to its bookings. While it is empty nothing is sent.",
        render_kw={"inputmode": "url", **_QUIET},
    )
    may_change = BooleanField("It may change its bookings (it may always cancel them)")
    shows_contact = BooleanField("Tell it when the guest's e-mail or phone changes at the desk")

    def __init__(self, partner: Partner | None = None) -> None:
        super().__init__(data=_shown(partner))

    def values(self) -> dict[str, Any]:
        """What was typed, for the actions."""
        return {
            **{name: text(self[name]) for name in _TEXTS},
            "allowed_ips": text(self.allowed_ips).replace(",", "\n").split("\n"),
            "may_change": bool(self.may_change.data),
            "shows_contact": bool(self.shows_contact.data),
        }


def _shown(partner: Partner | None) -> dict[str, Any]:
    if partner is None:
        return {"payment_relation": Relation.COMMISSION.value, "may_change": True}
    rate = f"{partner.commission_rate:f}"
    return {
        **{name: getattr(partner, name) for name in (*_TEXTS, "may_change", "shows_contact")},
        "commission_rate": rate.rstrip("0").rstrip("."),
        "allowed_ips": "\n".join(partner.allowed_ips),
    }
