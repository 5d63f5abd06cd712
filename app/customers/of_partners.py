"""Guests as partners know them: a partner is shown what it said of a person, and nothing more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from sqlalchemy import Table, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.customers.actions import ERASED, Contact, Known, find_or_create
from app.customers.models import Customer
from app.errors import NotFound
from app.partners.models import PartnerCustomer

_TABLE = cast(Table, PartnerCustomer.__table__)


@dataclass(frozen=True)
class Described:
    """A guest in a partner's words."""

    first_name: str
    last_name: str
    email: str | None
    phone: str | None
    country_code: str | None = None

    def contact(self, partner_id: UUID, region: str) -> Contact:
        """For finding or making the one person behind it."""
        name = f"{self.first_name} {self.last_name}".strip()
        return Contact(
            name, self.email, self.phone, self.country_code, region, "partner", partner_id
        )


def keep(session: Session, partner_id: UUID, described: Described, region: str) -> Known:
    """Find or make the person, and keep what this partner says of them."""
    known = find_or_create(session, described.contact(partner_id, region))
    remember(session, partner_id, known.id, described)
    return known


def remember(session: Session, partner_id: UUID, customer_id: UUID, described: Described) -> None:
    """Keep what a partner says of a person; the newest counts."""
    said = {
        "first_name": described.first_name,
        "last_name": described.last_name,
        "phone": described.phone,
        "email": described.email,
    }
    statement = insert(_TABLE).values(partner_id=partner_id, customer_id=customer_id, **said)
    session.execute(
        statement.on_conflict_do_update(index_elements=["partner_id", "customer_id"], set_=said)
    )


def get(session: Session, partner_id: UUID, customer_id: UUID) -> PartnerCustomer:
    """One of a partner's guests, also by the id of a record that was merged. Raises NotFound."""
    found = session.get(PartnerCustomer, (partner_id, customer_id), populate_existing=True)
    if found is None:
        merged = select(Customer.merged_into_id).where(Customer.id == customer_id)
        key = (partner_id, session.scalar(merged))
        found = session.get(PartnerCustomer, key) if key[1] else None
    if found is None:
        raise NotFound("There is no such customer.")
    return found


def page(
    session: Session, partner_id: UUID, after: tuple[object, UUID] | None, limit: int
) -> Sequence[PartnerCustomer]:
    """A partner's guests, newest first, after (created_at, id): one more than `limit`."""
    query = select(PartnerCustomer).where(PartnerCustomer.partner_id == partner_id)
    key = (PartnerCustomer.created_at, PartnerCustomer.customer_id)
    if after is not None:
        query = query.where(tuple_(*key) < tuple_(*after))
    return session.scalars(query.order_by(*(k.desc() for k in key)).limit(limit + 1)).all()


def forget(session: Session, customer_id: UUID) -> None:
    """Overwrite what all partners said of a person."""
    session.execute(
        update(PartnerCustomer)
        .where(PartnerCustomer.customer_id == customer_id)
        .values(first_name=ERASED, last_name="", phone=None, email=None)
        .execution_options(synchronize_session=False)
    )
