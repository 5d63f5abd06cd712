"""Table of the customers."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, func
from sqlalchemy.orm import Mapped, mapped_column

from app.crypto import DataKey, EncryptedText
from app.extensions import Base
from app.ids import new_id


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
    data_key: Mapped[str | None] = mapped_column(EncryptedText)
    """Seals this person's values in the log; null once erased."""
    erased_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())

    __table_args__ = (
        Index("ix_customers_phone", "phone", unique=True, postgresql_where="phone IS NOT NULL"),
        Index(
            "ix_customers_email_only",
            "email_hash",
            unique=True,
            postgresql_where="phone IS NULL AND email_hash IS NOT NULL",
        ),
        Index("ix_customers_email", "email_hash", postgresql_where="email_hash IS NOT NULL"),
    )

    @property
    def key(self) -> DataKey | None:
        """The data key, unless the customer was erased."""
        return DataKey.from_text(self.data_key) if self.data_key else None
