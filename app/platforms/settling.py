"""What became of an attempt, in the rows: in the transaction that finishes its delivery."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.deliveries import pace
from app.deliveries.channel import Claim, Meaning, Verdict
from app.deliveries.models import SyncLog
from app.deliveries.outcome import Attempt
from app.outbound import Outgoing
from app.platforms import gathering, telling
from app.platforms.base import PlatformError
from app.platforms.carrying import Aim, Plan, plan_of
from app.platforms.conversing import columns_of
from app.platforms.models import PlatformConnection, PlatformReservation, ReservationState
from app.platforms.translating import LONGEST_ID

KEPT = " The reservation that is there stays as it was."
LEFT = " What it had there before is called off."


def settle(session: Session, attempts: Sequence[Attempt], now: datetime) -> None:
    """Bring the rows to what is known now. Also an answer that came late is the truth."""
    tried = [a for a in attempts if isinstance(a.sent, Outgoing)]
    if not tried:
        return
    gathering.lock_connections(session, {gathering.id_of(a.claim.destination_key) for a in tried})
    connections = gathering.by_key(session, {a.claim.destination_key for a in tried})
    for attempt in tried:
        plan = plan_of(attempt.sent)  # type: ignore[arg-type]  # asked above
        _log_calls(session, attempt.claim, plan)
        connection = connections.get(attempt.claim.destination_key)
        if connection is not None:
            _note_account(connection, plan, now)
            _settle(session, connection, plan, attempt.verdict)
    session.flush()


def _settle(session: Session, connection: PlatformConnection, plan: Plan, verdict: Verdict) -> None:
    row = session.get(
        PlatformReservation, plan.reservation_id, with_for_update=True, populate_existing=True
    )
    if row is None or row.making_since != plan.begun:
        return  # something newer is known
    if plan.is_done:
        _done(row, plan)
    elif verdict.meaning is Meaning.DECLINED and plan.error is not None:
        _declined(session, connection, row, plan, plan.error)
    else:
        _again(row, plan)


def _done(row: PlatformReservation, plan: Plan) -> None:
    there = plan.made
    if plan.aim is Aim.CANCEL or there is None:
        row.state = ReservationState.CANCELLED.value
    else:
        row.state = ReservationState.LIVE.value
    if plan.external_id or there:
        row.external_id = there.external_id if there else plan.external_id
    if there is not None and there.raw_status:
        row.raw_status = there.raw_status[:LONGEST_ID]
    is_as_sent = plan.is_found and plan.aim is not Aim.CANCEL
    row.version = plan.sent_version if is_as_sent else plan.version
    row.problem = row.making_since = None


def _declined(
    session: Session,
    connection: PlatformConnection,
    row: PlatformReservation,
    plan: Plan,
    error: PlatformError,
) -> None:
    """People decide now."""
    row.making_since = None
    if plan.is_unclear:
        row.state, row.problem = ReservationState.UNKNOWN.value, error.message
        telling.tell(session, connection, row, telling.UNCLEAR)
        return
    if row.state == ReservationState.LIVE:
        row.problem = error.message + KEPT
    else:
        row.problem = error.message + (LEFT if plan.has_left else "")
        row.state, row.version = ReservationState.REFUSED.value, plan.version
    telling.tell(session, connection, row, telling.REFUSED)


def _again(row: PlatformReservation, plan: Plan) -> None:
    """It will be tried again; first looked for where it may be there."""
    row.problem = plan.error.message if plan.error else None
    if row.state == ReservationState.UNKNOWN:  # it was certainly not made
        row.state = ReservationState.MAKING.value
    may_be_there = plan.is_unclear or (plan.is_open and not plan.creating)
    if not (may_be_there and row.state == ReservationState.MAKING):
        row.making_since = None


def _note_account(connection: PlatformConnection, plan: Plan, now: datetime) -> None:
    """Whether the key works shows with every call: the page of the connection says so."""
    if plan.of_account and plan.error is not None:
        connection.check_error, connection.checked_at = plan.error.message, now
    elif plan.is_done and connection.check_error is not None:
        connection.check_error, connection.checked_at = None, now


def _log_calls(session: Session, claim: Claim, plan: Plan) -> None:
    """All calls but the last, which the machine writes down; each counts for the pace."""
    earlier = plan.said[:-1]
    for exchange in earlier:
        row = SyncLog(
            website_id=claim.website_id,
            booking_id=claim.booking_id,
            event_id=claim.event_id,
            delivery_id=claim.id,
            source_event_id=str(claim.event_uid),
            event_type=claim.event_name,
            door=claim.destination_key,
            attempt=claim.attempt,
            **columns_of(exchange, failed=False),
        )
        session.add(row)
    more: list[UUID] = [claim.destination_id] * len(earlier)
    if more and claim.paced_until is not None:
        session.flush()
        pace.spend(session, more)
