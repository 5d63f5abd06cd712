"""What PayPal says, in our words: orders, captures, refunds, and each issue of its errors.

Only `details[].issue` is relied on: descriptions are for people and change.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from app.outbound import Answer, Unreachable
from app.paypal.client import data_of

WHOLE = ("HUF", "JPY", "TWD")
"""Currencies in which PayPal takes no decimals."""


class Means(enum.Enum):
    """What an issue means for a payment or a refund."""

    NOT_YET = "not yet"
    """The guest has not approved it, or must approve it once more: the same order goes on."""
    DECLINED = "declined"
    """The guest's bank or PayPal said no: another attempt is another order."""
    LOOK = "look"
    """It happened already, or is happening: the order says what."""
    LATER = "later"
    """The same again will do."""
    NEVER = "never"
    """Refused for good."""


ISSUES: dict[str, tuple[Means, str]] = {
    "ORDER_NOT_APPROVED": (Means.NOT_YET, "It was not approved at PayPal."),
    "PAYER_ACTION_REQUIRED": (Means.NOT_YET, "PayPal asks the guest to approve it once more."),
    "INSTRUMENT_DECLINED": (Means.DECLINED, "The guest's bank or card was declined."),
    "MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED": (
        Means.DECLINED,
        "It was tried too often: a new attempt is needed.",
    ),
    "ORDER_ALREADY_CAPTURED": (Means.LOOK, "It was paid already."),
    "ORDER_COMPLETION_IN_PROGRESS": (Means.LOOK, "PayPal is working on it."),
    "DUPLICATE_INVOICE_ID": (Means.NEVER, "PayPal has a payment for this invoice number already."),
    "PENDING_CAPTURE": (Means.LATER, "The payment itself is pending at PayPal."),
    "REFUND_FAILED_INSUFFICIENT_FUNDS": (
        Means.LATER,
        "The PayPal account does not hold enough money: top it up.",
    ),
    "CAPTURE_FULLY_REFUNDED": (Means.NEVER, "All of it was given back already."),
    "REFUND_AMOUNT_EXCEEDED": (Means.NEVER, "More than what is left of the payment."),
    "REFUND_CAPTURE_CURRENCY_MISMATCH": (Means.NEVER, "The payment was in another currency."),
    "REFUND_TIME_LIMIT_EXCEEDED": (Means.NEVER, "The payment is too old for PayPal to refund."),
    "PARTIAL_REFUND_NOT_ALLOWED": (Means.NEVER, "PayPal refunds this payment only in full."),
    "TRANSACTION_DISPUTED": (Means.NEVER, "The guest disputes it: settle it at PayPal."),
    "MAX_NUMBER_OF_REFUNDS_EXCEEDED": (Means.NEVER, "It was refunded too many times."),
    "DECIMAL_PRECISION": (Means.NEVER, "The amount has too many digits for its currency."),
    "DECIMALS_NOT_SUPPORTED": (Means.NEVER, "PayPal takes no decimals in this currency."),
}


@dataclass(frozen=True)
class Capture:
    """Money that PayPal took, or tries to take."""

    id: str
    status: str
    amount: Decimal | None
    currency: str
    custom_id: str | None


@dataclass(frozen=True)
class Refusal:
    """Why PayPal did not do it. `code`: the issue, or what stands in its place."""

    code: str
    means: Means
    words: str


def refusal_of(answer: Answer | Unreachable) -> Refusal:
    """What an answer that is no success means."""
    if isinstance(answer, Unreachable):
        return Refusal(answer.kind.upper(), Means.LATER, answer.message)
    data = data_of(answer)
    for issue in _issues(data):
        if issue in ISSUES:
            return Refusal(issue, *ISSUES[issue])
    name = str(next(iter(_issues(data)), data.get("name") or f"HTTP_{answer.status}"))[:60]
    if answer.status in (401, 403):
        return Refusal(name, Means.LATER, "PayPal does not accept the website's credentials.")
    if answer.status in (408, 409, 425, 429) or answer.status >= 500:
        return Refusal(name, Means.LATER, f"PayPal answered with status {answer.status}.")
    return Refusal(name, Means.NEVER, f"PayPal refused it ({name}).")


def capture_of(order: dict[str, Any]) -> Capture | None:
    """The capture inside an order; None while nothing was captured."""
    units = order.get("purchase_units")
    unit = units[0] if isinstance(units, list) and units else {}
    payments = unit.get("payments") if isinstance(unit, dict) else None
    captures = payments.get("captures") if isinstance(payments, dict) else None
    found = captures[-1] if isinstance(captures, list) and captures else None
    return as_capture(found) if isinstance(found, dict) else None


def as_capture(data: dict[str, Any]) -> Capture | None:
    """A capture as PayPal describes it, in an order or in a webhook."""
    if not isinstance(data.get("id"), str):
        return None
    amount, currency = money_of(data.get("amount"))
    custom = data.get("custom_id")
    return Capture(
        id=data["id"],
        status=str(data.get("status", "")),
        amount=amount,
        currency=currency,
        custom_id=custom if isinstance(custom, str) else None,
    )


def money_of(said: Any) -> tuple[Decimal | None, str]:
    """Amount and currency; no amount where it cannot be read."""
    if not isinstance(said, dict):
        return None, ""
    try:
        amount = Decimal(str(said.get("value")))
    except InvalidOperation:
        return None, str(said.get("currency_code", ""))
    return (amount if amount.is_finite() else None), str(said.get("currency_code", ""))


def money(amount: Decimal, currency: str) -> dict[str, str]:
    """An amount as PayPal takes it: a text, with the digits that it wants."""
    whole = currency in WHOLE and amount == amount.to_integral_value()
    return {"currency_code": currency, "value": f"{amount:.{0 if whole else 2}f}"}


def link_of(data: dict[str, Any], *names: str) -> str | None:
    """The address of the first link of these names."""
    links = data.get("links")
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and link.get("rel") in names:
            return str(link.get("href", ""))
    return None


def leads_to_paypal(url: str, base: str) -> bool:
    """Whether a guest may be sent there: to PayPal itself, or to what stands in for it."""
    there, ours = urlsplit(url), urlsplit(base)
    if (there.scheme, there.netloc) == (ours.scheme, ours.netloc):
        return True
    host = there.hostname or ""
    return there.scheme == "https" and (host == "paypal.com" or host.endswith(".paypal.com"))


def _issues(data: dict[str, Any]) -> list[str]:
    details = data.get("details")
    found = [each.get("issue") for each in details if isinstance(each, dict)] if isinstance(
        details, list
    ) else []  # fmt: skip
    return [issue for issue in found if isinstance(issue, str)]
