"""Keeping the sums of the reports short. They are right without it, only longer to add up."""

from __future__ import annotations

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.reports.models import KEY, MEASURES

LOCK_KEY = 7_266_173_007
BATCH = 5_000
"""New rows of one step."""

_KEY, _MEASURES = ", ".join(KEY), ", ".join(MEASURES)
_SUMS = ", ".join(f"sum({name})" for name in MEASURES)
_SOME = " OR ".join(f"sum({name}) <> 0" for name in MEASURES)
_SAME = " AND ".join(f"o.{name} = k.{name}" for name in KEY if name != "partner_id")
# One statement: whoever reads meanwhile sees either the rows before it or those after it.
# OFFSET 0 has each key looked up by the index, whatever the statistics say of a fresh table.
_MERGE = text(
    f"""
WITH fresh AS (
    DELETE FROM booking_days WHERE id IN (
        SELECT id FROM booking_days WHERE is_new ORDER BY id LIMIT :batch)
    RETURNING {_KEY}, {_MEASURES}
), k AS (SELECT DISTINCT {_KEY} FROM fresh
), old AS (
    DELETE FROM booking_days WHERE id IN (SELECT o.id FROM k, LATERAL (
        SELECT o.id FROM booking_days o WHERE NOT o.is_new AND {_SAME}
            AND o.partner_id IS NOT DISTINCT FROM k.partner_id OFFSET 0) AS o)
    RETURNING {_KEY}, {_MEASURES}
), merged AS (
    INSERT INTO booking_days ({_KEY}, {_MEASURES}, is_new)
    SELECT {_KEY}, {_SUMS}, false FROM (SELECT * FROM fresh UNION ALL SELECT * FROM old) AS every
    GROUP BY {_KEY} HAVING {_SOME}
)
SELECT count(*) FROM fresh"""  # noqa: S608  (names of columns)
)


def merge(session: Session, batch: int = BATCH) -> int:
    """Merge new rows with those of the same key. Returns how many were new.

    One at a time: another that comes meanwhile does nothing.
    """
    if not session.scalar(select(func.pg_try_advisory_xact_lock(LOCK_KEY))):
        return 0
    return int(session.execute(_MERGE, {"batch": batch}).scalar_one())
