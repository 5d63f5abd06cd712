"""Table of the bookings."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Computed,
    FetchedValue,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column, object_session, relationship

from app.bookings.predicates import Predicates
from app.crypto import EncryptedJSON, EncryptedText
from app.extensions import Base
from app.ids import new_id
from app.menus.models import BookingItem
from app.travelers import rows
from app.travelers.models import BookingTraveler

Money = Numeric(12, 2)
SOURCES = ("website", "partner", "platform", "customer_app", "phone", "walk_in", "direct")
"""In the order of their bits in `source_bit`; what is none of them has the next one."""
_BITS = " ".join(f"WHEN '{source}' THEN {1 << place}" for place, source in enumerate(SOURCES))


class Booking(Predicates, Base):
    """One party, one activity, one date and time. Columns are named as the Central document."""

    __tablename__ = "bookings"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    website_id: Mapped[str] = mapped_column(ForeignKey("websites.id"))
    source_booking_id: Mapped[UUID] = mapped_column(default=new_id)
    booking_ref: Mapped[str]
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"), index=True)
    kind: Mapped[str] = mapped_column(server_default="activity")
    source: Mapped[str]
    """`website`, `partner`, `platform`, `customer_app`, `phone`, `walk_in` or `direct`."""
    partner_id: Mapped[UUID | None] = mapped_column(ForeignKey("partners.id"))
    """The partner whose booking it is."""
    created_by_partner_id: Mapped[UUID | None] = mapped_column(ForeignKey("partners.id"))
    partner_uuid: Mapped[UUID | None]
    """The partner's own id for it, or one made for it: unique among the partner's bookings."""
    partner_reference: Mapped[str | None]
    """The partner's own number for it."""
    commission_rate: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    """Percent, and the relation: the partner's on the day on which it was made."""
    payment_relation: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))

    venue_id: Mapped[UUID | None] = mapped_column(ForeignKey("venues.id"))
    activity_id: Mapped[UUID | None] = mapped_column(ForeignKey("activities.id"))
    """With an activity it takes capacity there; see `bookings.claims`."""
    departure_id: Mapped[UUID | None] = mapped_column(ForeignKey("departures.id"))
    slot_key: Mapped[str | None]
    """The slot of `slot_usage` in which it takes its places; follows from the fields above."""
    slot_keys: Mapped[list[Any] | None] = mapped_column(JSONB)
    """Of a table: every slot in which the party sits, `["2027-03-07 12:00", …]`."""
    overbooked: Mapped[bool] = mapped_column(server_default=text("false"))
    """Somebody took it although the slot was full."""
    hold_expires_at: Mapped[datetime | None]
    """A pending one gives its place back then. Stays as it was once confirmed."""
    tickets: Mapped[list[Any]] = mapped_column(EncryptedJSON, nullable=True)
    """One per ticket, as resellers book them: `[{uuid, unit_id, reference, contact}]`."""
    reseller_contact: Mapped[list[Any]] = mapped_column(EncryptedJSON, nullable=True)
    """At most one: the contact of the booking in a reseller's own words."""

    booking_type: Mapped[str | None]
    """Of a table: `regular` or `sunday_lunch`."""
    allergies: Mapped[list[Any]] = mapped_column(EncryptedJSON, nullable=True)
    """`["nuts", …]`, in the guests' words."""
    celebration: Mapped[str | None]
    high_chairs: Mapped[int] = mapped_column(server_default=text("0"))
    deposit_amount: Mapped[Decimal | None] = mapped_column(Money)
    """What must be paid before it counts; null where nothing must."""
    paid_amount: Mapped[Decimal] = mapped_column(Money, server_default=text("0"))
    """What came in by our own payments; `refunded_amount` is what went back of it."""
    calendar_sequence: Mapped[int] = mapped_column(server_default=text("0"))
    """Counts the changes of time or place, and the cancellation, for calendar files."""

    items: Mapped[list[BookingItem]] = relationship(
        cascade="all, delete-orphan", order_by=BookingItem.position, passive_deletes=True
    )
    """Of a table: the dishes chosen; see `menu_choices`."""

    traveler_count: Mapped[int] = mapped_column(server_default=text("0"))
    """How many travelers are named: the rows of `booking_travelers`."""
    traveler_rows: Mapped[list[BookingTraveler]] = relationship(
        order_by=BookingTraveler.position, viewonly=True
    )
    """Read by `travelers`, written by `travelers.rows`."""
    arrived_count: Mapped[int] = mapped_column(server_default=text("0"))
    """How many of them have arrived."""

    package_name: Mapped[str]
    package_price: Mapped[Decimal] = mapped_column(Money)
    venue: Mapped[str | None]
    """The source's own word for the place."""

    activity_date: Mapped[date]
    time_slot: Mapped[str]
    starts_at: Mapped[datetime | None]
    """Instant of the slot in the website's time zone; null where the slot is no clock time."""
    guest_count: Mapped[int]
    total_amount: Mapped[Decimal] = mapped_column(Money)
    discount_amount: Mapped[Decimal] = mapped_column(Money, server_default=text("0"))
    currency: Mapped[str] = mapped_column(server_default="THB")

    status: Mapped[str] = mapped_column(server_default="confirmed")
    stated_status: Mapped[str] = mapped_column(server_default="confirmed")
    """As last stated by somebody; `status` differs only while a full refund shows over it."""
    source_status: Mapped[str | None]
    """The source's own word, where it sent one."""
    cancellation_reason: Mapped[str | None]
    refunded_amount: Mapped[Decimal | None] = mapped_column(Money)
    refund_is_full: Mapped[bool] = mapped_column(server_default=text("false"))
    """The source reported a refund without an amount: the whole total, whatever that becomes."""
    confirmed_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    checked_in_at: Mapped[datetime | None]

    customer_name: Mapped[str]
    customer_email: Mapped[str] = mapped_column(EncryptedText)
    customer_email_hash: Mapped[bytes] = mapped_column(LargeBinary)
    customer_phone: Mapped[str | None]
    customer_country_code: Mapped[str | None]
    special_requests: Mapped[str | None]

    transport_type: Mapped[str | None]
    hotel_name: Mapped[str | None]
    room_number: Mapped[str | None]
    non_players: Mapped[int] = mapped_column(server_default=text("0"))
    private_passengers: Mapped[int] = mapped_column(server_default=text("0"))
    transport_cost: Mapped[Decimal] = mapped_column(Money, server_default=text("0"))

    addons: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    stripe_payment_intent_id: Mapped[str | None]
    admin_notes: Mapped[str | None]

    field_times: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    """Newest time per field; see `stamps`."""
    created_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Digest of the `booking.created` that made it, to know a retry from a duplicate."""
    search_text: Mapped[str] = mapped_column(server_default="")
    search: Mapped[Any] = mapped_column(
        TSVECTOR,
        Computed("array_to_tsvector(string_to_array(search_text, ' '))", persisted=True),
        deferred=True,
    )
    source_created_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    booked_day: Mapped[date] = mapped_column(server_default=FetchedValue())
    """Day of the booking in the website's zone. It and the next are set by PostgreSQL, once."""
    began_pending: Mapped[bool] = mapped_column(server_default=FetchedValue())
    """It came as an enquiry or as a hold."""
    source_bit: Mapped[int] = mapped_column(
        Integer,
        Computed(f"CASE source {_BITS} ELSE {1 << len(SOURCES)} END", persisted=True),
        deferred=True,
    )
    """The source as one bit, so that those of a guest can be told apart without reading words."""
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        UniqueConstraint("website_id", "source_booking_id"),
        UniqueConstraint("partner_id", "partner_uuid"),
        Index("ix_bookings_website_day", "website_id", "activity_date", "time_slot", "id"),
        Index("ix_bookings_day", "activity_date", "time_slot", "id"),
        Index("ix_bookings_status_day", "status", "activity_date", "time_slot", "id"),
        Index(
            "ix_bookings_website_status_day",
            *("website_id", "status", "activity_date", "time_slot", "id"),
        ),
        Index("ix_bookings_ref", "booking_ref"),
        Index(
            "ix_bookings_partner_day",
            *("partner_id", "activity_date", "time_slot", "id"),
            postgresql_where="partner_id IS NOT NULL",
        ),
        Index(
            "ix_bookings_partner_reference",
            *("partner_id", "partner_reference"),
            postgresql_where="partner_reference IS NOT NULL",
        ),
        Index(
            "ix_bookings_venue_day",
            *("venue_id", "activity_date", "time_slot", "id"),
            postgresql_where="venue_id IS NOT NULL",
        ),
        Index(
            "ix_bookings_venue_booked",
            *("venue_id", "booked_day"),
            postgresql_where="venue_id IS NOT NULL",
        ),
        Index(
            "ix_bookings_activity_day",
            *("activity_id", "activity_date"),
            postgresql_where="activity_id IS NOT NULL",
        ),
        Index(
            "ix_bookings_holds",
            "hold_expires_at",
            postgresql_where="status = 'pending' AND hold_expires_at IS NOT NULL",
        ),
        Index(
            "ix_bookings_booked",
            *("website_id", "booked_day"),
            postgresql_include=["activity_date", "customer_id", "source_bit"],
            postgresql_where="status NOT IN ('cancelled', 'refunded', 'expired')",
        ),
        Index(
            "ix_bookings_guest",
            "customer_id",
            postgresql_include=["booked_day", "activity_date", "source_bit", "website_id"],
            postgresql_where="status NOT IN ('cancelled', 'refunded', 'expired')",
        ),
        Index("ix_bookings_email", "customer_email_hash"),
        Index("ix_bookings_search", "search", postgresql_using="gin"),
    )

    @property
    def menu_choices(self) -> list[dict[str, Any]]:
        """The dishes chosen, as the history keeps them; only tables have any."""
        return [item.as_json() for item in self.items] if self.kind == "table" else []

    @menu_choices.setter
    def menu_choices(self, chosen: list[dict[str, Any]] | None) -> None:
        self.items = [
            BookingItem.of(self.website_id, place, choice)
            for place, choice in enumerate(chosen or [])
        ]

    @property
    def travelers(self) -> list[dict[str, Any]]:
        """Who goes, as the history keeps them; asks nothing where nobody is named."""
        return [row.as_json() for row in self.traveler_rows] if self.traveler_count else []

    @travelers.setter
    def travelers(self, going: list[dict[str, Any]] | None) -> None:
        if not going and not self.traveler_count:
            return
        session = object_session(self)
        if session is None:
            raise RuntimeError("the travelers of a booking are written in its session")
        rows.replace(session, self.website_id, self.id, going or [])
        self.traveler_count = len(going or [])
        session.expire(self, ["traveler_rows"])
