"""What must be paid before a booking counts, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy.orm import Session

from app.payments.models import PaymentSettings
from app.venues.models import Activity

OTHERWISE = 30
"""Minutes to pay in, where a website says nothing."""


def due(activity: Activity, party: int) -> Decimal | None:
    """The deposit of a party in the website's currency; None where nothing must be paid."""
    if not activity.deposit or party < activity.deposit_from_party:
        return None
    return activity.deposit * party


def takes_money(session: Session, website_id: str) -> bool:
    """Whether this website can be paid: only then may a booking be made to wait for it."""
    found = session.get(PaymentSettings, website_id)
    return found is not None and found.is_ready


@dataclass(frozen=True)
class Hold:
    """A deposit to be paid, and until when the place is kept for it."""

    deposit: Decimal
    until: datetime


def hold_of(
    session: Session, website_id: str, activity: Activity, party: int, now: datetime
) -> Hold | None:
    """What must be paid before a booking counts; None where nothing must, or nothing can be."""
    amount = due(activity, party)
    if amount is None or not takes_money(session, website_id):
        return None
    return Hold(amount, pay_by(session, website_id, now))


def pay_by(session: Session, website_id: str, now: datetime) -> datetime:
    """Until when a deposit that is asked for now must be paid."""
    found = session.get(PaymentSettings, website_id)
    return now + timedelta(minutes=found.deposit_minutes if found else OTHERWISE)
