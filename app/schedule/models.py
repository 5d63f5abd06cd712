"""Table of the scheduled runs: who does what came due is decided by its key."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Base


class ScheduledRun(Base):
    """One job at the instant it was due. The first worker to insert the row does it."""

    __tablename__ = "scheduled_runs"

    job: Mapped[str] = mapped_column(primary_key=True)
    due_at: Mapped[datetime] = mapped_column(primary_key=True)
    started_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    lease_until: Mapped[datetime]
    """Renewed while it works; after that another worker takes it over."""
    finished_at: Mapped[datetime | None]
    rows: Mapped[int] = mapped_column(server_default=text("0"))
    """What it moved, for people."""
    error: Mapped[str | None]
    """Kind of the fault that ended its last try."""
    asked_by: Mapped[str | None]
    """Who let it run out of turn."""

    __table_args__ = (
        Index("ix_scheduled_runs_open", "due_at", postgresql_where="finished_at IS NULL"),
    )
