"""Rows of a period, found without an index on time: their ids follow the time they were made."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import BigInteger, ScalarSelect, TextClause, text

Table = Literal["deliveries", "events", "sync_logs"]


def first_id_since(table: Table, at: datetime) -> ScalarSelect[Any]:
    """For a condition: the id from which on rows are not older than `at`, found by halving."""
    return _HALVES[table].bindparams(at=at).columns(id=BigInteger).scalar_subquery()


def _halves(table: str, made: str = "created_at") -> TextClause:
    return text(f"""
        WITH RECURSIVE halves(low, high) AS (
            SELECT coalesce(min(id), 0), coalesce(max(id), 0) + 1 FROM {table}
            UNION ALL
            SELECT CASE WHEN half.late THEN low ELSE middle + 1 END,
                CASE WHEN half.late THEN middle ELSE high END
            FROM (
                SELECT low, high, (low + high) / 2 AS middle, coalesce((
                    SELECT {made} >= :at FROM {table}
                    WHERE id >= (low + high) / 2 ORDER BY id LIMIT 1
                ), true) AS late
                FROM halves WHERE low < high
            ) AS half
        )
        SELECT min(high) AS id FROM halves
    """)  # noqa: S608 (our own names)


_HALVES: dict[Table, TextClause] = {
    "deliveries": _halves("deliveries"),
    "events": _halves("events", "occurred_at"),
    "sync_logs": _halves("sync_logs"),
}
