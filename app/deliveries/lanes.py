"""Lanes: the deliveries of one booking to one destination, in order, one at a time.

The head of a lane is its only delivery that can be sent. Whoever makes heads holds the lane's
lock (an advisory one, until the transaction ends), so that a delivery added at the very moment
when the head before it finishes is never left behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.deliveries import pace
from app.deliveries.channel import Claim
from app.deliveries.retry import GIVE_UP_AFTER

Lane = tuple[UUID, str]

LEASE = 25
"""Seconds. Longer than waiting in the worker plus the deadline of a call."""

FLOWS = "(x.is_on AND x.paused_reason IS NULL AND x.breaker = 'closed')"
CALLABLE = "(x.is_on AND x.paused_reason IS NULL AND x.breaker <> 'open')"
"""Also half-open: its only ready delivery is the probe."""
PACED = pace.PACED
HEADS = "('ready', 'sending', 'parked', 'failed')"

_LOCK = text("""
    SELECT pg_advisory_xact_lock(key) FROM (
        SELECT DISTINCT hashtextextended(l.destination || l.lane, 0) AS key
        FROM unnest(CAST(:destinations AS text[]), CAST(:lanes AS text[])) AS l(destination, lane)
        ORDER BY key
    ) AS keys
""")

_PROMOTE = text(f"""
    UPDATE deliveries d
    SET state = CASE WHEN {FLOWS} THEN 'ready' ELSE 'parked' END, due_at = clock_timestamp()
    FROM unnest(CAST(:destinations AS uuid[]), CAST(:lanes AS text[])) AS l(destination, lane)
    JOIN destinations x ON x.id = l.destination
    CROSS JOIN LATERAL (
        SELECT w.id FROM deliveries w
        WHERE w.destination_id = l.destination AND w.lane = l.lane AND w.state = 'waiting'
        ORDER BY w.position, w.id LIMIT 1
    ) AS first
    WHERE d.id = first.id AND NOT EXISTS (
        SELECT 1 FROM deliveries h
        WHERE h.destination_id = l.destination AND h.lane = l.lane AND h.state IN {HEADS}
    )
    RETURNING d.id
""")  # noqa: S608

_REVIVE = text(f"""
    UPDATE deliveries d
    SET state = CASE WHEN {FLOWS} THEN 'ready' ELSE 'parked' END, due_at = clock_timestamp(),
        tries = 0, give_up_at = NULL, finished_at = NULL
    FROM unnest(CAST(:destinations AS uuid[]), CAST(:lanes AS text[])) AS l(destination, lane)
    JOIN destinations x ON x.id = l.destination
    WHERE d.destination_id = l.destination AND d.lane = l.lane AND d.state = 'failed'
    RETURNING d.id
""")  # noqa: S608

_CLAIM = text(f"""
    WITH due AS MATERIALIZED (
        SELECT d.id, d.due_at,
            row_number() OVER (PARTITION BY x.id ORDER BY d.can_wait, d.due_at) AS turn
        FROM destinations x
        LEFT JOIN unnest(CAST(:known AS uuid[]), CAST(:room AS int[])) AS q(id, room) ON q.id = x.id
        CROSS JOIN LATERAL (
            SELECT c.id, c.can_wait, c.due_at FROM deliveries c
            WHERE c.destination_id = x.id AND c.state = 'ready' AND c.due_at <= clock_timestamp()
            ORDER BY c.can_wait, c.due_at LIMIT coalesce(q.room, :usual) FOR UPDATE SKIP LOCKED
        ) AS d
        WHERE {CALLABLE} AND (NOT {PACED} OR x.id = ANY(CAST(:open AS uuid[])))
    ),
    mine AS MATERIALIZED (SELECT id FROM due ORDER BY turn, due_at LIMIT :total)
    UPDATE deliveries d
    SET state = 'sending', claim = :token, attempts = attempts + 1, tries = tries + 1,
        lease_until = clock_timestamp() + make_interval(secs => :lease),
        give_up_at = coalesce(give_up_at, clock_timestamp() + make_interval(secs => :life))
    FROM mine, destinations x, events e
    WHERE d.id = mine.id AND x.id = d.destination_id AND e.id = d.event_id
    RETURNING d.id, d.claim AS token, d.event_id, e.uid AS event_uid, e.name AS event_name,
        d.destination_id, x.key AS destination_key, d.channel, d.lane, d.website_id, d.booking_id,
        d.attempts AS attempt, d.tries, d.refusals, d.fallback,
        extract(epoch FROM d.give_up_at - clock_timestamp())::float AS seconds_left
""")  # noqa: S608

_RELEASE = text(f"""
    UPDATE deliveries d
    SET state = CASE WHEN {CALLABLE} THEN 'ready' ELSE 'parked' END,
        claim = NULL, lease_until = NULL, attempts = attempts - 1, tries = tries - 1,
        give_up_at = CASE WHEN d.tries > 1 THEN d.give_up_at END
    FROM unnest(CAST(:ids AS bigint[]), CAST(:tokens AS uuid[])) AS r(id, token), destinations x
    WHERE d.id = r.id AND d.claim = r.token AND d.state = 'sending' AND x.id = d.destination_id
""")  # noqa: S608


def _lanes(lanes: Iterable[Lane]) -> dict[str, list[str]]:
    pairs = sorted({(str(destination), lane) for destination, lane in lanes})
    return {"destinations": [d for d, _ in pairs], "lanes": [lane for _, lane in pairs]}


def lock(session: Session, lanes: Iterable[Lane]) -> None:
    """Hold these lanes until the transaction ends, in an order that cannot deadlock."""
    session.execute(_LOCK, _lanes(lanes))


def promote(session: Session, lanes: Iterable[Lane]) -> int:
    """Make the first waiting delivery the head of each locked lane that has none."""
    return len(session.execute(_PROMOTE, _lanes(lanes)).all())


def revive(session: Session, lanes: Iterable[Lane]) -> int:
    """Give the dead heads of these locked lanes a new life."""
    return len(session.execute(_REVIVE, _lanes(lanes)).all())


def claim(
    session: Session, total: int, usual: int, known: dict[UUID, int] | None = None
) -> list[Claim]:
    """Take up to `total` due deliveries for 25 s, each destination in turn.

    `usual`: the most for one destination; `known`: the most for those that have some here already.
    Destinations with a pace give no more than it allows, and nothing while another worker claims.
    """
    room = dict(known or {})
    open_ones = pace.opened(session)
    room |= {key: min(room.get(key, usual), most) for key, most in open_ones.items()}
    rows = session.execute(
        _CLAIM,
        {
            "open": list(open_ones),
            "known": list(room),
            "room": list(room.values()),
            "usual": usual,
            "total": total,
            "token": uuid4(),
            "lease": LEASE,
            "life": GIVE_UP_AFTER,
        },
    )
    claims = [Claim(**row._mapping) for row in rows]
    until = pace.spend(session, [c.destination_id for c in claims if c.destination_id in open_ones])
    if not until:
        return claims
    return [replace(claim, paced_until=until.get(claim.destination_id)) for claim in claims]


def release(session: Session, claims: Sequence[Claim]) -> None:
    """Give claims back that were never tried."""
    tokens = {"ids": [c.id for c in claims], "tokens": [c.token for c in claims]}
    session.execute(_RELEASE, tokens)
