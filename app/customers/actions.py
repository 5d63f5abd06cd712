"""Writing customers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID, uuid5

from sqlalchemy import LargeBinary, Table, Text, Uuid, bindparam, delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.crypto import DataKey, hash_email
from app.customers.models import Customer
from app.customers.phones import to_e164
from app.errors import NotFound
from app.ids import new_id

ERASED = "Erased guest"
# Built once: putting a statement together costs more than sending it. (A comparison with null finds
# nobody, so one statement serves whoever gives no phone or no e-mail.) The row is held as the
# booking's foreign key will hold it anyway: nobody is erased, nor merged, between being found and
# booking.
_COLUMNS = (Customer.id, Customer.phone, Customer.data_key, Customer.merged_into_id)
_FIND = (
    select(*_COLUMNS)
    .where(
        or_(
            Customer.phone == bindparam("phone", type_=Text),
            Customer.email_hash == bindparam("email_hash", type_=LargeBinary),
        )
    )
    .order_by(
        (Customer.phone == bindparam("phone", type_=Text)).desc().nulls_last(),
        Customer.merged_into_id.is_(None).desc(),
        Customer.created_at,
    )
    .limit(1)
    .with_for_update(key_share=True, read=True)
)
_KEPT = (
    select(*_COLUMNS)
    .where(Customer.id == bindparam("id", type_=Uuid))
    .with_for_update(key_share=True, read=True)
)
_TABLE = cast(Table, Customer.__table__)
_INSERT = insert(_TABLE).on_conflict_do_nothing().returning(_TABLE.c.id)


@dataclass(frozen=True)
class Contact:
    """How somebody was described by whoever sent the booking."""

    name: str
    email: str | None = None
    phone: str | None = None
    country_code: str | None = None
    region: str = "TH"
    source: str = "website"
    partner_id: UUID | None = None
    """The partner that brings them: kept where they are new."""

    @property
    def e164(self) -> str | None:
        """The phone in E.164, where it parses."""
        return to_e164(self.phone, self.country_code, self.region) if self.phone else None


@dataclass(frozen=True)
class Known:
    """A customer as bookings need one: who, and the key that seals what is personal."""

    id: UUID
    key: DataKey | None
    is_new: bool = False
    """Made in this very transaction."""


def find_or_create(session: Session, contact: Contact) -> Known:
    """One person over all sources: found by phone, then by e-mail, else made.

    Of two records that were merged it is the one that was kept, found by what either was known by.
    Safe when several calls bring the same new person at once: one makes it, the others find it.
    Whom a partner has not named yet is one person: the partner's guests.
    """
    if contact.partner_id and not contact.phone and not contact.email:
        return _unnamed(session, contact, contact.partner_id)
    e164 = contact.e164
    email_hash = hash_email(contact.email) if contact.email else None
    found = _find(session, e164, email_hash)
    if found is None:
        made = _create(session, contact, e164, email_hash)
        if made is not None:
            return made
        found = _find(session, e164, email_hash)
        if found is None:
            raise RuntimeError("the customer was erased while the booking came in")
    if found.phone is None and e164 is not None:
        _learn_phone(session, found.id, e164)
    return Known(found.id, DataKey.from_text(found.data_key) if found.data_key else None)


def known(session: Session, customer_id: UUID) -> Known:
    """Somebody by their record; after a merge the one that was kept. Raises NotFound for who was
    erased."""
    row = session.execute(_KEPT, {"id": customer_id}).first()
    while row is not None and row.merged_into_id is not None:
        row = session.execute(_KEPT, {"id": row.merged_into_id}).first()
    if row is None or row.data_key is None:
        raise NotFound("This customer does not exist.")
    return Known(row.id, DataKey.from_text(row.data_key))


def _unnamed(session: Session, contact: Contact, partner_id: UUID) -> Known:
    """Who stands for the guests of a partner that it has not named."""
    the_id = uuid5(partner_id, "guests")
    row = {**new_row(contact, None, None), "id": the_id}
    session.execute(insert(_TABLE).on_conflict_do_nothing(), row)
    key = session.execute(select(Customer.data_key).where(Customer.id == the_id)).scalar_one()
    return Known(the_id, DataKey.from_text(key) if key else None)


def withdraw(session: Session, known: Known) -> None:
    """Nobody books after all: take a customer back who was made for it in this transaction."""
    if known.is_new:
        session.execute(delete(_TABLE).where(_TABLE.c.id == known.id))


@dataclass(frozen=True)
class _Row:
    id: UUID
    phone: str | None
    data_key: str | None
    merged_into_id: UUID | None


def _find(session: Session, e164: str | None, email_hash: bytes | None) -> _Row | None:
    row = session.execute(_FIND, {"phone": e164, "email_hash": email_hash}).first()
    while row is not None and row.merged_into_id is not None:
        row = session.execute(_KEPT, {"id": row.merged_into_id}).first()
    return None if row is None else _Row(*row)


def _create(
    session: Session, contact: Contact, e164: str | None, email_hash: bytes | None
) -> Known | None:
    """Insert, or None when somebody else inserted the same person first."""
    row = new_row(contact, e164, email_hash)
    made = session.execute(_INSERT, row).scalar_one_or_none()
    if made is None:
        return None
    return Known(made, DataKey.from_text(row["data_key"]), is_new=True)


def new_row(contact: Contact, e164: str | None, email_hash: bytes | None) -> dict[str, Any]:
    """A new customer, with a data key of their own."""
    first, _, last = contact.name.strip().rpartition(" ")
    return {
        "id": new_id(),
        "first_name": first or last,
        "last_name": last if first else "",
        "phone": e164,
        "phone_raw": None if e164 else contact.phone,
        "email": contact.email,
        "email_hash": email_hash,
        "source": contact.source,
        "partner_id": contact.partner_id,
        "created_by_partner_id": contact.partner_id,
        "data_key": DataKey.new_text(),
    }


def _learn_phone(session: Session, customer_id: UUID, e164: str) -> None:
    """Keep the phone of somebody known by e-mail only, unless another person has it by now."""
    try:
        with session.begin_nested():
            session.execute(
                update(Customer)
                .where(Customer.id == customer_id, Customer.phone.is_(None))
                .values(phone=e164, phone_raw=None)
            )
    except IntegrityError:
        return


def erase(session: Session, customer: Customer, now: datetime) -> None:
    """Overwrite who a locked customer is and destroy their data key: the log forgets them."""
    customer.first_name, customer.last_name = ERASED, ""
    customer.phone = customer.phone_raw = customer.email = None
    customer.email_hash = customer.data_key = customer.language = None
    customer.sms_opt_in = False
    customer.erased_at = now
    session.flush()
