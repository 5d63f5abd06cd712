"""Tables of the measures and the alerts."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Base
from app.ids import new_id


class CallMinute(Base):
    """Calls of the JSON doors in one minute: sums over all processes. Kept for 30 days."""

    __tablename__ = "call_minutes"

    minute: Mapped[datetime] = mapped_column(primary_key=True)
    door: Mapped[str] = mapped_column(primary_key=True)
    """`sync`, `partner`, `octo`, `tables`, `staff`, …; in brackets what is counted beside them."""
    calls: Mapped[int] = mapped_column(server_default=text("0"))
    errors: Mapped[int] = mapped_column(server_default=text("0"))
    """Answers of 500 and above."""
    refusals: Mapped[int] = mapped_column(server_default=text("0"))
    """Answers of 400 to 499."""
    total_ms: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    over: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    """`{"50": 12, …, "more": 1}`: how many took at most so many milliseconds, each counted once."""


class Alert(Base):
    """A condition that fired, until it is resolved."""

    __tablename__ = "alerts"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    condition: Mapped[str]
    """`payment_failures`, `sms_delivery`, `api_errors`, `database`, `destination`, `schedule`."""
    key: Mapped[str] = mapped_column(server_default="")
    """What it is about, where there may be several: a destination, a job."""
    website_id: Mapped[str | None]
    """None: of the whole installation."""
    message: Mapped[str]
    value: Mapped[float | None]
    fired_at: Mapped[datetime] = mapped_column(server_default=func.now())
    seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When it was last found to be so."""
    calm_since: Mapped[datetime | None]
    """When it was first found not to be so any more; found so again, it resolves."""
    resolved_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "ix_alerts_firing",
            *("condition", "key"),
            unique=True,
            postgresql_where="resolved_at IS NULL",
        ),
        Index("ix_alerts_fired", "fired_at"),
    )
