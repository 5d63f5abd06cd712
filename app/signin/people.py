"""Phones of the app where their customer is exported or erased."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import column, delete, select, table, update
from sqlalchemy.orm import Session

from app.signin import devices
from app.signin.models import CustomerDevice, OtpChallenge
from app.wall import lifted

_SHOWN = (
    *(CustomerDevice.id, CustomerDevice.label, CustomerDevice.address, CustomerDevice.created_at),
    *(CustomerDevice.last_seen_at, CustomerDevice.revoked_at, CustomerDevice.revoked_because),
)

_ANSWERS = table("receipts", column("door"))
"""Of the doors, which are above: see `api.receipts` and `CustomerCaller.door`."""


def of_guest(session: Session, customer_ids: Collection[UUID]) -> list[dict[str, Any]]:
    """The devices on which they signed in, without what opens them. Who asks was asked before."""
    theirs = CustomerDevice.customer_id.in_(customer_ids)
    query = select(*_SHOWN).where(theirs).order_by(CustomerDevice.created_at)
    with lifted(session):  # devices belong to no website
        return [dict(row) for row in session.execute(query).mappings()]


def forget(
    session: Session, customer_ids: Collection[UUID], phones: Collection[str], now: datetime
) -> None:
    """End their devices and forget what these are called; codes to these phones, and the answers
    that would be given again to a repeated call, are gone."""
    doors = [f"customer:{each}" for each in customer_ids]
    session.execute(delete(_ANSWERS).where(_ANSWERS.c.door.in_(doors)))
    for each in customer_ids:
        devices.end_all(session, each, "erased", now)
    theirs = update(CustomerDevice).where(CustomerDevice.customer_id.in_(customer_ids))
    with lifted(session):
        session.execute(theirs.values(label="Erased", address=""))
        if phones:
            session.execute(delete(OtpChallenge).where(OtpChallenge.phone.in_(phones)))
