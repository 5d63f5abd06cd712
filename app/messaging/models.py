"""Tables of the messages: how a website sends, its own templates, and what was sent."""

from __future__ import annotations

import enum
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Numeric, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.crypto import EncryptedJSON, EncryptedText
from app.extensions import Base
from app.ids import new_id


class Medium(enum.StrEnum):
    """How a message travels."""

    SMS = "sms"
    EMAIL = "email"


class Kind(enum.StrEnum):
    """What a message is about."""

    CONFIRMATION = "confirmation"
    DEPOSIT_REQUEST = "deposit_request"
    PLACE_OFFERED = "place_offered"
    """They waited for a place, and one is held for them."""
    REMINDER = "reminder"
    CHANGE = "change"
    CANCELLATION = "cancellation"
    REVIEW_REQUEST = "review_request"
    STAFF_ALERT = "staff_alert"
    KITCHEN_ALERT = "kitchen_alert"
    SYSTEM_ALERT = "system_alert"
    """The installation's own: something is wrong, or right again."""


class MessageState(enum.StrEnum):
    """Where a message is; never moves backwards (see `RANK`)."""

    QUEUED = "queued"
    SENDING = "sending"
    """A call was begun. Without an answer it is not sent again before the provider was asked."""
    SENT = "sent"
    """The provider took it."""
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    """The provider could not deliver it."""
    FAILED = "failed"
    """The provider refused it."""
    HELD_BACK = "held_back"
    """Not sent, for a reason of ours: no opt-in, a bad number, too late."""


RANK = {
    MessageState.QUEUED: 0,
    MessageState.SENDING: 1,
    MessageState.SENT: 2,
    MessageState.UNDELIVERED: 3,
    MessageState.FAILED: 3,
    MessageState.HELD_BACK: 3,
    MessageState.DELIVERED: 4,
}


class MessageSettings(Base):
    """How a website sends messages. Without a row it sends none."""

    __tablename__ = "message_settings"

    website_id: Mapped[str] = mapped_column(
        ForeignKey("websites.id", ondelete="CASCADE"), primary_key=True
    )
    sms_by: Mapped[str] = mapped_column(server_default="off")
    """`off`, `capture` (kept here, sent to nobody) or `twilio`."""
    sms: Mapped[dict[str, Any]] = mapped_column(EncryptedJSON, nullable=True)
    """`account_sid`, `auth_token`, and `messaging_service_sid` or `from_number`."""
    email_by: Mapped[str] = mapped_column(server_default="off")
    """`off`, `capture`, `graph` or `smtp`."""
    email: Mapped[dict[str, Any]] = mapped_column(EncryptedJSON, nullable=True)
    """`tenant`, `client_id`, `client_secret`, `mailbox`; or `host`, `port`, `user`, `password`,
    `tls`, `from_address`."""
    sms_first: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))
    """Kinds that are e-mailed only where no SMS can go or arrives; all others are always."""
    sender_name: Mapped[str] = mapped_column(server_default="")
    reply_to: Mapped[str | None]
    manager_email: Mapped[str | None]
    kitchen_email: Mapped[str | None]
    contact_phone: Mapped[str | None]
    review_link: Mapped[str | None]
    language: Mapped[str] = mapped_column(server_default="en")
    segment_price: Mapped[Decimal | None] = mapped_column(Numeric(8, 4))
    """Of one SMS segment, in the website's currency: for estimates."""
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class MessageTemplate(Base):
    """A website's own words for a message; where there is no row the built-in ones are used."""

    __tablename__ = "message_templates"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    website_id: Mapped[str] = mapped_column(ForeignKey("websites.id", ondelete="CASCADE"))
    kind: Mapped[str]
    variant: Mapped[str] = mapped_column(server_default="regular")
    """`regular` or `sunday_lunch`."""
    medium: Mapped[str]
    language: Mapped[str]
    is_on: Mapped[bool] = mapped_column(server_default=text("true"))
    subject: Mapped[str] = mapped_column(server_default="")
    body: Mapped[str]
    updated_by: Mapped[str] = mapped_column(server_default="")
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())

    __table_args__ = (UniqueConstraint("website_id", "kind", "variant", "medium", "language"),)


class Message(Base):
    """One message to one recipient because of one event."""

    __tablename__ = "messages"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    website_id: Mapped[str] = mapped_column(ForeignKey("websites.id"))
    event_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("events.id"))
    booking_id: Mapped[UUID | None] = mapped_column(ForeignKey("bookings.id"), index=True)
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers.id"))
    kind: Mapped[str]
    medium: Mapped[str]
    audience: Mapped[str]
    """`guest`, `manager` or `kitchen`."""
    language: Mapped[str] = mapped_column(server_default="en")
    recipient: Mapped[str | None] = mapped_column(EncryptedText)
    subject: Mapped[str | None] = mapped_column(EncryptedText)
    body: Mapped[str | None] = mapped_column(EncryptedText)
    calendar: Mapped[str | None] = mapped_column(EncryptedText)
    """The iCalendar file that went with it. These four are cleared by retention and erasure."""
    state: Mapped[str] = mapped_column(server_default="queued")
    reason: Mapped[str | None]
    """Why it was held back or failed, for people."""
    error_code: Mapped[str | None]
    """The provider's."""
    provider_id: Mapped[str | None]
    segments: Mapped[int | None]
    cost: Mapped[Decimal | None] = mapped_column(Numeric(10, 4))
    sending_since: Mapped[datetime | None]
    """When the call whose answer is not known began."""
    sent_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())

    __table_args__ = (
        UniqueConstraint("event_id", "medium", "audience"),
        Index("ix_messages_provider", "provider_id", postgresql_where="provider_id IS NOT NULL"),
        Index("ix_messages_website", "website_id", "id"),
        Index(
            "ix_messages_problems",
            *("website_id", "id"),
            postgresql_where="state IN ('failed', 'undelivered', 'held_back')",
        ),
        Index("ix_messages_customer", "customer_id", "created_at"),
        Index("ix_messages_created", "created_at"),
        Index(
            "ix_messages_words",
            *("website_id", "created_at"),
            postgresql_where="body IS NOT NULL",
        ),
    )


class Notice(Base):
    """A scheduled message that was decided on: each once per booking and time of visit."""

    __tablename__ = "booking_notices"

    booking_id: Mapped[UUID] = mapped_column(
        ForeignKey("bookings.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(primary_key=True)
    visit_at: Mapped[datetime] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
