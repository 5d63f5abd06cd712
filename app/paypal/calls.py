"""The calls that somebody waited for, in the sync log beside those that left by themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.orm import Session

from app.deliveries.log import exchange_columns
from app.deliveries.models import SyncLog
from app.events.models import Actor
from app.outbound import Answer, Outgoing, Unreachable

Exchange = tuple[Outgoing, Answer | Unreachable]


@dataclass
class Calls:
    """What was said to PayPal about one payment: gathered while no transaction is open."""

    event_type: str
    made: list[Exchange] = field(default_factory=list)

    def note(self, outgoing: Outgoing, answer: Answer | Unreachable) -> None:
        self.made.append((outgoing, answer))

    def write(self, session: Session, actor: Actor, website_id: str, booking_id: UUID) -> None:
        """Into the log, in the caller's transaction."""
        for outgoing, answer in self.made:
            success = isinstance(answer, Answer) and answer.status < 300
            session.add(
                SyncLog(
                    website_id=website_id,
                    booking_id=booking_id,
                    event_type=self.event_type,
                    door=f"paypal:{website_id}",
                    error_message=None if success else _fault(answer),
                    request_id=actor.request_id,
                    ip=actor.ip,
                    **exchange_columns(outgoing, answer, success),
                )
            )
        self.made = []


def _fault(answer: Answer | Unreachable) -> str:
    if isinstance(answer, Unreachable):
        return answer.message
    return f"Answered with status {answer.status}."
