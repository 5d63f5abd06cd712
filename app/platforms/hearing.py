"""A platform says that something happened: a reason to pull, and nothing else is believed."""

from __future__ import annotations

import enum
import hmac
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import DateTime, cast, func, select, update
from sqlalchemy.orm import Session

from app.platforms.models import PlatformConnection

APART = timedelta(seconds=10)
"""Between the beginnings of two pulls that hints ask for: a storm of them makes no storm there."""


class Hint(enum.Enum):
    """What becomes of one."""

    UNKNOWN = "unknown"
    WRONG = "wrong"
    IGNORED = "ignored"
    TAKEN = "taken"


@dataclass(frozen=True)
class Heard:
    """The outcome, and whose it is where the secret was right."""

    hint: Hint
    website_id: str | None = None


def check(session: Session, platform_type: str, connection_id: UUID, secret: str) -> Heard:
    """Whether somebody who brings this secret is heard. To be asked without the second wall."""
    at = PlatformConnection
    columns = (at.platform_type, at.webhook_secret, at.is_enabled, at.website_id)
    found = session.execute(select(*columns).where(at.id == connection_id)).one_or_none()
    stored = (found.webhook_secret if found else None) or ""
    fits = hmac.compare_digest(stored.encode(), secret.encode()) and bool(stored)
    if found is None or found.platform_type != platform_type:
        return Heard(Hint.UNKNOWN)
    if not fits:
        return Heard(Hint.WRONG)
    return Heard(Hint.TAKEN if found.is_enabled else Hint.IGNORED, found.website_id)


def wish(session: Session, connection_id: UUID) -> None:
    """Have it pulled soon, in the caller's transaction. One that is wished for already is as it
    was: of a thousand hints one writes."""
    at = PlatformConnection
    begun = cast(at.sync_state["started_at"].astext, DateTime(timezone=True))
    soon = func.greatest(func.clock_timestamp(), begun + APART)  # null counts as nothing
    session.execute(
        update(at)
        .where(at.id == connection_id, at.sync_wanted_at.is_(None))
        .values(sync_wanted_at=soon, updated_at=at.updated_at)
        .execution_options(synchronize_session=False)
    )
