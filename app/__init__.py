"""OneBooking: one desk for every booking. `create_app` is the table of contents."""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from app.bookings.links import links as guest_links
from app.config import Settings
from app.crypto import keyring
from app.extensions import csrf, db, htmx, login_manager, migrate, redis_holder
from app.logs import configure_logs, init_request_logs
from app.outbound import policy as outbound_policy
from app.payments.links import links as pay_links
from app.paypal.client import provider as paypal
from app.platforms import registry as platforms
from app.platforms.fresh import fresh as fresh_times
from app.signin.rules import rules as signin_rules
from app.venues.freeing import freeing, init_freeing
from app.wall import connect_options, init_wall
from app.web import RowNumber

ROOT = Path(__file__).resolve().parent.parent


class UnsafeSettings(SystemExit):
    """Production refused to start; the message says why."""


def create_app(settings: Settings | None = None, *, serves_web: bool = False) -> Flask:
    """Build the application. `serves_web`: its requests stay behind the second wall.

    Raises UnsafeSettings when production would not be safe.
    """
    settings = settings or Settings()
    if faults := settings.unsafe_settings():
        raise UnsafeSettings("Not safe to start:\n  " + "\n  ".join(faults))
    app = Flask(
        "app",
        root_path=str(ROOT),
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "static"),
    )
    app.url_map.converters["int"] = RowNumber
    app.extensions["settings"] = settings
    behind_wall = serves_web and settings.second_wall
    app.config.update(flask_config(settings, behind_wall))
    configure_logs()
    keyring.configure(settings)
    outbound_policy.configure(settings)
    pay_links.configure(settings)
    guest_links.configure(settings)
    paypal.configure(settings)
    platforms.configure(settings)
    signin_rules.configure(settings)
    redis_holder.configure(settings.redis_url)
    fresh_times.configure(settings.redis_url)
    init_request_logs(app)
    for extension in (db, csrf, login_manager, htmx):
        extension.init_app(app)
    init_wall(db.session, stands=behind_wall)
    init_freeing(db.session)
    migrate.init_app(app, db, directory=str(ROOT / "migrations"))
    register_rooms(app)
    register_channels(settings)
    register_jobs()
    register_followers()
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, hops, hops, hops, hops)  # type: ignore[method-assign]
    return app


def flask_config(settings: Settings, behind_wall: bool) -> dict[str, object]:
    """Flask's own configuration from our settings."""
    options = "-c timezone=UTC -c statement_timeout=15000"
    secure = settings.base_url.startswith("https://")
    return {
        "SECRET_KEY": settings.secret_key.get_secret_value(),
        "MAX_CONTENT_LENGTH": settings.max_body_bytes,
        "SQLALCHEMY_DATABASE_URI": settings.sqlalchemy_url,
        "SQLALCHEMY_ENGINE_OPTIONS": {
            "pool_size": settings.db_pool_size,
            "max_overflow": 5,
            "pool_pre_ping": False,
            "pool_recycle": 1800,
            # The text of a database error ends in whatever prints a traceback: without values.
            "hide_parameters": settings.env == "production",
            "connect_args": {
                "connect_timeout": 5,
                "options": f"{options} {connect_options()}" if behind_wall else options,
            },
        },
        "SESSION_COOKIE_NAME": "__Host-session" if secure else "session",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "WTF_CSRF_TIME_LIMIT": None,
        "TESTING": settings.env == "test",
    }


