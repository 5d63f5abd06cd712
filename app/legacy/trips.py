"""What a row of a booking says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from app.bookings.models import SOURCES
from app.bookings.status import Status, status_from_word
from app.customers.phones import to_e164
from app.legacy import values
from app.legacy.people import trace
from app.tabular import values as texts
from app.tabular.values import Bad

ROOT = UUID("5f2f0f0a-7f0b-5c3e-9d59-2f3c53f7a1d4")
"""Under which the ids of foreign bookings are made: never to be changed."""
_SOURCES = {
    **{source: source for source in SOURCES if source not in ("partner", "platform")},
    **dict.fromkeys(("app", "mobile", "mobile_app", "customer"), "customer_app"),
    **dict.fromkeys(("web", "online"), "website"),
    **dict.fromkeys(("admin", "vendor", "manual", "staff"), "direct"),
    "walk-in": "walk_in",
    "walkin": "walk_in",
    "telephone": "phone",
    "call": "phone",
}
_PAID_BACK = ("refunded", "full_refund")
Texts = Mapping[str, str]


@dataclass(frozen=True)
class Trip:
    """A booking, before it is known whose it is and what of."""

    values: Mapping[str, Any]
    """Fields that follow from the row alone."""
    history: Mapping[str, Any]
    """Columns that are no fields."""
    source: str
    phone: str | None
    """E.164, of the contact."""
    guests: int | None

    @property
    def trace(self) -> Any:
        """What its customer may be found by."""
        return trace(self.phone, self.values["customer_email"])


def source_id(system: str, legacy_id: str) -> UUID:
    """The id under which a foreign booking is known: the same each time."""
    return uuid5(ROOT, f"{system}\x1f{legacy_id}")


def trip(row: Texts, system: str, region: str, now: datetime) -> Trip:
    """A booking. Raises Bad."""
    status = _status(row)
    phone = texts.words(row, "customer_phone", 50)
    total = values.money(row, "total_amount")
    if total is None:
        raise Bad("total_amount is empty.")
    known: dict[str, Any] = {
        "booking_ref": texts.words(row, "reference", 100) or f"{system}-{row['id']}".upper()[:100],
        "total_amount": total,
        "package_price": values.money(row, "price_per_person"),
        "discount_amount": values.money(row, "discount_amount") or Decimal(0),
        "refunded_amount": _refunded(row, total, status),
        "stated_status": status.value,
        "cancellation_reason": texts.words(row, "cancellation_reason", 2000),
        "customer_name": texts.words(row, "customer_name"),
        "customer_email": values.email(row, "customer_email"),
        "customer_phone": phone,
        "special_requests": texts.words(row, "special_requests", 5000),
        "admin_notes": _notes(row),
        "source_created_at": values.instant(row, "created_at", now),
        **_currency(row),
    }
    return Trip(
        known,
        _history(row, status, now),
        source=_source(row),
        phone=to_e164(phone, None, region) if phone else None,
        guests=values.count(row, "total_participants"),
    )


def _currency(row: Texts) -> dict[str, str]:
    """Where it says none it is that of the website."""
    code = values.currency(row, "currency")
    return {"currency": code} if code else {}


def _status(row: Texts) -> Status:
    word = texts.needed(row, "status", 50)
    status = status_from_word(word)
    if status is None:
        raise Bad(f"Nobody knows the status {word!r}.")
    paid = row.get("payment_status", "").casefold().replace(" ", "_")
    if status is Status.CANCELLED and paid in _PAID_BACK:
        return Status.REFUNDED
    return status


def _refunded(row: Texts, total: Decimal, status: Status) -> Decimal | None:
    amount = values.money(row, "refunded_amount")
    if amount is not None and amount > total:
        raise Bad("refunded_amount is more than the total.")
    return total if status is Status.REFUNDED and not amount else amount


def _source(row: Texts) -> str:
    word = row.get("source", "").casefold().replace(" ", "_")
    source = _SOURCES.get(word or "customer_app")
    if source is None:
        raise Bad(f"Nobody knows the source {word[:40]!r}: use {', '.join(sorted(set(_SOURCES)))}.")
    return source


def _notes(row: Texts) -> str | None:
    """Staff's notes, and what was known of the payment."""
    paid = texts.words(row, "payment_status", 50)
    said = [
        texts.words(row, "notes", 4900),
        f"Payment before the import: {paid}." if paid else None,
    ]
    return "\n".join(text for text in said if text) or None


def _history(row: Texts, status: Status, now: datetime) -> dict[str, Any]:
    """When it came about and ended, as far as it is known."""
    told = {
        name: values.instant(row, name, now)
        for name in ("created_at", "updated_at", "confirmed_at", "cancelled_at", "checked_in_at")
    }
    made = told["created_at"] or now
    last = told["updated_at"] or made
    gone = status in (Status.CANCELLED, Status.REFUNDED, Status.EXPIRED)
    came = status is Status.CHECKED_IN
    return {
        "source_status": row["status"],
        "created_at": made,
        "updated_at": max(last, made),
        "confirmed_at": None if status is Status.PENDING else told["confirmed_at"] or made,
        "cancelled_at": (told["cancelled_at"] or last) if gone else None,
        "checked_in_at": told["checked_in_at"] or (last if came else None),
    }


def midnight(day: Any) -> datetime:
    """The beginning of a day, where nobody knows more."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
