"""The channel that gives money back: one refund of one payment, repeated safely by its request id.

PayPal keeps a refund's request id for 45 days, so that the same call after a lost answer gives
the first answer again and never pays twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.bookings import paying
from app.deliveries.channel import (
    Channel,
    Claim,
    Meaning,
    Route,
    Unsendable,
    Unsent,
    Verdict,
)
from app.deliveries.models import State
from app.deliveries.outcome import Attempt, Next
from app.deliveries.retry import read_retry_after
from app.events.models import Event
from app.outbound import Answer, Client, Outgoing, Unreachable
from app.payments.models import Payment, PaymentSettings, PaymentState
from app.paypal import recording
from app.paypal.answers import Means, money, refusal_of
from app.paypal.client import Account, PayPal, data_of, refund_call

KEY = "paypal:"
POOR = 3600.0
"""Seconds until it is tried again where the account holds too little money."""


@dataclass(frozen=True)
class Wanted:
    """What `settled` must know of a call that was made."""

    refund_id: UUID
    account: Account


class PayPalChannel(Channel):
    """Refunds. A destination is a website's account: `paypal:<website>`."""

    name = "paypal"

    def route(self, session: Session, events: Sequence[Event]) -> Iterable[tuple[Event, Route]]:
        """Each refund is a lane of its own: one that is refused holds up no other."""
        for event in events:
            if event.name == "refund.requested" and event.website_id:
                key = f"{KEY}{event.website_id}"
                label = f"PayPal, {event.website_id}"
                yield event, Route(key, label, event.website_id, event.subject_id, 1)

    def compose(
        self, session: Session, claims: Sequence[Claim]
    ) -> Mapping[int, Outgoing | Unsendable]:
        """The refunds, with the website's credentials as they are now."""
        events = select(Event.id, Event.subject_id).where(
            Event.id.in_([claim.event_id for claim in claims])
        )
        named = {row.id: UUID(row.subject_id) for row in session.execute(events)}
        refunds = _by_id(session, named.values())
        deposits = _by_id(session, [r.of_id for r in refunds.values() if r.of_id])
        settings = _settings(session, {str(claim.website_id) for claim in claims})
        return {
            claim.id: _compose(
                refunds[named[claim.event_id]], deposits, settings.get(str(claim.website_id))
            )
            for claim in claims
        }

    async def carry(self, client: Client, outgoing: Outgoing) -> Answer | Unreachable:
        """With a token: fetched when there is none, once more when PayPal does not know it."""
        wanted: Wanted = outgoing.context
        return await PayPal(wanted.account, client.send).call(outgoing)

    def judge(self, answer: Answer, sent: Outgoing) -> Verdict:
        """By the status of the refund, or by the issue of the error."""
        if answer.status in (200, 201):
            if str(data_of(answer).get("status")) in recording.REFUNDS:
                return Verdict(Meaning.DELIVERED)
            return Verdict(Meaning.RETRY, "PayPal did not say what became of the refund.")
        refusal = refusal_of(answer)
        if refusal.means is Means.NEVER:
            return Verdict(Meaning.DECLINED, refusal.words)
        if refusal.code == "REFUND_FAILED_INSUFFICIENT_FUNDS":
            return Verdict(Meaning.RETRY, refusal.words, POOR)
        wish = read_retry_after(answer.headers.get("retry-after"))
        return Verdict(Meaning.RETRY, refusal.words, wish)

    def closed(self, session: Session, keys: Collection[str]) -> Mapping[str, str]:
        """Websites whose account is not set up. Switched off takes no new money, but gives back."""
        settings = _settings(session, {key.removeprefix(KEY) for key in keys})
        return {key: reason for key in keys if (reason := _closed(settings.get(key[len(KEY) :])))}

    def settled(
        self, session: Session, attempts: Sequence[Attempt], kept: Mapping[int, Next]
    ) -> None:
        """What became of each refund, in the transaction that finishes its delivery."""
        for attempt in attempts:
            if attempt.claim.id in kept and isinstance(attempt.sent, Outgoing):
                _settle(session, attempt, kept[attempt.claim.id])


def _settle(session: Session, attempt: Attempt, step: Next) -> None:
    wanted: Wanted = attempt.sent.context  # type: ignore[union-attr]  # asked by the caller
    now = datetime.now(UTC)
    if attempt.verdict.meaning is Meaning.DELIVERED and isinstance(attempt.answer, Answer):
        said = data_of(attempt.answer)
        recording.refund(session, recording.PAYPAL, wanted.refund_id, said, now)
    elif attempt.verdict.meaning is Meaning.DECLINED and isinstance(attempt.answer, Answer):
        problem = refusal_of(attempt.answer).code
        paying.refund_settled(
            session, recording.PAYPAL, wanted.refund_id, PaymentState.FAILED, now, problem=problem
        )
    else:
        _note_problem(session, wanted.refund_id, attempt, step)


def _note_problem(session: Session, refund_id: UUID, attempt: Attempt, step: Next) -> None:
    """It was not decided: people see why, and who gave up. It may have arrived all the same, so
    it goes on counting as asked for; "Send again" repeats the very same call."""
    payment = session.get(Payment, refund_id)
    if payment is None or payment.state != PaymentState.REQUESTED or attempt.answer is None:
        return
    code = refusal_of(attempt.answer).code
    payment.problem = f"GIVEN_UP_{code}" if step.state is State.FAILED else code


def _compose(
    refund: Payment, deposits: Mapping[UUID, Payment], settings: PaymentSettings | None
) -> Outgoing | Unsendable:
    if reason := _closed(settings):
        return Unsendable(Unsent.WAIT, reason)
    if refund.state != PaymentState.REQUESTED:
        return Unsendable(Unsent.NOTHING, "The refund is settled.")
    deposit = deposits.get(refund.of_id) if refund.of_id else None
    if deposit is None or deposit.capture_id is None or settings is None:
        return Unsendable(Unsent.NOTHING, "There is no payment to give back.")
    account = Account.of(settings)
    body: dict[str, Any] = {
        "amount": money(refund.amount, refund.currency),
        "custom_id": str(refund.id),
        "invoice_id": f"refund-{refund.id}",
    }
    if refund.reason:
        body["note_to_payer"] = refund.reason
    made = refund_call(account, deposit.capture_id, body, f"refund-{refund.id}")
    return Outgoing(made.url, made.headers, made.body, context=Wanted(refund.id, account))


def _closed(settings: PaymentSettings | None) -> str:
    if settings is None or not settings.client_id or not settings.secret:
        return "The website's PayPal account is not set up."
    return ""


def _by_id(session: Session, ids: Iterable[UUID]) -> dict[UUID, Payment]:
    found = session.scalars(select(Payment).where(Payment.id.in_(list(ids))))
    return {payment.id: payment for payment in found}


def _settings(session: Session, websites: Collection[str]) -> dict[str, PaymentSettings]:
    query = select(PaymentSettings).where(PaymentSettings.website_id.in_(sorted(websites)))
    return {found.website_id: found for found in session.scalars(query)}
