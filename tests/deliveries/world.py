"""A small world for the machine: a channel that sends nowhere, edits, and time that passes."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.deliveries import finishing, housekeeping, lanes
from app.deliveries.channel import (
    Channel,
    Channels,
    Claim,
    Meaning,
    Pace,
    Route,
    Unsendable,
    Unsent,
    Verdict,
)
from app.deliveries.dispatch import dispatch
from app.deliveries.models import Delivery, Destination
from app.deliveries.outcome import Attempt, judge_http, judge_unreachable
from app.events.actions import record
from app.events.models import SYSTEM, Event, NewEvent
from app.outbound import Answer, Outgoing, Unreachable

TIMES = {
    "deliveries": ("due_at", "lease_until", "give_up_at", "finished_at"),
    "destinations": ("probe_at", "failing_since", "last_success_at", "paced_until"),
}


@dataclass
class Paper(Channel):
    """A channel. An event names its destinations in `meta["to"]`."""

    name: str = "paper"
    shut: dict[str, str] = field(default_factory=dict)
    paces: dict[str, Pace] = field(default_factory=dict)
    patient: bool = False

    def route(self, session: Session, events: Sequence[Event]) -> Iterable[tuple[Event, Route]]:
        for event in events:
            for key in event.meta["to"]:
                lane, pace = str(event.booking_id), self.paces.get(key, Pace())
                place = (lane, event.version or 0)
                yield event, Route(key, key.title(), None, *place, pace=pace, can_wait=self.patient)

    def compose(
        self, session: Session, claims: Sequence[Claim]
    ) -> Mapping[int, Outgoing | Unsendable]:
        return {claim.id: self.make(claim) for claim in claims}

    def make(self, claim: Claim) -> Outgoing | Unsendable:
        if reason := self.shut.get(claim.destination_key):
            return Unsendable(Unsent.WAIT, reason)
        return Outgoing("http://127.0.0.1:9/", {}, b"{}")

    def judge(self, answer: Answer, sent: Outgoing) -> Verdict:
        return judge_http(answer)

    def closed(self, session: Session, keys: Collection[str]) -> Mapping[str, str]:
        return {key: self.shut[key] for key in keys if key in self.shut}


@dataclass
class World:
    """What a test does to the machine, step by step."""

    session: Session
    paper: Paper = field(default_factory=Paper)
    versions: dict[uuid.UUID, int] = field(default_factory=dict)

    def edit(self, booking: uuid.UUID | None = None, *to: str) -> uuid.UUID:
        """One more version of a booking (a new one without), for these destinations."""
        booking = booking or uuid.uuid4()
        self.versions[booking] = self.versions.get(booking, 0) + 1
        record(self.session, SYSTEM, new_edit(booking, self.versions[booking], *to))
        return booking

    def dispatch(self) -> int:
        return dispatch(self.session, Channels(self.paper))

    def claim(self, total: int = 100, usual: int = 100) -> list[Claim]:
        claims = lanes.claim(self.session, total, usual)
        return sorted(claims, key=lambda claim: claim.id)

    def finish(self, claim: Claim, status: int | None, **headers: str) -> bool:
        """Finish with an answer, or with none. Returns whether the result counted."""
        attempts = [self.attempt(claim, status, **headers)]
        return claim.id in finishing.finish(self.session, attempts, [self.paper])

    def answer(self, status: int | None, **headers: str) -> bool:
        """Claim the only delivery that is due, and finish it like this."""
        (claim,) = self.claim()
        return self.finish(claim, status, **headers)

    def attempt(self, claim: Claim, status: int | None, **headers: str) -> Attempt:
        sent = self.paper.make(claim)
        if isinstance(sent, Unsendable):
            return Attempt(claim, sent, None, Verdict(Meaning.RETRY, sent.reason))
        if status is None:
            fault = Unreachable("timeout", "No answer.", 15_000)
            return Attempt(claim, sent, fault, judge_unreachable(fault))
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = Answer(status, named, b"", 5)
        return Attempt(claim, sent, answer, judge_http(answer))

    def keep_house(self) -> int:
        return housekeeping.keep_house(self.session, Channels(self.paper))

    def sweep(self) -> int:
        return housekeeping.sweep(self.session)

    def drain(self, status: int = 200, rounds: int = 100) -> list[int]:
        """Send until nothing is due. Returns the positions in the order in which they left."""
        order: list[int] = []
        for _ in range(rounds):
            self.dispatch()
            self.keep_house()
            claims = self.claim()
            if not claims:
                break
            for claim in claims:
                order.append(self.position(claim.id))
                self.finish(claim, status)
        return order

    def position(self, delivery_id: int) -> int:
        return self.session.scalars(
            select(Delivery.position).where(Delivery.id == delivery_id)
        ).one()

    def states(self, booking: uuid.UUID, to: str = "paper:a") -> list[str]:
        """The states of a lane, in its order."""
        query = (
            select(Delivery.state)
            .join(Destination)
            .where(Delivery.lane == str(booking), Destination.key == to)
        )
        return list(self.session.scalars(query.order_by(Delivery.position)))

    def delivery(self, booking: uuid.UUID, position: int, to: str = "paper:a") -> Delivery:
        query = (
            select(Delivery)
            .join(Destination)
            .where(
                Delivery.lane == str(booking),
                Delivery.position == position,
                Destination.key == to,
            )
        )
        return self.session.scalars(query.execution_options(populate_existing=True)).one()

    def destination(self, key: str = "paper:a") -> Destination:
        query = select(Destination).where(Destination.key == key)
        return self.session.scalars(query.execution_options(populate_existing=True)).one()

    def pass_time(self, seconds: float) -> None:
        """Let time pass: everything that has a time lies that much further back."""
        self.session.flush()
        for table, columns in TIMES.items():
            shifts = ", ".join(f"{c} = {c} - make_interval(secs => :seconds)" for c in columns)
            self.session.execute(text(f"UPDATE {table} SET {shifts}"), {"seconds": seconds})
        self.session.expire_all()

    def wait_s(self, delivery: Delivery) -> float:
        """Seconds until it is due."""
        query = text(
            "SELECT extract(epoch FROM due_at - clock_timestamp()) FROM deliveries WHERE id = :id"
        )
        return float(self.session.execute(query, {"id": delivery.id}).scalar_one())


def new_edit(booking: uuid.UUID, version: int, *to: str) -> NewEvent:
    """The event of one edit."""
    return NewEvent(
        name="booking.updated",
        subject_type="booking",
        subject_id=str(booking),
        booking_id=booking,
        version=version,
        changes={"guest_count": [version - 1, version]},
        meta={"to": list(to or ("paper:a",))},
        dispatch=True,
    )


@dataclass
class Witness:
    """What the endpoint saw: the versions of each lane in the order in which they came."""

    seen: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def check(self) -> None:
        """No lane ever went back."""
        for lane, seen in self.seen.items():
            assert seen == sorted(seen), f"lane {lane} went back: {seen}"
