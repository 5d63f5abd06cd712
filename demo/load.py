"""Load the demo installation of `docs/demo.md` into an empty database, in one transaction.

Every booking goes through the same actions as in real life, so that history, customers, events
and what is sent out are true. Only the dates are set: see `backdate`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from operator import itemgetter
from random import Random

from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.config import Settings
from app.deliveries.channel import channels
from app.deliveries.dispatch import dispatch
from app.events.models import SYSTEM, Actor
from app.extensions import db
from app.partners.models import Partner
from app.staff import actions as staff
from app.staff import invitations, partner_people
from app.staff import queries as people
from app.staff.scope import EVERYTHING
from app.staff.visitor import Visitor
from app.websites import actions as websites
from app.websites.models import Website
from demo import agencies, platforms, restaurant, treks
from demo.backdate import Clock
from demo.catalogue import BRANDS, Brand
from demo.credentials import Credentials
from demo.lives import Story, clash
from demo.partners import REEF, add_partners
from demo.people import guests
from demo.play import Player, key_of
from demo.settings import SiteSettings
from demo.source_site.store import Store
from demo.stories import Writer
from demo.trouble import FAILING, failing_edits, refused_calls
from demo.venues import open_venues

SEED = 20260220
PASSWORD = "demo-onebooking"
LOCK = 7_266_173_003
"""Advisory: two machines that start at once load one demo."""
PEOPLE: tuple[tuple[str, str, str, tuple[str | None, ...]], ...] = (
    ("owner@onebooking.test", "Olga Owner", "superadmin", (None,)),
    ("manager@onebooking.test", "Manee Manager", "admin", ("hanuman-world", "flying-hanuman")),
    ("desk@onebooking.test", "Dao Desk", "staff", ("hanuman-world",)),
    ("anchor@onebooking.test", "Archie Anchor", "admin", ("the-anchor",)),
    ("dive@onebooking.test", "Dina Dive", "admin", ("coral-divers",)),
)
REEF_PERSON = ("reef@onebooking.test", "Rita Reef")
"""Somebody of Reef Travel: they see its portal."""
WEBHOOK = "/api/webhooks/onebooking"
"""Of the demo source website."""


class DemoRefused(Exception):
    """This installation must not hold the demo: its keys and logins are public."""


def load_demo(app: Flask, site: SiteSettings | None = None) -> bool:
    """Load the demo; False when the installation has websites already. All or nothing.

    Raises DemoRefused in production. `site`: where the demo source website will be, by default as
    the environment says, with the hub's own data directory.
    """
    settings: Settings = app.extensions["settings"]
    if settings.env == "production":
        raise DemoRefused("The demo is not loaded in production: its logins are public.")
    site = site or SiteSettings(data_dir=settings.data_dir)
    with app.app_context():
        session = db.session()
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        if session.scalar(select(Website.id).limit(1)) is not None:
            session.rollback()
            return False
        _fill(session, site)
        session.commit()
    return True


def _fill(session: Session, site: SiteSettings) -> None:
    now = datetime.now(UTC)
    stories = tell_stories(now)
    clock = Clock(session)
    with clock.running():
        clock.set(min(story.booked for story in stories) - timedelta(days=1))
        for brand in BRANDS:
            add_website(session, brand, site)
            open_venues(session, brand, now)
        partners = add_partners(session)
        player = Player(session, clock, _add_people(session), partners)
        _add_reef_person(session, partners[REEF.short], now)
        _play(player, stories, now)
        _dispatch(session)  # before the others have an address: their past was never to be sent
        clock.set(now)
        for website_id, path in FAILING.items():
            _set_webhook(session, website_id, site.site_url + path)
        for step in failing_edits(stories, now):
            player.play(step)
        _dispatch(session)
        restaurant.set_up(session, now)
        treks.set_up(session, now)
        _dispatch(session)
        platforms.connect(session, site.data_dir, now)
        _dispatch(session)
    Store(site.home).replace(player.memory.site_state(site.website_id))


def _play(player: Player, stories: list[Story], now: datetime) -> None:
    """All that happened until now, in the order of time."""
    acts: list[tuple[datetime, Callable[[], object]]] = [
        (step.at, partial(player.play, step)) for story in stories for step in story.steps
    ]
    for at, story, call in refused_calls(stories, now):
        acts.append((at, partial(player.call, story, call, at=at)))
    for _, act in sorted(acts, key=itemgetter(0)):
        act()


def _dispatch(session: Session) -> None:
    """Make the deliveries of what was played; the worker sends them when it starts."""
    while dispatch(session, channels):
        pass


def _set_webhook(session: Session, website_id: str, url: str) -> None:
    changes = {"webhook_url": url}
    websites.edit(session, SYSTEM, EVERYTHING, website_id, changes, https_only=False)


def tell_stories(now: datetime) -> list[Story]:
    """The stories of every brand, as of now. Pure."""
    random = Random(SEED)
    writer = Writer(random, guests(random), now)
    by_brand = {brand.id: writer.stories(brand) for brand in BRANDS}
    _add_clashes(by_brand["hanuman-world"], now)
    platforms.number_stories(by_brand[restaurant.ANCHOR])
    by_brand[agencies.BRAND.id] += agencies.agency_stories(writer, random, now)
    return [story for stories in by_brand.values() for story in stories]


def _add_clashes(stories: list[Story], now: datetime) -> None:
    """Two bookings to come that staff and the website move at the same time."""
    quiet = [
        story
        for story in stories
        if story.source == "website"
        and story.starts > now
        and len(story.steps) == 1
        and story.fields["status"] == "confirmed"
        and story.fields["time_slot"] in ("08:00", "09:00", "10:00", "11:00")
    ]
    for story in quiet[-2:]:
        clash(story, now, ours="13:00", theirs="15:00")


def add_website(session: Session, brand: Brand, site: SiteSettings) -> None:
    """A website with its public key, and its webhook where it has one."""
    values = {
        "id": brand.id,
        "name": brand.name,
        "domain": brand.domain,
        "timezone": brand.timezone,
        "currency": brand.currency,
        "phone_region": brand.region,
        "webhook_url": site.site_url + WEBHOOK if brand.id == site.website_id else None,
    }
    made = websites.register(
        session, SYSTEM, EVERYTHING, values, https_only=False, api_key=key_of(brand)
    )
    if brand.id == site.website_id:
        _share_secret(made, site)


def _share_secret(made: websites.Registered, site: SiteSettings) -> None:
    """The demo site must know what its webhooks are signed with."""
    given = site.onebooking_webhook_secret.get_secret_value()
    if given:
        made.website.webhook_secret = given
    else:
        Credentials(site).keep(webhook_secret=made.webhook_secret)


def _add_people(session: Session) -> dict[str, Actor]:
    """The logins. Returns who works at the desk of each website."""
    desk: dict[str, Actor] = {}
    for email, name, role, places in PEOPLE:
        user = staff.create_user(session, SYSTEM, email, name, PASSWORD)
        for website_id in places:
            staff.add_membership(session, SYSTEM, user, role, website_id)
            for each in (website_id,) if website_id else [brand.id for brand in BRANDS]:
                desk[each] = Actor("user", str(user.id), name, "staff")
    return desk


def _add_reef_person(session: Session, partner: Partner, now: datetime) -> None:
    """A login of the portal, by the way that people of a partner come in."""
    owner = people.by_email(session, PEOPLE[0][0])
    assert owner is not None
    email, name = REEF_PERSON
    actor = Actor("user", str(owner.id), owner.name, "staff")
    _, token = partner_people.invite(session, actor, owner, partner.id, email, name, now)
    invitations.join(session, token, name, PASSWORD, Visitor("127.0.0.1"), now)
