"""Devices on which customers are signed in: seen, and ended."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.signin.models import CustomerDevice
from app.wall import lifted

TOUCH_EVERY = timedelta(minutes=5)


def touch(session: Session, device: CustomerDevice, address: str, now: datetime) -> None:
    """Note that a device was used, now and then: it is read by people, not by rules.

    Calls that arrive together do not wait for each other: one of them notes it.
    """
    if now - device.last_seen_at < TOUCH_EVERY:
        return
    free = select(CustomerDevice.id).where(CustomerDevice.id == device.id)
    session.execute(
        update(CustomerDevice)
        .where(CustomerDevice.id.in_(free.with_for_update(skip_locked=True)))
        .values(last_seen_at=now, address=address)
        .execution_options(synchronize_session=False)
    )


def end_all(session: Session, customer_id: UUID, because: str, now: datetime) -> int:
    """End every device of a customer: their tokens work no more. Returns how many there were.

    `because`: see `CustomerDevice.revoked_because`. The caller writes what is told of it.
    """
    ending = (
        update(CustomerDevice)
        .where(CustomerDevice.customer_id == customer_id, CustomerDevice.revoked_at.is_(None))
        .values(revoked_at=now, revoked_because=because)
        .returning(CustomerDevice.id)
    )
    with lifted(session):  # devices belong to no website: who may do this was asked before
        return len(session.execute(ending).all())
