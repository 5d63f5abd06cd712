"""How each website sends its messages: the list of websites, settings, a test to oneself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, request, url_for

from app.customers.phones import to_e164
from app.errors import InvalidPayload
from app.events import queries as events
from app.extensions import db
from app.messaging import queries, settings_actions, settings_rules
from app.messaging.languages import LANGUAGES
from app.messaging.models import Medium, MessageSettings
from app.messaging.results import Fate
from app.messaging.settings_history import lines
from app.messaging.setup_pages import crumbs, website_of
from app.messaging.template_actions import settings_of
from app.messaging.trying import send_test
from app.messaging.variables import GUEST_KINDS, LABELS
from app.staff.context import current_actor, current_person, current_scope
from app.staff.guards import requires
from app.staff.permissions import Permission
from app.web import go, page, say
from app.websites.context import visible_websites, zone_of
from app.websites.models import Website

message_setup = Blueprint("message_setup", __name__)

MANAGE = Permission.MESSAGES_MANAGE
CHOICES = {
    "sms_by": settings_rules.SMS_BY,
    "email_by": settings_rules.EMAIL_BY,
    "tls": settings_rules.TLS,
    "language": LANGUAGES,
}


@message_setup.get("/messages/setup")
@requires(MANAGE)
def index() -> Response:
    """The websites whose messages this person manages; of a single one its templates."""
    scope, chosen = current_scope(), request.args.get("website", "")
    mine = [site for site in visible_websites() if scope.can(MANAGE, site.id)]
    if chosen and any(site.id == chosen for site in mine):
        mine = [site for site in mine if site.id == chosen]
    if len(mine) == 1:
        return go(url_for("templates.index", website_id=mine[0].id))
    found = queries.settings_of(db.session(), [site.id for site in mine])
    return page(
        "messaging/setup.html",
        sites=mine,
        settings=found,
        sms_by=settings_rules.SMS_BY,
        email_by=settings_rules.EMAIL_BY,
    )


@message_setup.get("/messages/websites/<website_id>/settings")
@requires(MANAGE)
def show(website_id: str) -> Response:
    """The settings as they are."""
    website = website_of(website_id)
    settings = settings_of(db.session(), website_id) or MessageSettings(website_id=website_id)
    return _page(website, _values(settings))


@message_setup.post("/messages/websites/<website_id>/settings")
@requires(MANAGE)
def save(website_id: str) -> Response:
    """Change them."""
    website_of(website_id)
    typed: dict[str, Any] = dict(request.form.items())
    typed["sms_first"] = request.form.getlist("sms_first")
    try:
        changed = settings_actions.save(db.session(), current_actor(), website_id, typed)
    except InvalidPayload as error:
        db.session.rollback()
        faults = [(fault.field, fault.message) for fault in error.details]
        secret = {c.name for group in settings_rules.ACCOUNTS.values() for c in group if c.secret}
        shown = {name: value for name, value in typed.items() if name not in secret}
        return _page(website_of(website_id), shown, faults, status=422)
    db.session.commit()
    say("Saved." if changed else "Nothing had changed.")
    return go(url_for("message_setup.show", website_id=website_id))


@message_setup.post("/messages/websites/<website_id>/test")
@requires(MANAGE)
def test(website_id: str) -> Response:
    """Send a test message: an e-mail to oneself, or an SMS to one's own phone."""
    website = website_of(website_id)
    medium = Medium.SMS if request.form.get("medium") == Medium.SMS else Medium.EMAIL
    recipient = (
        current_person().email
        if medium is Medium.EMAIL
        else _phone(website, request.form.get("phone", ""))
    )
    back = url_for("message_setup.show", website_id=website_id)
    if not recipient:
        say("Enter your phone number, with its country code.", "danger")
        return go(back)
    try:
        result = send_test(db.session(), current_actor(), website, medium, recipient)
    except InvalidPayload as error:
        db.session.rollback()
        say(error.details[0].message, "danger")
        return go(back)
    db.session.commit()
    if result.fate is Fate.TAKEN:
        say(f"Sent: look at your {'phone' if medium is Medium.SMS else 'mailbox'}.")
    else:
        say(f"It was not sent. {result.reason}", "danger")
    return go(back)


def _phone(website: Website, typed: str) -> str | None:
    return to_e164(typed.strip()[:40], None, website.phone_region)


def _values(settings: MessageSettings) -> dict[str, Any]:
    """The stored values by the names of their fields; secrets are not among them."""
    values = {name: getattr(settings, name) for name in settings_rules.LABELS}
    for medium in Medium:
        provider = values[f"{medium}_by"]
        stored = getattr(settings, medium) or {}
        for credential in settings_rules.ACCOUNTS.get(provider, ()):
            if not credential.secret:
                values[credential.name] = stored.get(credential.name)
    return values


def _stored(settings: MessageSettings | None) -> set[str]:
    """Names of what is known of the accounts, also of secrets."""
    found = [getattr(settings, medium) or {} for medium in Medium] if settings else []
    return {name for values in found for name in values}


def _page(
    website: Website,
    values: Mapping[str, Any],
    faults: Sequence[tuple[str, str]] = (),
    status: int = 200,
) -> Response:
    session = db.session()
    return page(
        "messaging/settings.html",
        None,
        status,
        w=website,
        values=values,
        faults=faults,
        wrong=dict(faults),
        stored=_stored(settings_of(session, website.id)),
        accounts=settings_rules.ACCOUNTS,
        choices=CHOICES,
        kinds=[(kind.value, LABELS[kind]) for kind in GUEST_KINDS],
        me=current_person(),
        crumbs=crumbs(website)[:1],
        history=lines(events.of_subject(session, "messages", website.id)),
        tz=zone_of(website.id),
        website=website.id,
        website_action=url_for("message_setup.index"),
    )
