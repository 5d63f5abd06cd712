"""Which reservations of a page say something new: most of them never do."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.platforms import translating
from app.platforms.base import Reservation
from app.platforms.merging import Pulled
from app.platforms.models import PlatformReservation, ReservationState
from app.platforms.translating import Unreadable


def news_of(session: Session, pulled: Pulled, said: Sequence[Reservation]) -> list[Reservation]:
    """Those that say something new; of the others is noted that they are there. Three queries at
    most, however many there are."""
    query = select(PlatformReservation).where(
        PlatformReservation.connection_id == pulled.connection.id,
        PlatformReservation.external_id.in_({each.external_id for each in said}),
    )
    rows: dict[str, list[PlatformReservation]] = {}
    for row in session.scalars(query):
        rows.setdefault(row.external_id or "", []).append(row)
    news, there = [], []
    for each in said:
        known = rows.get(each.external_id, [])
        if all(_is_known(pulled, row, each) for row in known) and (
            known or pulled.account.is_off(each.raw_status)
        ):
            there += [row.id for row in known]
        else:
            news.append(each)
    if there:
        seen = {"seen_at": pulled.began, "missing_since": None}
        kept = update(PlatformReservation).where(PlatformReservation.id.in_(there))
        kept = kept.values(**seen, updated_at=PlatformReservation.updated_at)
        session.execute(kept.execution_options(synchronize_session=False))
    return news


def _is_known(pulled: Pulled, row: PlatformReservation, said: Reservation) -> bool:
    """Whether it says what it said last."""
    last = row.told
    if last is None or last.get("version") != row.version or row.raw_status != said.raw_status:
        return False
    if row.state not in (ReservationState.LIVE, ReservationState.CANCELLED):
        return False
    try:
        told = translating.told_by(pulled.account, said)
    except Unreadable:
        return False
    now = translating.digests(pulled.connection.id, told)
    return all(last.get(name) == value for name, value in now.items())
