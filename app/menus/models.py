"""Tables of the menus: sections, dishes, and what guests chose."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Numeric, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.crypto import EncryptedText
from app.extensions import Base
from app.ids import new_id

Money = Numeric(12, 2)


class MenuSection(Base):
    """A part of a venue's menu: starters, Sunday roasts."""

    __tablename__ = "menu_sections"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    venue_id: Mapped[UUID] = mapped_column(ForeignKey("venues.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    booking_type: Mapped[str | None]
    """`regular` or `sunday_lunch`: for these bookings only; null for all."""
    position: Mapped[int] = mapped_column(server_default=text("0"))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class MenuItem(Base):
    """A dish. Its price is in the website's currency."""

    __tablename__ = "menu_items"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    section_id: Mapped[UUID] = mapped_column(
        ForeignKey("menu_sections.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str]
    description: Mapped[str | None]
    price: Mapped[Decimal] = mapped_column(Money)
    allergens: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))
    """`["gluten", "milk"]`."""
    is_available: Mapped[bool] = mapped_column(server_default=text("true"))
    from_day: Mapped[date | None]
    until_day: Mapped[date | None]
    """First and last day on which it is served; null is without limit."""
    position: Mapped[int] = mapped_column(server_default=text("0"))
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())

    def is_served(self, day: date) -> bool:
        """Whether it can be chosen for that day."""
        if not self.is_available:
            return False
        return (self.from_day is None or self.from_day <= day) and (
            self.until_day is None or day <= self.until_day
        )


class BookingItem(Base):
    """A dish chosen with a booking, as it was called and what it cost then."""

    __tablename__ = "booking_items"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    website_id: Mapped[str] = mapped_column(ForeignKey("websites.id"))
    booking_id: Mapped[UUID] = mapped_column(
        ForeignKey("bookings.id", ondelete="CASCADE"), index=True
    )
    menu_item_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("menu_items.id", ondelete="SET NULL"), index=True
    )
    name: Mapped[str]
    price: Mapped[Decimal] = mapped_column(Money)
    quantity: Mapped[int] = mapped_column(server_default=text("1"))
    guest_name: Mapped[str | None] = mapped_column(EncryptedText)
    special_requests: Mapped[str | None] = mapped_column(EncryptedText)
    position: Mapped[int] = mapped_column(server_default=text("0"))
