"""What stands around the bookings on the page of one guest."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from flask import current_app

from app.customers import merging as records
from app.customers.models import Customer
from app.extensions import db
from app.messaging import health
from app.messaging.models import Medium
from app.privacy import merging, people, profile
from app.staff.context import current_scope, now
from app.staff.permissions import Permission
from app.travelers import rules
from app.travelers.models import Traveler
from app.websites.context import visible_websites, zone_of

EDIT, EXPORT, ERASE = (
    Permission.CUSTOMERS_EDIT,
    Permission.CUSTOMERS_EXPORT,
    Permission.CUSTOMERS_ERASE,
)
HEALTH = Permission.CUSTOMERS_HEALTH
SOURCES = {
    "desk": "the desk",
    "staff": "the desk",
    "sms": "a text message",
    "twilio": "a text message",
    "partner": "a partner",
}
STATES = {
    "good": ("Good", "green"),
    "doubtful": ("Failed lately", "amber"),
    "bad": ("Does not arrive", "red"),
    "stopped": ("Answered STOP", "red"),
}


def around(customer: Customer, travelers: Sequence[Traveler]) -> dict[str, Any]:
    """Figures, answers, messages, health, likely duplicates and merges of a visible guest, and
    whom they keep as travelers."""
    session, scope = db.session(), current_scope()
    today = now().astimezone(zone_of()).date()
    sums = people.figures(session, scope, [customer.id], today)
    figures = sums.get(customer.id, people.Figures())
    websites = figures.websites
    merges = _merges(customer)
    told = [customer.id, *(done.gone_id for done in merges)]
    edits = any(scope.can(EDIT, each) for each in websites) or scope.can(EDIT)
    return {
        "figures": figures,
        "partners": figures.partners,
        "partner_list": sorted(figures.partners.values(), key=str.lower),
        "answers": profile.answers(session, scope, told),
        "source_words": source_words,
        "sees_messages": scope.can_somewhere(Permission.MESSAGES_VIEW),
        "messages": profile.messages(session, scope, customer.id),
        "message_link": "messages.show" if "messages.show" in current_app.view_functions else None,
        "media": _health(customer),
        "states": STATES,
        "merges": [done for done in merges if merging.can_be_undone(done, now())],
        "alike": profile.alike(session, scope, customer) if edits else [],
        "today": today,
        **_travelers(travelers, websites, today),
        "may_edit": edits and not customer.erased_at,
        "may_export": any(scope.can(EXPORT, each) for each in websites) or scope.can(EXPORT),
        "may_erase": any(scope.can(ERASE, each) for each in websites) or scope.can(ERASE),
    }


def _travelers(kept: Sequence[Traveler], websites: Collection[str], today: date) -> dict[str, Any]:
    """Medical notes of profiles, which are of no website, show to who may see them at one where
    the guest booked."""
    scope = current_scope()
    ages = {t.id: rules.age_on(t.birth_date, t.age, t.age_on, today) for t in kept}
    sees = scope.can(HEALTH) or any(scope.can(HEALTH, each) for each in websites)
    return {"travelers": kept, "ages": ages, "genders": rules.GENDERS, "sees_health": sees}


def source_words(source: str | None) -> str:
    """Through which door somebody answered; of websites only those that the reader knows."""
    kind, _, rest = (source or "").partition(":")
    if kind == "website":
        names = {website.id: website.name for website in visible_websites()}
        return names.get(rest, "another website")
    return SOURCES.get(kind, kind.replace("_", " ") or "unknown")


def _merges(customer: Customer) -> list[Any]:
    """The records that were merged into this one, the newest merge first."""
    found = records.of_record(db.session(), customer.id)
    return [done for done in found if done.kept_id == customer.id and done.undone_at is None]


def _health(customer: Customer) -> list[dict[str, Any]]:
    """The state of the number and of the address, in words."""
    found = []
    for medium, label, place in (
        (Medium.SMS, "Text messages", customer.phone),
        (Medium.EMAIL, "E-mail", customer.email),
    ):
        state = str(getattr(customer, f"{medium}_health"))
        text, tone = STATES.get(state, (state, "grey"))
        entry = {
            "name": medium.value,
            "label": label,
            "state": text if place else "No number" if medium is Medium.SMS else "No address",
            "tone": tone if place else "grey",
            "problem": getattr(customer, f"{medium}_problem"),
            "checked_at": getattr(customer, f"{medium}_checked_at"),
            "can_mend": state not in (health.GOOD, health.STOPPED)
            or (state == health.GOOD and not health.is_well(customer, medium)),
        }
        found.append(entry)
    return found
