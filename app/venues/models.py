"""Tables of the venues: places, their hours, what they offer, and how much of it is taken."""

from __future__ import annotations

import enum
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Numeric,
    Time,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Base
from app.ids import new_id

Money = Numeric(12, 2)


class Kind(enum.StrEnum):
    """What sort of thing is booked."""

    ACTIVITY = "activity"
    DIVE = "dive"
    TREK = "trek"
    TABLE = "table"

    @property
    def label(self) -> str:
        """As people read it."""
        return self.value.capitalize()


class SlotRule(enum.StrEnum):
    """How the slots of a day come about."""

    TIMES = "times"
    """At fixed times: `activities.times`."""
    INTERVAL = "interval"
    """Every so many minutes within the hours."""
    DEPARTURES = "departures"
    """At the dated departures alone."""
    DAY = "day"
    """Any time while the venue is open; the day has one capacity."""

    @property
    def label(self) -> str:
        """As people read it."""
        return _RULES[self]


_RULES = {
    SlotRule.TIMES: "At fixed times",
    SlotRule.INTERVAL: "Every so many minutes",
    SlotRule.DEPARTURES: "At dated departures",
    SlotRule.DAY: "Any time of the day",
}


class Venue(Base):
    """A place of a website: a park, a dive centre, a restaurant."""

    __tablename__ = "venues"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    website_id: Mapped[str] = mapped_column(ForeignKey("websites.id"), index=True)
    name: Mapped[str]
    timezone: Mapped[str]
    address: Mapped[str | None]
    phone: Mapped[str | None]
    hold_minutes: Mapped[int] = mapped_column(server_default=text("15"))
    """How long a place is held for somebody who has not confirmed."""
    cancellation_hours: Mapped[int] = mapped_column(server_default=text("24"))
    """Until so many hours before the start others may cancel and change by themselves."""
    late_refund_percent: Mapped[int] = mapped_column(server_default=text("0"))
    """What is given back of a deposit to who cancels later than that."""
    offer_hours: Mapped[int] = mapped_column(server_default=text("12"))
    """How long a place is kept for somebody who waited for one."""
    sells_without_platforms: Mapped[bool] = mapped_column(server_default=text("true"))
    """When none of its platforms answers, what is known here is sold; else staff confirm later."""
    quiet_from: Mapped[time | None] = mapped_column(Time, server_default=text("'21:00'"))
    quiet_until: Mapped[time | None] = mapped_column(Time, server_default=text("'08:00'"))
    """Of the venue's clock: no SMS to guests in between that can wait."""
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class OpeningHours(Base):
    """One stretch of a weekday, in the venue's own clock; ends after midnight when `closes` is
    not after `opens`. A weekday without a row is closed."""

    __tablename__ = "opening_hours"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    venue_id: Mapped[UUID] = mapped_column(ForeignKey("venues.id", ondelete="CASCADE"), index=True)
    weekday: Mapped[int]
    """0 is Monday."""
    opens: Mapped[time] = mapped_column(Time)
    closes: Mapped[time] = mapped_column(Time)
    kitchen_opens: Mapped[time | None] = mapped_column(Time)
    kitchen_closes: Mapped[time | None] = mapped_column(Time)


class SpecialHours(Base):
    """One date that is not like its weekday: closed, or with hours of its own."""

    __tablename__ = "special_hours"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    venue_id: Mapped[UUID] = mapped_column(ForeignKey("venues.id", ondelete="CASCADE"))
    day: Mapped[date]
    is_closed: Mapped[bool] = mapped_column(server_default=text("false"))
    opens: Mapped[time | None] = mapped_column(Time)
    closes: Mapped[time | None] = mapped_column(Time)
    kitchen_opens: Mapped[time | None] = mapped_column(Time)
    kitchen_closes: Mapped[time | None] = mapped_column(Time)
    note: Mapped[str | None]

    __table_args__ = (UniqueConstraint("venue_id", "day"),)


class DiveSite(Base):
    """A place in the sea where a dive centre goes."""

    __tablename__ = "dive_sites"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    venue_id: Mapped[UUID] = mapped_column(ForeignKey("venues.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    description: Mapped[str | None]
    max_depth: Mapped[int | None]
    """Metres."""
    level: Mapped[str | None]
    """Who it is for: `Beginners`, `Advanced`."""
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))


