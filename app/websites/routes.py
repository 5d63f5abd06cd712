"""Pages of the websites: list, add, edit, webhook secret, history. Keys: `apikeys.routes`."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, request, url_for

from app.apikeys import queries as apikeys
from app.apikeys.owner import owner_of
from app.apikeys.pages import Crumb, KeyPages, show_secrets
from app.errors import Forbidden, InvalidPayload
from app.events import queries as events
from app.extensions import db
from app.staff.context import current_actor, current_scope, now, settings
from app.staff.guards import requires
from app.staff.permissions import Permission
from app.web import go, page, say
from app.websites import actions, history, queries
from app.websites.forms import NewWebsiteForm, WebsiteForm
from app.websites.models import Website
from app.websites.overview import overview

websites = Blueprint("websites", __name__)

VIEW = Permission.WEBSITES_VIEW
MANAGE = Permission.WEBSITES_MANAGE


def https_only() -> bool:
    """Whether webhooks may go to https alone."""
    return settings().env == "production"


def overlap() -> timedelta:
    """How long the old key or secret goes on working."""
    return timedelta(hours=settings().secret_overlap_hours)


@websites.get("/websites")
@requires(VIEW)
def index() -> Response:
    """Every website this person may look at."""
    session, scope = db.session(), current_scope()
    chosen = request.args.get("website", "")
    if chosen and scope.can(VIEW, chosen) and session.get(Website, chosen) is not None:
        return go(url_for("websites.show", website_id=chosen))
    found, following = queries.page(session, scope, request.args.get("after", ""))
    rows = overview(session, found, now())
    return page("websites/index.html", rows=rows, following=following, can_add=scope.can(MANAGE))


@websites.get("/websites/new")
@requires(MANAGE)
def new() -> Response:
    """An empty form."""
    _demand_all()
    defaults = {"timezone": "Asia/Bangkok", "currency": "THB", "phone_region": "TH"}
    return page("websites/new.html", form=NewWebsiteForm(data=defaults))


@websites.post("/websites/new")
@requires(MANAGE)
def register() -> Response:
    """Add a website, and show its secrets once."""
    _demand_all()
    form = NewWebsiteForm()
    try:
        made = actions.register(
            db.session(), current_actor(), current_scope(), form.values(), https_only=https_only()
        )
    except InvalidPayload as error:
        db.session.rollback()
        form.take(error)
        return page("websites/new.html", form=form, status=422)
    db.session.commit()
    secrets = [("API key", made.api_key), ("Webhook secret", made.webhook_secret)]
    return show_secrets(crumbs(made.website), f"{made.website.name} is added", secrets)


def _demand_all() -> None:
    if not current_scope().can(MANAGE):
        raise Forbidden("Only who manages all websites may add one.")


@websites.get("/websites/<website_id>")
@requires(VIEW)
def show(website_id: str) -> Response:
    """One website: what it is, its keys, its webhook, its history."""
    session = db.session()
    website = queries.get(session, current_scope(), website_id)
    return page(
        "websites/show.html",
        row=overview(session, [website], now())[0],
        w=website,
        website=website.id,
        website_action=url_for("websites.index"),
        tz=ZoneInfo(website.timezone),
        keys=apikeys.of_website(session, website.id),
        pages=key_pages(website),
        now=now(),
        history=history.lines(events.of_subject(session, "website", website.id)),
    )


@websites.route("/websites/<website_id>/edit", methods=["GET", "POST"])
@requires(MANAGE)
def edit(website_id: str) -> Response:
    """Change a website."""
    website = queries.get(db.session(), current_scope(), website_id, MANAGE)
    form = WebsiteForm(website)
    if request.method == "GET":
        return page("websites/edit.html", form=form, w=website)
    try:
        actions.edit(
            db.session(),
            current_actor(),
            current_scope(),
            website_id,
            form.values(),
            https_only=https_only(),
        )
    except InvalidPayload as error:
        db.session.rollback()
        form.take(error)
        return page("websites/edit.html", form=form, w=website, status=422)
    db.session.commit()
    say("Saved.")
    return go(url_for("websites.show", website_id=website_id))


@websites.post("/websites/<website_id>/switch")
@requires(MANAGE)
def switch(website_id: str) -> Response:
    """Switch a website on or off."""
    on = request.form.get("on") == "1"
    website = actions.switch(db.session(), current_actor(), current_scope(), website_id, on)
    db.session.commit()
    say(f"{website.name} is switched {'on' if on else 'off'}.")
    return go(url_for("websites.show", website_id=website_id))


@websites.post("/websites/<website_id>/kept")
@requires(MANAGE)
def keep(website_id: str) -> Response:
    """Change for how long the bodies of calls are kept."""
    session, asked = db.session(), {"keep_payloads_days": request.form.get("days", "")}
    try:
        actions.edit(
            session, current_actor(), current_scope(), website_id, asked, https_only=https_only()
        )
    except InvalidPayload as error:
        session.rollback()
        say(error.details[0].message, "danger")
    else:
        session.commit()
        say("Saved.")
    return go(url_for("websites.show", website_id=website_id))


@websites.post("/websites/<website_id>/secret")
@requires(MANAGE)
def rotate_secret(website_id: str) -> Response:
    """Replace the webhook secret; the old one signs as well for a while."""
    secret = actions.rotate_webhook_secret(
        db.session(), current_actor(), current_scope(), website_id, overlap(), now()
    )
    db.session.commit()
    website = queries.get(db.session(), current_scope(), website_id)
    hours = settings().secret_overlap_hours
    note = f"For {hours} hours webhooks are signed with the old and the new secret."
    return show_secrets(
        crumbs(website), "The new webhook secret", [("Webhook secret", secret)], note
    )


def crumbs(website: Website) -> tuple[Crumb, ...]:
    """The way to a website's page."""
    there = url_for("websites.show", website_id=website.id)
    return (("Websites", url_for("websites.index")), (website.name, there))


def key_pages(website: Website) -> KeyPages:
    """The pages of this website's keys."""
    return KeyPages(
        owner=owner_of(website.id),
        blueprint="apikeys",
        args={"website_id": website.id},
        crumbs=crumbs(website),
        zone=ZoneInfo(website.timezone),
    )
