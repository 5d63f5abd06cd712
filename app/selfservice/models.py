"""Table of what guests ask of staff."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from app.crypto import EncryptedText
from app.extensions import Base
from app.ids import new_id


class ChangeRequest(Base):
    """A guest asks for something that they cannot do themselves; open until staff answer it."""

    __tablename__ = "change_requests"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    website_id: Mapped[str] = mapped_column(ForeignKey("websites.id"))
    booking_id: Mapped[UUID] = mapped_column(ForeignKey("bookings.id", ondelete="CASCADE"))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"), index=True)
    words: Mapped[str | None] = mapped_column(EncryptedText)
    """Cleared when the guest is erased."""
    state: Mapped[str] = mapped_column(server_default="open")
    """`open`, `done`, `declined` or `withdrawn`."""
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    answered_at: Mapped[datetime | None]
    answer: Mapped[str | None] = mapped_column(EncryptedText)
    """What staff say to the guest; cleared with the words."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        Index("ix_change_requests_booking", "booking_id", "id"),
        Index(
            "ix_change_requests_open",
            *("website_id", "id"),
            postgresql_where="state = 'open'",
        ),
    )
