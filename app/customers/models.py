"""Table of the customers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnClause, ForeignKey, Index, LargeBinary, func, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column

from app.crypto import DataKey, EncryptedJSON, EncryptedText
from app.extensions import Base
from app.ids import new_id

NAME_WORDS: ColumnClause[Any] = literal_column(
    "to_tsvector('simple'::regconfig, (first_name || ' '::text) || last_name)"
)
"""What a guest is found by when somebody types a name; spelt as PostgreSQL keeps it."""


UNNAMED = "Guest"


class Customer(Base):
    """Who books and pays. Found again by phone, then by e-mail."""

    __tablename__ = "customers"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    first_name: Mapped[str]
    last_name: Mapped[str]
    phone: Mapped[str | None]
    """E.164."""
    phone_raw: Mapped[str | None]
    """As sent, where it does not parse."""
    email: Mapped[str | None] = mapped_column(EncryptedText)
    email_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    source: Mapped[str]
    partner_id: Mapped[UUID | None] = mapped_column(ForeignKey("partners.id"), index=True)
    """The partner that brought them, where one did."""
    created_by_partner_id: Mapped[UUID | None] = mapped_column(ForeignKey("partners.id"))
    sms_opt_in: Mapped[bool] = mapped_column(server_default=text("false"))
    sms_opt_in_at: Mapped[datetime | None]
    sms_opt_in_source: Mapped[str | None]
    """Through which door they last said yes or no; the history is in the log."""
    language: Mapped[str | None]
    sms_health: Mapped[str] = mapped_column(server_default="good")
    """`good`, `doubtful` (failed lately), `bad` (the number) or `stopped` (they said STOP)."""
    sms_failures: Mapped[int] = mapped_column(server_default=text("0"))
    """In a row."""
    sms_problem: Mapped[str | None]
    """The provider's code of the last failure."""
    sms_checked_at: Mapped[datetime | None]
    email_health: Mapped[str] = mapped_column(server_default="good")
    email_failures: Mapped[int] = mapped_column(server_default=text("0"))
    email_problem: Mapped[str | None]
    email_checked_at: Mapped[datetime | None]
    table_booking_count: Mapped[int] = mapped_column(server_default=text("0"))
    no_show_count: Mapped[int] = mapped_column(server_default=text("0"))
    last_table_booking_date: Mapped[date | None]
    """These three follow the bookings; see `bookings.standing`."""
    phone_verified_at: Mapped[datetime | None]
    """Last, by a code that was sent there."""
    signed_in_at: Mapped[datetime | None]
    """Last, in the app."""
    merged_into_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers.id"), index=True)
    """The record that took this one's bookings over: whoever finds this one is led there. Until
    then it keeps the phone and the e-mail that the other one did not take."""
    data_key: Mapped[str | None] = mapped_column(EncryptedText)
    """Seals this person's values in the log; null once erased."""
    erased_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())

    __table_args__ = (
        Index(
            "ix_customers_phone",
            "phone",
            unique=True,
            postgresql_where="phone IS NOT NULL AND merged_into_id IS NULL",
        ),
        Index(
            "ix_customers_email_only",
            "email_hash",
            unique=True,
            postgresql_where="phone IS NULL AND email_hash IS NOT NULL AND merged_into_id IS NULL",
        ),
        Index("ix_customers_email", "email_hash", postgresql_where="email_hash IS NOT NULL"),
        Index(
            "ix_customers_any_phone",
            "phone",
            postgresql_ops={"phone": "text_pattern_ops"},
            postgresql_where="phone IS NOT NULL",
        ),
        Index("ix_customers_name", NAME_WORDS, postgresql_using="gin"),
    )

    @property
    def name(self) -> str:
        """In full. Who signed in by phone may not have said it yet."""
        return f"{self.first_name} {self.last_name}".strip() or UNNAMED

    @property
    def key(self) -> DataKey | None:
        """The data key, unless the customer was erased."""
        return DataKey.from_text(self.data_key) if self.data_key else None


class CustomerMerge(Base):
    """Two records that were one person: what went from one to the other, to take it back."""

    __tablename__ = "customer_merges"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kept_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"), index=True)
    gone_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"), index=True)
    before: Mapped[dict[str, Any]] = mapped_column(EncryptedJSON, nullable=True)
    """Both records as they were, and what was made of them; cleared when it can no longer be
    undone."""
    moved: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))
    """Ids of the bookings that went over."""
    merged_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    undone_at: Mapped[datetime | None]
