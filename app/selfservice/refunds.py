"""What a guest gets back who cancels now: said before they do it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from app.bookings import partnering
from app.bookings.refunding import refund_due
from app.bookings.wording import money
from app.payments import queries as payments
from app.selfservice.opening import Visit


@dataclass(frozen=True)
class Statement:
    """`back` of `paid` goes back; all of it until `until`, where that has not passed."""

    back: Decimal
    paid: Decimal
    currency: str
    until: datetime | None
    elsewhere: str = ""
    """The website at which it was paid, where that was not here."""
    hours: int = 0
    """How long before the start all goes back."""

    @property
    def key(self) -> str:
        """Says whether a statement is still the one that was read."""
        return f"{self.back:f}/{self.paid:f}"

    @property
    def words(self) -> str:
        """One or two sentences for the guest."""
        if not self.paid:
            return self._unpaid()
        back, paid = money(self.back, self.currency), money(self.paid, self.currency)
        if self.back == self.paid:
            return f"You get back all that you paid: {back}."
        why = f"because it begins in less than {self.hours} hours"
        if self.back:
            return f"You get back {back} of the {paid} that you paid, {why}."
        return f"You get back nothing of the {paid} that you paid, {why}."

    def _unpaid(self) -> str:
        if self.elsewhere:
            return f"You paid at {self.elsewhere} when you booked. They tell you what goes back."
        return "You have paid nothing here, so nothing goes back."


def statement(session: Session, visit: Visit, now: datetime) -> Statement:
    """What the rule says at this moment."""
    booking = visit.booking
    ends = partnering.deadline(session, booking)
    return Statement(
        back=refund_due(booking, now),
        paid=payments.left_of_booking(session, booking.id) if booking.paid_amount else Decimal(0),
        currency=booking.currency,
        until=ends if ends is not None and ends >= now else None,
        elsewhere=visit.website.name if booking.stripe_payment_intent_id else "",
        hours=visit.venue.cancellation_hours if visit.venue else 24,
    )
