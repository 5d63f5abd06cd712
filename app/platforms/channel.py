"""Booking platforms as a channel of the delivery machine: what is booked here is made there.

A destination is a venue's account (`platform:<connection>`), a lane is a booking there. A delivery
sends the booking as it is when it leaves; one that finds nothing left to say passes by.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.deliveries.channel import Channel, Claim, Route, Unsendable, Verdict
from app.deliveries.outcome import Attempt, Next
from app.events.models import Event
from app.outbound import Answer, Client, Outgoing, Unreachable
from app.platforms import deciding, gathering, routing, settling
from app.platforms.carrying import Plan, carry_out, plan_of, verdict_of


class PlatformChannel(Channel):
    """Reservations at the platforms of venues."""

    name = "platform"

    def route(self, session: Session, events: Sequence[Event]) -> Iterable[tuple[Event, Route]]:
        """Who holds the booking, or is to hold it; never whom the change came from."""
        return routing.route(session, events, datetime.now(UTC))

    def compose(
        self, session: Session, claims: Sequence[Claim]
    ) -> Mapping[int, Outgoing | Unsendable]:
        """Decide on each. What is begun must be on the disk before any call, else a crash of the
        database could make a reservation twice."""
        session.execute(text("SET LOCAL synchronous_commit = on"))
        batch = gathering.read(session, claims, datetime.now(UTC))
        mark = deciding.mark_with(session)
        made: dict[int, Outgoing | Unsendable] = {}
        for claim in claims:
            found = deciding.decide(batch, claim, mark)
            made[claim.id] = _outgoing(found) if isinstance(found, Plan) else found
        session.flush()
        return made

    async def carry(self, client: Client, outgoing: Outgoing) -> Answer | Unreachable:
        return await carry_out(plan_of(outgoing), client.send)

    def judge(self, answer: Answer, sent: Outgoing) -> Verdict:
        return verdict_of(plan_of(sent))

    def unanswered(self, fault: Unreachable, sent: Outgoing) -> Verdict:
        return verdict_of(plan_of(sent), fault)

    def closed(self, session: Session, keys: Collection[str]) -> Mapping[str, str]:
        """Connections that are switched off. What waits for one that is gone passes by."""
        found = gathering.by_key(session, keys)
        reasons = {key: deciding.closed_because(each) for key, each in found.items()}
        return {key: reason for key, reason in reasons.items() if reason}

    def settled(
        self, session: Session, attempts: Sequence[Attempt], kept: Mapping[int, Next]
    ) -> None:
        settling.settle(session, attempts, datetime.now(UTC))


def _outgoing(plan: Plan) -> Outgoing:
    """As it may be logged: without the guest, and without an address that could hold a key."""
    said: dict[str, Any] = {
        "reservation": plan.external_id,
        "reference": plan.wanted.reference,
        "day": plan.wanted.day.isoformat(),
        "time": plan.wanted.time,
        "party_size": plan.wanted.party_size,
        "version": plan.version,
    }
    body = json.dumps({name: value for name, value in said.items() if value is not None})
    return Outgoing(f"{plan.account.type}:{plan.aim}", {}, body.encode(), "CALL", plan)
