"""How often whom: one table of all limits, and which route is under which.

A call with a known key counts for that key alone, and a signed-in person's for that person: a
flood from one hurts nobody else, also behind the same address. Whoever shows neither counts for
the address.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from flask import Flask, Response, current_app, g, request
from flask_login import current_user

from app.config import Settings
from app.crypto import keyring
from app.errors import RateLimited
from app.limits import Rate, Taken, limiter, read_rates
from app.staff.throttle import network_of


@dataclass(frozen=True)
class Policy:
    """A limit by its name (in RATE_LIMITS and in the headers), and whom it counts."""

    name: str
    rate: Rate
    by: Literal["key", "person", "address"]


SYNC = Policy("sync", Rate(600, 200), "key")
STRANGER = Policy("stranger", Rate(60, 60), "address")
LOGIN = Policy("login", Rate(30, 60), "address")
READ = Policy("read", Rate(600, 300), "person")
WRITE = Policy("write", Rate(300, 150), "person")
MANAGE = Policy("manage", Rate(60, 60), "person")
TEST = Policy("test", Rate(20, 20), "person")
PUBLIC = Policy("public", Rate(120, 120), "address")
PARTNER = Policy("partner", Rate(600, 300), "key")
AVAILABILITY = Policy("availability", Rate(600, 300), "key")
BOOK = Policy("book", Rate(300, 250), "key")
TABLES = Policy("tables", Rate(600, 300), "key")
TABLE_TIMES = Policy("table_times", Rate(300, 120), "key")
TABLE_BOOK = Policy("table_book", Rate(60, 40), "key")
REPORTS = Policy("reports", Rate(6_000, 3_000), "address")
PROVIDER = Policy("provider", Rate(600, 300), "address")
PAY = Policy("pay", Rate(30, 30), "address")
CATALOGUE = Policy("catalogue", Rate(600, 300), "address")
OTP = Policy("otp", Rate(30, 20), "address")
REFRESH = Policy("refresh", Rate(300, 300), "address")
"""Tokens cannot be guessed, and thousands of phones share the address of their carrier."""
CUSTOMER = Policy("customer", Rate(120, 120), "key")
CUSTOMER_BOOK = Policy("customer_book", Rate(30, 20), "key")
POLICIES = (
    *(SYNC, STRANGER, LOGIN, READ, WRITE, MANAGE, TEST, PUBLIC),
    *(PARTNER, AVAILABILITY, BOOK, TABLES, TABLE_TIMES, TABLE_BOOK),
    *(PROVIDER, REPORTS, PAY),
    *(OTP, REFRESH, CUSTOMER, CUSTOMER_BOOK, CATALOGUE),
)

BY_ROUTE: dict[str, Policy] = {
    "api_sync.receive_booking": SYNC,
    "api_staff.login": LOGIN,
    "staff.sign_in": LOGIN,
    "api_staff.list_bookings": READ,
    "api_staff.get_booking": READ,
    "api_staff.change_booking": WRITE,
    "api_staff_venues.list_venues": READ,
    "api_staff_people.search_customers": READ,
    "api_staff_people.list_messages": READ,
    "api_staff_websites.list_websites": READ,
    "api_staff_websites.add_website": MANAGE,
    "api_staff_websites.change_website": MANAGE,
    "api_staff_websites.list_keys": READ,
    "api_staff_websites.add_key": MANAGE,
    "api_staff_websites.change_key": MANAGE,
    "api_staff_websites.end_key": MANAGE,
    "api_staff_websites.test_webhook": TEST,
    "api_staff_platforms.list_connections": READ,
    "api_staff_platforms.add_connection": TEST,
    "api_staff_platforms.change_connection": TEST,
    "api_staff_platforms.check_connection": TEST,
    "api_staff_platforms.sync_connection": TEST,
    "api_partner.token": LOGIN,
    "api_partner.list_locations": PARTNER,
    "api_partner.list_dive_sites": PARTNER,
    "api_partner.show_availability": AVAILABILITY,
    "api_partner_customers.add_customer": PARTNER,
    "api_partner_customers.list_customers": PARTNER,
    "api_partner_customers.get_customer": PARTNER,
    "api_partner_bookings.add_booking": BOOK,
    "api_partner_bookings.list_own_bookings": PARTNER,
    "api_partner_bookings.get_own_booking": PARTNER,
    "api_partner_bookings.change_own_booking": BOOK,
    "api_partner_bookings.cancel_own_booking": BOOK,
    "api_tables.list_table_venues": TABLES,
    "api_tables.show_table_times": TABLE_TIMES,
    "api_tables.show_table_menu": TABLES,
    "api_tables.book_table": TABLE_BOOK,
    "api_tables.get_table_booking": TABLES,
    "api_tables.change_table_booking": TABLE_BOOK,
    "api_tables.cancel_table_booking": TABLE_BOOK,
    "api_customer_travelers.list_travelers": CUSTOMER,
    "api_customer_travelers.add_traveler": CUSTOMER,
    "api_customer_travelers.show_traveler": CUSTOMER,
    "api_customer_travelers.change_traveler": CUSTOMER,
    "api_customer_travelers.remove_traveler": CUSTOMER,
    "api_customer_treks.list_treks": CATALOGUE,
    "api_customer_treks.show_trek": CATALOGUE,
    "api_customer_treks.list_batches": CATALOGUE,
    "api_customer_waiting.join_waiting_list": CUSTOMER_BOOK,
    "api_customer_waiting.list_own_waiting": CUSTOMER,
    "api_customer_waiting.leave_waiting_list": CUSTOMER_BOOK,
    "api_customer_bookings.book_trek": CUSTOMER_BOOK,
    "api_customer_bookings.list_trips": CUSTOMER,
    "api_customer_bookings.show_trip": CUSTOMER,
    "api_customer_bookings.change_trip": CUSTOMER_BOOK,
    "api_customer_bookings.cancel_trip": CUSTOMER_BOOK,
    "api_customer_bookings.confirm_trip": CUSTOMER_BOOK,
    "api_reference.document": PUBLIC,
    "api_reference.docs": PUBLIC,
    "onboarding.partners": PUBLIC,
    "api_paypal.receive_paypal": PROVIDER,
    "api_platform_hook.receive_hint": PROVIDER,
    "api_platform_hook.receive_hint_without_header": PROVIDER,
    "api_twilio.receive_status": REPORTS,
    "api_twilio.receive_answer": PROVIDER,
    **dict.fromkeys(("my.show", "my.calendar", "my.ask_cancel"), PUBLIC),
    **dict.fromkeys(("my.name_traveler", "my.tell"), PUBLIC),
    **dict.fromkeys(("my.add_traveler", "my.save_details"), PAY),
    **dict.fromkeys(("my.confirm", "my.cancel", "my.ask", "my.withdraw"), PAY),
    "pay.show": PUBLIC,
    "pay.begin": PAY,
    "pay.come_back": PAY,
    "api_customer_auth.request_code": OTP,
    "api_customer_auth.verify_code": OTP,
    "api_customer_auth.refresh_tokens": REFRESH,
    "api_customer_account.show_profile": CUSTOMER,
    "api_customer_account.change_profile": CUSTOMER,
    "api_customer_account.list_own_devices": CUSTOMER,
    "api_customer_account.end_own_device": CUSTOMER,
    "api_customer_account.sign_out_customer": CUSTOMER,
}

_OCTO = {
    **dict.fromkeys(("list_capabilities", "show_supplier", "list_products"), PARTNER),
    **dict.fromkeys(("show_product", "list_reservations", "show_booking"), PARTNER),
    **dict.fromkeys(("check_availability", "show_calendar"), AVAILABILITY),
    **dict.fromkeys(("reserve_booking", "confirm_booking", "update_booking"), BOOK),
    **dict.fromkeys(("extend_booking", "cancel_booking"), BOOK),
}
BY_ROUTE |= {
    f"{door}.{view}": policy for door in ("octo", "octo_of") for view, policy in _OCTO.items()
}

_ONE_ROW = Rate(1, 1)


def init_limits(app: Flask) -> None:
    """Count before anything else is done for a call. Raises BadLimits for a bad RATE_LIMITS."""
    settings: Settings = app.extensions["settings"]
    limiter.configure(settings.redis_url)
    known = {policy.name: policy.rate for policy in POLICIES}
    app.extensions["rates"] = read_rates(settings.rate_limits, known)
    app.before_request(_count)
    app.after_request(_tell)


def in_force() -> list[tuple[str, str, Rate | None]]:
    """Every limit by its name, whom it counts, and its rate (None: lifted)."""
    rates: dict[str, Rate | None] = current_app.extensions["rates"]
    return [(policy.name, policy.by, rates[policy.name]) for policy in POLICIES]


def spend_key(key_id: UUID) -> None:
    """Count this call for its key. Raises RateLimited."""
    policy = BY_ROUTE[request.endpoint or ""]
    _spend(policy, f"key:{key_id}")


def spend_stranger() -> None:
    """Count this call for its address: nobody is known to have made it. Raises RateLimited."""
    _spend(STRANGER, _address())


def is_worth_a_row(key_id: UUID) -> bool:
    """Whether a refusal is told in the sync log: the first of a flood is, once a minute."""
    return limiter.take(f"row:{key_id}", _ONE_ROW).allowed


def _count() -> None:
    policy = BY_ROUTE.get(request.endpoint or "")
    if policy is None or policy.by == "key":  # a key is counted once it is known: `spend_key`
        return
    if policy.by == "address":
        _spend(policy, _address())
    elif current_user.is_authenticated:
        _spend(policy, f"person:{current_user.id}")
    else:
        spend_stranger()


def _address() -> str:
    network = network_of(request.remote_addr or "")
    return "address:" + keyring.hash("address:" + network).hex()[:32]


def _spend(policy: Policy, who: str) -> None:
    rate: Rate | None = current_app.extensions["rates"][policy.name]
    if rate is None:
        return
    taken = limiter.take(f"{policy.name}:{who}", rate)
    g.rate_limit = (policy.name, rate, taken)
    if not taken.allowed:
        raise RateLimited(retry_after=taken.retry_after)


def _tell(response: Response) -> Response:
    """`RateLimit` says what is left of the bucket, and in how many seconds it is full again."""
    counted: tuple[str, Rate, Taken] | None = g.get("rate_limit")
    if counted is not None:
        name, rate, taken = counted
        window = -int(-rate.whole // 1000)
        response.headers["RateLimit-Policy"] = f'"{name}";q={rate.burst};w={window}'
        response.headers["RateLimit"] = f'"{name}";r={taken.remaining};t={taken.full_in}'
    return response
