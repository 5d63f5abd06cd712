"""Customers who are signed in, for tests of every door of the app."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from app.api.customer.tokens import write_token
from app.customers.models import Customer
from app.extensions import db
from app.signin.models import CustomerDevice
from tests.factories import CustomerFactory


@dataclass(frozen=True)
class SignedInCustomer:
    """Who they are, on which device, and the headers that their app sends."""

    customer: Customer
    device: CustomerDevice
    headers: dict[str, str]


def signed_in_customer(
    app: Flask, customer: Customer | None = None, **fields: Any
) -> SignedInCustomer:
    """A customer (a new one with these fields, unless given) on a device of theirs."""
    found: Customer = customer or CustomerFactory.create(source="customer_app", **fields)
    device = CustomerDevice(customer_id=found.id, label="Test phone", address="127.0.0.1")
    db.session.add(device)
    db.session.flush()
    now = db.session.execute(select(func.clock_timestamp())).scalar_one()
    token = write_token(app.extensions["settings"], found.id, device.id, now)
    return SignedInCustomer(found, device, {"Authorization": f"Bearer {token}"})
