"""Whether a guest's number and address are any good, as the last messages to them have shown.

`good` → `doubtful` after a failure that may pass → `bad` after three in a row, or at once when the
provider says that nothing will ever arrive there. `stopped`: the guest has answered STOP. What is
bad becomes good again when something arrives, when the number or address changes, or when
somebody says so; what is stopped only when the guest says START, or consents anew.
"""

from __future__ import annotations

from datetime import datetime

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberType

from app.customers.models import Customer
from app.messaging.models import Medium
from app.messaging.results import Trouble

GOOD, DOUBTFUL, BAD, STOPPED = "good", "doubtful", "bad", "stopped"
MOST_FAILURES = 3
"""Failures in a row after which a number or an address counts as bad."""
_MAY_BE_MOBILE = (
    PhoneNumberType.MOBILE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE,
    PhoneNumberType.PERSONAL_NUMBER,
    PhoneNumberType.UNKNOWN,
)
NOWHERE = ".invalid"
"""The end of addresses that cannot exist: of erased guests."""


def may_sms(customer: Customer) -> tuple[bool, str]:
    """Whether this guest may get an SMS; if not, why, for people."""
    if not customer.sms_opt_in:
        return False, "The guest has not agreed to SMS."
    if customer.sms_health == STOPPED:
        return False, "The guest has answered STOP."
    if not customer.phone:
        return False, "There is no phone number."
    if not is_mobile(customer.phone):
        return False, "This is no mobile number."
    if customer.sms_health == BAD:
        return False, "SMS do not arrive at this number."
    return True, ""


def may_email(customer: Customer, address: str | None) -> tuple[bool, str]:
    """Whether this guest can be e-mailed at this address; if not, why."""
    if not address or address.endswith(NOWHERE):
        return False, "There is no e-mail address."
    if customer.email_health == BAD:
        return False, "E-mails do not arrive at this address."
    return True, ""


def is_mobile(phone: str) -> bool:
    """Whether a number in E.164 may receive SMS, as far as its digits tell."""
    try:
        number = phonenumbers.parse(phone)
    except NumberParseException:
        return False
    return phonenumbers.number_type(number) in _MAY_BE_MOBILE


def is_well(customer: Customer, medium: Medium) -> bool:
    """Whether nothing is held against the number or address."""
    return _health(customer, medium) == GOOD and not getattr(customer, f"{medium}_failures")


def arrived(customer: Customer, medium: Medium, now: datetime) -> None:
    """Something was delivered: whatever was doubted is good. STOP stays STOP."""
    health = _health(customer, medium)
    _set(customer, medium, STOPPED if health == STOPPED else GOOD, 0, None, now)


def failed(
    customer: Customer, medium: Medium, trouble: Trouble, code: str | None, now: datetime
) -> None:
    """Something did not arrive. What is not the guest's fault changes nothing."""
    if not trouble.is_the_guests:
        return
    failures = getattr(customer, f"{medium}_failures") + 1
    if trouble is Trouble.CONSENT or _health(customer, medium) == STOPPED:
        health = STOPPED
    elif trouble is Trouble.PERMANENT or failures >= MOST_FAILURES:
        health = BAD
    else:
        health = DOUBTFUL
    _set(customer, medium, health, failures, code, now)


def mended(customer: Customer, medium: Medium, now: datetime) -> None:
    """Good again: a new number or address, consent given anew, or somebody says so."""
    _set(customer, medium, GOOD, 0, None, now)


def stopped(customer: Customer, now: datetime) -> None:
    """The guest wants no SMS any more."""
    _set(customer, Medium.SMS, STOPPED, customer.sms_failures, customer.sms_problem, now)


def _health(customer: Customer, medium: Medium) -> str:
    return str(getattr(customer, f"{medium}_health"))


def _set(
    customer: Customer,
    medium: Medium,
    health: str,
    failures: int,
    problem: str | None,
    now: datetime,
) -> None:
    values = {"health": health, "failures": failures, "problem": problem, "checked_at": now}
    for name, value in values.items():
        setattr(customer, f"{medium}_{name}", value)
