"""Table of the receipts: first answers, given again when a caller repeats itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import LargeBinary, func
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Base


class Receipt(Base):
    """The answer to one call that changed something, by door and the caller's own key."""

    __tablename__ = "receipts"

    door: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    """`event:<event_id>` or `idempotency:<Idempotency-Key>`."""
    body_digest: Mapped[bytes] = mapped_column(LargeBinary)
    http_status: Mapped[int]
    answer: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)
