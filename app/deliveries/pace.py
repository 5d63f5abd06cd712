"""How fast a destination may be called: so many calls at once, so many begun in a minute.

It counts over all workers and is kept in the destination's row: `paced_until` is the time until
which its calls are spoken for, one step for each. Whoever claims holds the row meanwhile; another
worker passes the destination by and looks again a moment later.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.deliveries.channel import Claim

PACED = "(x.per_minute IS NOT NULL OR x.most_at_once IS NOT NULL)"
NO_LIMIT = 1_000_000

# Locked first and counted in a statement of its own: what the last worker took must be seen.
_HOLD = text(f"""
    SELECT x.id, x.most_at_once, x.per_minute,
        extract(epoch FROM x.paced_until - clock_timestamp())::float AS ahead
    FROM destinations x
    WHERE {PACED} AND EXISTS (
        SELECT 1 FROM deliveries d
        WHERE d.destination_id = x.id AND d.state = 'ready' AND d.due_at <= clock_timestamp()
    )
    FOR NO KEY UPDATE OF x SKIP LOCKED
""")  # noqa: S608

_UNDER_WAY = text("""
    SELECT destination_id, count(*) FROM deliveries
    WHERE state = 'sending' AND destination_id = ANY(CAST(:ids AS uuid[]))
    GROUP BY destination_id
""")

_SPEND = text("""
    UPDATE destinations x
    SET paced_until = greatest(x.paced_until, clock_timestamp())
        + make_interval(secs => s.calls * s.step)
    FROM unnest(CAST(:ids AS uuid[]), CAST(:calls AS int[]), CAST(:steps AS float[]))
        AS s(id, calls, step)
    WHERE x.id = s.id
    RETURNING x.id, x.paced_until
""")

_STEPS = text("""
    SELECT id, per_minute FROM destinations
    WHERE id = ANY(CAST(:ids AS uuid[])) AND per_minute IS NOT NULL
""")

# Only where nobody claimed since: then it is as if these claims had never been.
_GIVE_BACK = text("""
    UPDATE destinations x SET paced_until = x.paced_until - make_interval(secs => s.calls * s.step)
    FROM unnest(
        CAST(:ids AS uuid[]), CAST(:calls AS int[]), CAST(:steps AS float[]),
        CAST(:untils AS timestamptz[])
    ) AS s(id, calls, step, until)
    WHERE x.id = s.id AND x.paced_until = s.until
""")

# `step` in SQL: who only knows the key need not read the row first.
_CHARGE = text("""
    UPDATE destinations
    SET paced_until = greatest(paced_until, clock_timestamp())
        + make_interval(secs => :calls * 60.0 / (per_minute - per_minute / 15))
    WHERE key = :key AND per_minute IS NOT NULL
""")


def burst(per_minute: int) -> int:
    """How many may begin together after a rest: what four seconds bring.

    A worker looks once a second: what a look comes late is made good by the next.
    """
    return 1 + per_minute // 15


def step(per_minute: int) -> float:
    """Seconds between two calls, so that with a burst no minute holds more than `per_minute`."""
    return 60.0 / (per_minute - burst(per_minute) + 1)


def allowed(per_minute: int | None, ahead: float | None) -> int:
    """How many may begin now, when calls are spoken for `ahead` seconds from now."""
    if per_minute is None:
        return NO_LIMIT
    spoken_for = max(0.0, ahead or 0.0) / step(per_minute)
    return max(0, math.floor(burst(per_minute) - spoken_for + 1e-9))


def opened(session: Session) -> dict[UUID, int]:
    """Hold the paced destinations that have something due, and say how much each may send now."""
    held = session.execute(_HOLD).all()
    if not held:
        return {}
    limited = [row.id for row in held if row.most_at_once is not None]
    busy: dict[UUID, int] = {}
    if limited:
        busy = {row[0]: row[1] for row in session.execute(_UNDER_WAY, {"ids": limited})}
    room = {row.id: (row.most_at_once or NO_LIMIT) - busy.get(row.id, 0) for row in held}
    return {row.id: max(0, min(allowed(row.per_minute, row.ahead), room[row.id])) for row in held}


def spend(session: Session, calls: Iterable[UUID]) -> dict[UUID, datetime]:
    """Note a call to each of these held destinations. Returns until when each is spoken for."""
    counted = Counter(calls)
    steps = _steps(session, counted)
    if not steps:
        return {}
    columns = _columns(counted, steps)
    return {row.id: row.paced_until for row in session.execute(_SPEND, columns)}


def charge(session: Session, key: str, calls: int) -> None:
    """Note calls to a destination that were made beside its deliveries: these wait for them."""
    if calls:
        session.execute(_CHARGE, {"key": key, "calls": calls})


def give_back(session: Session, claims: Sequence[Claim]) -> None:
    """These were claimed and will not be sent."""
    counted = Counter(claim.destination_id for claim in claims)
    until = {claim.destination_id: claim.paced_until for claim in claims}
    steps = _steps(session, counted)
    columns = _columns(counted, steps)
    session.execute(_GIVE_BACK, columns | {"untils": [until[key] for key in steps]})


def _steps(session: Session, counted: Counter[UUID]) -> dict[UUID, float]:
    if not counted:
        return {}
    rows = session.execute(_STEPS, {"ids": list(counted)})
    return {row.id: step(row.per_minute) for row in rows}


def _columns(counted: Counter[UUID], steps: dict[UUID, float]) -> dict[str, list[object]]:
    return {
        "ids": list(steps),
        "calls": [counted[key] for key in steps],
        "steps": list(steps.values()),
    }