class Activity(Base):
    """Something that can be booked at a venue. Prices are in the website's currency."""

    __tablename__ = "activities"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    venue_id: Mapped[UUID] = mapped_column(ForeignKey("venues.id"), index=True)
    name: Mapped[str]
    description: Mapped[str | None]
    kind: Mapped[str] = mapped_column(server_default="activity")
    price: Mapped[Decimal] = mapped_column(Money)
    """Per guest, where the activity has no price categories."""
    duration_minutes: Mapped[int] = mapped_column(server_default=text("60"))
    days: Mapped[int] = mapped_column(server_default=text("1"))
    """How many days one of its departures takes."""
    min_age: Mapped[int | None]
    """In years on the first day; null: all ages."""
    difficulty: Mapped[str | None]
    """In the venue's words: `Moderate`."""
    capacity: Mapped[int | None]
    """Guests per slot; null is without limit."""
    slot_rule: Mapped[str] = mapped_column(server_default="times")
    times: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))
    """`["08:00", "13:00"]`, for the rule `times`."""
    every_minutes: Mapped[int | None]
    """For the rule `interval`."""
    in_kitchen_hours: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether intervals run within the kitchen's hours instead of the opening hours."""
    booking_type: Mapped[str | None]
    """Of tables: `regular` or `sunday_lunch`."""
    seats: Mapped[int | None]
    """Of tables: how many guests can sit at once; each stays for the duration."""
    last_seating_minutes: Mapped[int] = mapped_column(server_default=text("0"))
    """Of tables: the last guests are seated so long before the kitchen closes; 0: until it does."""
    deposit: Mapped[Decimal | None] = mapped_column(Money)
    """Per guest, to be paid before the booking counts; null: none."""
    deposit_from_party: Mapped[int] = mapped_column(server_default=text("1"))
    """Smaller parties pay no deposit."""
    needs_choices: Mapped[bool] = mapped_column(server_default=text("false"))
    """Every guest chooses from the menu when booking."""
    lead_minutes: Mapped[int] = mapped_column(server_default=text("0"))
    """Nobody books later than so long before the start."""
    min_party: Mapped[int] = mapped_column(server_default=text("1"))
    max_party: Mapped[int | None]
    group_discounts: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))
    """`[{"guests": 6, "percent": "10"}]`: from so many guests, so much off the total."""
    source_names: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))
    """Other names under which the source website sells it."""
    position: Mapped[int] = mapped_column(server_default=text("0"))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class ActivityPrice(Base):
    """A price category of an activity: adult, child, a couple."""

    __tablename__ = "activity_prices"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    activity_id: Mapped[UUID] = mapped_column(
        ForeignKey("activities.id", ondelete="CASCADE"), index=True
    )
    category: Mapped[str]
    """`adult`, `youth`, `child`, `infant`, `family`, `senior`, `student`, `military`, `other`."""
    label: Mapped[str]
    price: Mapped[Decimal] = mapped_column(Money)
    min_age: Mapped[int] = mapped_column(server_default=text("0"))
    max_age: Mapped[int] = mapped_column(server_default=text("99"))
    pax: Mapped[int] = mapped_column(server_default=text("1"))
    """How many guests one of it is."""
    needs_adult: Mapped[bool] = mapped_column(server_default=text("false"))
    position: Mapped[int] = mapped_column(server_default=text("0"))


class Departure(Base):
    """A dated occurrence of an activity with its own capacity."""

    __tablename__ = "departures"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    activity_id: Mapped[UUID] = mapped_column(ForeignKey("activities.id"))
    day: Mapped[date]
    last_day: Mapped[date | None]
    """Null: as follows from the activity's `days`."""
    time: Mapped[time] = mapped_column(Time)
    capacity: Mapped[int | None]
    """Null: the activity's."""
    is_closed: Mapped[bool] = mapped_column(server_default=text("false"))
    note: Mapped[str | None]

    __table_args__ = (UniqueConstraint("activity_id", "day", "time"),)


class SlotUsage(Base):
    """How many guests a slot holds. Changed only by `venues.capacity`, by conditional updates."""

    __tablename__ = "slot_usage"

    activity_id: Mapped[UUID] = mapped_column(ForeignKey("activities.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    slot: Mapped[str] = mapped_column(primary_key=True)
    """The clock time `10:00`, `day`, or the id of a departure."""
    used: Mapped[int]
    """Who comes at that time."""
    seated: Mapped[int] = mapped_column(server_default=text("0"))
    """Of tables: who sits there at that time, also who came before."""

    __table_args__ = (
        CheckConstraint("used >= 0", name="not_negative"),
        CheckConstraint("seated >= 0", name="seated_not_negative"),
    )


class SlotClosure(Base):
    """Nothing more is sold: of one slot or a whole day, of one activity or the whole venue."""

    __tablename__ = "slot_closures"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    venue_id: Mapped[UUID] = mapped_column(ForeignKey("venues.id", ondelete="CASCADE"))
    activity_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("activities.id", ondelete="CASCADE")
    )
    day: Mapped[date]
    slot: Mapped[str | None]
    """As in `slot_usage`; null is the whole day."""
    reason: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index("ix_slot_closures_venue_day", "venue_id", "day"),)
