"""How long a website keeps what was said in its calls."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.deliveries.forgetting import clear_older
from app.websites.models import Website

OTHERWISE = 90
"""Days, for calls that belong to no website."""


def clear_payloads(session: Session) -> int:
    """Step: one batch of bodies that are older than their website keeps them."""
    query = select(Website.id, Website.keep_payloads_days).order_by(Website.id)
    kept: list[tuple[str | None, int]] = [(row[0], row[1]) for row in session.execute(query)]
    now = datetime.now(UTC)
    for website_id, days in [*kept, (None, OTHERWISE)]:
        if cleared := clear_older(session, website_id, now - timedelta(days=days)):
            return cleared
    return 0
