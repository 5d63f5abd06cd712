"""Writing down what came of attempts: many in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.deliveries import health, lanes, log, outcome
from app.deliveries.channel import Channel
from app.deliveries.lanes import FLOWS
from app.deliveries.outcome import Attempt, Next
from app.logs import get_logger
from app.outbound import Answer

events = get_logger()

_STORE = text(f"""
    UPDATE deliveries d
    SET state = CASE WHEN r.state = 'ready' AND NOT {FLOWS} THEN 'parked' ELSE r.state END,
        due_at = clock_timestamp() + make_interval(secs => r.delay),
        finished_at = CASE WHEN r.state IN ('delivered', 'failed', 'skipped')
            THEN clock_timestamp() END,
        refusals = r.refusals, last_error = r.error,
        last_status = coalesce(r.status, CASE WHEN r.counts THEN NULL ELSE d.last_status END),
        attempts = CASE WHEN r.counts THEN d.attempts ELSE d.attempts - 1 END,
        tries = CASE WHEN r.counts THEN d.tries ELSE d.tries - 1 END,
        give_up_at = CASE WHEN r.counts OR d.tries > 1 THEN d.give_up_at END,
        claim = NULL, lease_until = NULL,
        fallback = CASE WHEN r.state IN ('parked', 'ready') THEN d.fallback END
    FROM unnest(
        CAST(:id AS bigint[]), CAST(:token AS uuid[]), CAST(:state AS text[]),
        CAST(:delay AS float[]), CAST(:refusals AS bigint[]), CAST(:status AS bigint[]),
        CAST(:error AS text[]), CAST(:counts AS bool[])
    ) AS r(id, token, state, delay, refusals, status, error, counts), destinations x
    WHERE d.id = r.id AND d.claim = r.token AND d.state = 'sending' AND x.id = d.destination_id
    RETURNING d.id
""")  # noqa: S608


def finish(
    session: Session, attempts: Sequence[Attempt], channels: Iterable[Channel] = ()
) -> set[int]:
    """Store results, move the lanes on, tell the destinations and the channels, log the calls.

    Returns the deliveries whose result counted: one whose lease was taken over is only logged.
    """
    nexts = {attempt.claim.id: outcome.after(attempt) for attempt in attempts}
    lanes.lock(session, [(a.claim.destination_id, a.claim.lane) for a in attempts])
    health.note(session, attempts)
    kept = _store(session, attempts, nexts)
    freed = [
        (a.claim.destination_id, a.claim.lane)
        for a in attempts
        if a.claim.id in kept and nexts[a.claim.id].frees_lane
    ]
    if freed:
        lanes.promote(session, freed)
    log.write(session, attempts, kept)
    counted = {delivery_id: nexts[delivery_id] for delivery_id in kept}
    for channel in channels:
        mine = [attempt for attempt in attempts if attempt.claim.channel == channel.name]
        if mine and type(channel).settled is not Channel.settled:
            _settle(session, channel, mine, counted)
    return kept


def _settle(
    session: Session, channel: Channel, attempts: Sequence[Attempt], kept: Mapping[int, Next]
) -> None:
    """A fault in a channel's own rows must not make the machine send again."""
    try:
        with session.begin_nested():
            channel.settled(session, attempts, kept)
    except DBAPIError as error:
        if error.connection_invalidated or _is_conflict(error):
            raise
        events.error("settled", channel=channel.name, exc_info=error)
    except Exception as error:
        events.error("settled", channel=channel.name, exc_info=error)


def _is_conflict(error: DBAPIError) -> bool:
    """Deadlocks and the like: the whole batch is written down again."""
    return (getattr(error.orig, "sqlstate", None) or "40")[:2] in ("08", "40", "55", "57")


def _store(session: Session, attempts: Sequence[Attempt], nexts: Mapping[int, Next]) -> set[int]:
    steps = [nexts[attempt.claim.id] for attempt in attempts]
    answers = [attempt.answer for attempt in attempts]
    columns = {
        "id": [attempt.claim.id for attempt in attempts],
        "token": [attempt.claim.token for attempt in attempts],
        "state": [step.state.value for step in steps],
        "delay": [step.delay for step in steps],
        "refusals": [step.refusals for step in steps],
        "status": [a.status if isinstance(a, Answer) else None for a in answers],
        "error": [step.error for step in steps],
        "counts": [step.counts for step in steps],
    }
    return set(session.execute(_STORE, columns).scalars())
