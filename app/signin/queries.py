"""Who a device belongs to, and what of the house is open to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, select
from sqlalchemy.orm import Session

from app.customers.models import Customer
from app.signin.models import CustomerDevice
from app.venues.models import Activity, Kind, Venue
from app.wall import PEOPLE, WEBSITES, opened_by_key

_SITES = (
    select(Venue.website_id)
    .join(Activity, Activity.venue_id == Venue.id)
    .where(Activity.kind == Kind.TREK.value)
    .distinct()
    .subquery()
)
_NAMES = func.coalesce(func.string_agg(_SITES.c.website_id, ","), "")
# Opens the second wall in the same round trip.
_OPEN = select(
    _NAMES, func.set_config(WEBSITES, _NAMES, True), func.set_config(PEOPLE, "all", True)
)
_FIND = (
    select(CustomerDevice, Customer, func.clock_timestamp())
    .join(Customer, Customer.id == CustomerDevice.customer_id)
    .where(
        CustomerDevice.id == bindparam("device_id", type_=Uuid),
        Customer.id == bindparam("customer_id", type_=Uuid),
    )
    .execution_options(populate_existing=True)
)


@dataclass(frozen=True)
class SignedIn:
    """A device, whose it is, and what the database's clock says."""

    device: CustomerDevice
    customer: Customer
    now: datetime

    @property
    def works(self) -> bool:
        """The device was not ended, and its customer is neither merged nor erased."""
        gone = self.customer.merged_into_id or self.customer.erased_at or self.device.revoked_at
        return gone is None


def open_shops(session: Session) -> frozenset[str]:
    """Open the second wall for a customer: the websites that have (or had) treks, and people."""
    row = session.execute(_OPEN).one()
    websites = frozenset(row[0].split(",")) if row[0] else frozenset[str]()
    opened_by_key(session, websites)
    return websites


def find(session: Session, device_id: UUID, customer_id: UUID) -> SignedIn | None:
    """A customer's device, working or not."""
    ids = {"device_id": device_id, "customer_id": customer_id}
    row = session.execute(_FIND, ids).one_or_none()
    return SignedIn(*row) if row else None


def of_customer(session: Session, customer_id: UUID) -> Sequence[CustomerDevice]:
    """The devices on which a customer is signed in, last used first."""
    query = select(CustomerDevice).where(
        CustomerDevice.customer_id == customer_id, CustomerDevice.revoked_at.is_(None)
    )
    order = (CustomerDevice.last_seen_at.desc(), CustomerDevice.id.desc())
    return session.scalars(query.order_by(*order)).all()