def register_rooms(app: Flask) -> None:
    """Every room of the house, floor by floor: what is not listed here is not served."""
    # Tables of all rooms, also for migrations.
    from app import models  # noqa: F401
    from app.alerts.banner import init_banner
    from app.alerts.routes import health
    from app.alerts.schedule_routes import work
    from app.api.customer.account import customer_account
    from app.api.customer.auth import customer_auth
    from app.api.customer.bookings import bookings as customer_bookings
    from app.api.customer.travelers import travelers as customer_travelers
    from app.api.customer.treks import treks as customer_treks
    from app.api.customer.waiting import waiting as customer_waiting
    from app.api.limits import init_limits
    from app.api.octo.routes import octo
    from app.api.onboarding import onboarding
    from app.api.partner.bookings import bookings as partner_bookings
    from app.api.partner.customers import customers as partner_customers
    from app.api.partner.places import places as partner_places
    from app.api.paypal import paypal_hook
    from app.api.platform_hook import platform_hook
    from app.api.reference import reference
    from app.api.staff import staff_api
    from app.api.staff_people import staff_people_api
    from app.api.staff_platforms import staff_platforms_api
    from app.api.staff_venues import staff_venues_api
    from app.api.staff_websites import staff_websites_api
    from app.api.sync import sync
    from app.api.tables import tables as table_bookings
    from app.api.twilio import twilio_hook
    from app.apikeys.routes import apikeys
    from app.assets import init_assets
    from app.audit.routes import audit
    from app.bookings.payment_routes import payments
    from app.bookings.routes import bookings
    from app.cli import init_cli
    from app.desk.routes import desk
    from app.desk.shell import init_shell
    from app.desk.sync import sync as sync_pages
    from app.errorpages import init_errorpages
    from app.manifest.routes import manifest
    from app.messaging.routes import messages
    from app.messaging.settings_routes import message_setup
    from app.messaging.template_routes import templates
    from app.operations import init_operations, operations
    from app.partners.key_routes import partner_keys
    from app.partners.routes import partners
    from app.paypal.pay_routes import pay
    from app.paypal.settings_routes import payment_settings
    from app.platforms.form_routes import platform_forms
    from app.platforms.log_routes import platform_log
    from app.platforms.reservation_routes import platform_reservations
    from app.platforms.routes import platforms as platform_pages
    from app.portal.people_routes import partner_people
    from app.portal.routes import portal
    from app.privacy.routes import customers
    from app.reports.routes import reports
    from app.security import init_security, init_texts
    from app.selfservice.desk_routes import requests
    from app.selfservice.traveler_routes import my
    from app.staff.guards import init_guards
    from app.staff.identity import init_identity
    from app.staff.invite_routes import invite
    from app.staff.profile_routes import account
    from app.staff.role_routes import roles_pages
    from app.staff.routes import staff
    from app.staff.team_routes import people
    from app.statements.routes import statements
    from app.tables.menu_routes import menus
    from app.tables.routes import tables
    from app.venues.day_routes import venue_days
    from app.venues.departure_routes import departures
    from app.venues.hour_routes import venue_hours
    from app.venues.offer_routes import activities
    from app.venues.routes import venues
    from app.venues.site_routes import dive_sites
    from app.waiting.routes import waiting
    from app.webhooks.routes import webhooks
    from app.websites.routes import websites

    # What surrounds every request, outermost first.
    init_operations(app)
    init_security(app)
    init_errorpages(app)
    init_assets(app)
    init_identity(app)
    init_limits(app)
    init_guards(app)
    init_texts(app)
    init_shell(app)
    init_banner(app)

    for blueprint in (
        *(staff, account, people, invite, roles_pages),
        *(operations, desk, bookings, websites, apikeys, webhooks, sync_pages),
        *(statements, partners, partner_keys),
        *(venues, venue_hours, activities, departures, dive_sites, venue_days),
        *(tables, menus),
        *(manifest, waiting),
        *(platform_forms, platform_pages, platform_log, platform_reservations),
        *(messages, templates, message_setup),
        *(audit, customers, reports, portal, partner_people),
        *(health, work),
        *(sync, staff_api, staff_websites_api, staff_venues_api, staff_people_api, reference),
        staff_platforms_api,
        *(partner_places, partner_customers, partner_bookings, onboarding, table_bookings),
        customer_auth,
        *(customer_travelers, customer_treks, customer_bookings, customer_waiting),
        customer_account,
        *(my, requests),
        *(paypal_hook, pay, payments, payment_settings, twilio_hook, platform_hook),
    ):
        app.register_blueprint(blueprint)
    # One OCTO supplier is one website; the short address is for who sells for one only.
    app.register_blueprint(octo, url_prefix="/octo")
    app.register_blueprint(octo, url_prefix="/octo/<website_id>", name="octo_of")
    init_cli(app)


