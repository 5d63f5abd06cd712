"""How long what payment providers told is kept: names and addresses of payers stand in it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import null, select, update
from sqlalchemy.orm import Session

from app.payments.models import ProviderEvent
from app.websites.models import Website

BATCH = 500


def clear_payloads(session: Session) -> int:
    """Step: one batch of payloads that are older than their website keeps bodies of calls."""
    days = select(Website.id, Website.keep_payloads_days).order_by(Website.id)
    now = datetime.now(UTC)
    for website_id, kept in session.execute(days).all():
        old = select(ProviderEvent.id).where(
            ProviderEvent.website_id == website_id,
            ProviderEvent.payload.is_not(None),
            ProviderEvent.received_at < now - timedelta(days=kept),
        )
        ids = session.scalars(old.limit(BATCH)).all()
        if ids:
            _clear(session, ids)
            return len(ids)
    return 0


def forget(session: Session, booking_ids: Collection[UUID]) -> None:
    """What a provider told of an erased guest's bookings; that it told something stays."""
    mine = select(ProviderEvent.id).where(ProviderEvent.booking_id.in_(booking_ids))
    _clear(session, session.scalars(mine).all())


def _clear(session: Session, ids: Collection[UUID]) -> None:
    session.execute(update(ProviderEvent).where(ProviderEvent.id.in_(ids)).values(payload=null()))
