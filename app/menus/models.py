"""Tables of the menus: sections, dishes, and what guests chose."""

from __future__ import annotations

from collections.abc import Mapping
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
    is_main: Mapped[bool] = mapped_column(server_default=text("true"))
    """Main dishes: where every guest must choose, one of these."""
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

    def is_dated(self, day: date) -> bool:
        """Whether its dates include that day."""
        return (self.from_day is None or self.from_day <= day) and (
            self.until_day is None or day <= self.until_day
        )

    def is_served(self, day: date) -> bool:
        """Whether it can be chosen for that day."""
        return self.is_available and self.is_dated(day)


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

    @classmethod
    def of(cls, website_id: str, position: int, choice: Mapping[str, Any]) -> BookingItem:
        """A dish from the JSON of a choice; see `as_json`."""
        item_id = choice.get("menu_item_id")
        return cls(
            id=new_id(),
            website_id=website_id,
            menu_item_id=UUID(item_id) if item_id else None,
            name=choice["name"],
            price=Decimal(str(choice["price"])),
            quantity=choice["quantity"],
            guest_name=choice.get("guest_name"),
            special_requests=choice.get("special_requests"),
            position=position,
        )

    def as_json(self) -> dict[str, Any]:
        """`{menu_item_id, name, price, quantity, guest_name, special_requests}`, JSON values."""
        whole = self.price == self.price.to_integral_value()
        return {
            "menu_item_id": str(self.menu_item_id) if self.menu_item_id else None,
            "name": self.name,
            "price": int(self.price) if whole else float(self.price),
            "quantity": self.quantity,
            "guest_name": self.guest_name,
            "special_requests": self.special_requests,
        }