def register_channels(settings: Settings) -> None:
    """Every way out: what is not listed here is not sent."""
    from app.deliveries.channel import channels
    from app.deliveries.wake import init_wake
    from app.messaging.channel import EmailChannel, SmsChannel
    from app.messaging.code_channel import CodeChannel
    from app.paypal.channel import PayPalChannel
    from app.platforms.channel import PlatformChannel
    from app.webhooks.channel import WebhookChannel

    channels.use(
        *(WebhookChannel(), PayPalChannel(), PlatformChannel()),
        *(SmsChannel(settings), EmailChannel(settings), CodeChannel(settings)),
    )
    init_wake(db.session, settings.redis_url)


def register_followers() -> None:
    """Who is told at once, in the same transaction, of what others change."""
    from app.bookings.beside import beside as beside_bookings
    from app.bookings.elsewhere import elsewhere
    from app.bookings.origins import origins
    from app.bookings.seating import realign
    from app.platforms import asking, naming
    from app.platforms.beside import beside as platforms_beside
    from app.selfservice.desk_routes import beside as requests_beside
    from app.venues.beside import beside
    from app.venues.following import followers
    from app.waiting.offering import at_once
    from app.waiting.routes import notes

    followers.use(realign)
    freeing.use(at_once)
    beside.use(notes)
    beside_bookings.use(requests_beside, platforms_beside)
    elsewhere.use(asking.sellers, asking.times_for)
    origins.use(naming.names)


def register_jobs() -> None:
    """Everything that comes due by itself: what is not listed here is not done."""
    from app.alerts import actions as alerts
    from app.api import receipts
    from app.audit.actions import seal
    from app.bookings import drift, standing
    from app.bookings.holds import expire_lapsed
    from app.messaging import forgetting as messages
    from app.messaging import reminders, reviews
    from app.payments import retention as payment_retention
    from app.paypal import hearing, looking
    from app.privacy.actions import clear_late_calls
    from app.privacy.merging import clear_old
    from app.reports.actions import merge
    from app.schedule import runs
    from app.schedule.jobs import Job, Task, daily, schedule
    from app.signin import pruning as signin
    from app.staff import pruning
    from app.waiting.offering import look_after as look_after_lists
    from app.websites.retention import clear_payloads

    tasks = (
        Task("bodies of old calls", clear_payloads),
        Task("late calls of erased guests", clear_late_calls),
        Task("words of old messages", messages.clear_older),
        Task("late messages to erased guests", messages.clear_late),
        Task("merges that stay", clear_old),
        Task("receipts", receipts.prune),
        Task("sign-in attempts", pruning.attempts),
        Task("ended sessions", pruning.sessions),
        Task("ended links", pruning.links),
        Task("one-time codes", signin.challenges),
        Task("tokens of customers", signin.tokens),
        Task("devices of customers", signin.devices),
        Task("scheduled runs", runs.prune),
        Task("counted calls and old alerts", alerts.prune),
        Task("what payment providers told", payment_retention.clear_payloads),
    )
    checks = (
        Task("sums of the reports", merge),
        Task("payments that do not add up", drift.report),
        Task("counters of guests that drifted", standing.check),
    )
    nightly = daily(hour=19)  # the small hours where most websites are
    chores = (
        Task("seal the log", seal),
        Task("holds that ran out", expire_lapsed),
        Task("places for who waits", look_after_lists),
        Task("merge sums", merge),
        Task("payments that ran out", looking.expire),
        Task("payments under way", looking.look_after),
        Task("payment events that waited", hearing.retry_waiting),
    )
    jobs = [
        reviews.job(),
        Job("retention", nightly, tasks, "Clear what is not kept"),
        Job("checks", daily(hour=20), checks, "Add up and check"),
        alerts.job(),  # after all the others, so that it looks at what they have left
    ]
    schedule.use(jobs, chores, sources=[reminders.jobs])
