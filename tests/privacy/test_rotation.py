"""`flask crypto rotate`: everything under the new key, while somebody goes on writing."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from app.bookings.models import Booking
from app.config import Settings
from app.crypto import CannotDecrypt, keyring
from app.customers.models import Customer
from app.extensions import Base, db
from app.privacy import rotation
from app.websites.models import Website
from tests.factories import BookingFactory, CustomerFactory, UserFactory, WebsiteFactory
from tests.harness.isolation import make_app
from tests.sync.traffic import called

OLD, NEW, OTHER = (Fernet.generate_key().decode() for _ in range(3))
pytestmark = pytest.mark.committed


def keys(*those: str) -> None:
    keyring.configure(Settings(env="test", encryption_keys=",".join(those)))


@pytest.fixture(autouse=True)
def context(app: Flask) -> Iterator[None]:
    with app.app_context():
        keys(OLD)
        yield
        db.session.remove()
    keyring.configure(app.extensions["settings"])


def fill(count: int = 30) -> None:
    website = WebsiteFactory.create(id="ours", old_webhook_secret="whsec_b2xk")
    UserFactory.create(address="colleague@onebooking.test")
    customer = CustomerFactory.create(email="guest@example.com")
    BookingFactory.create_batch(count, website_id=website.id, customer_id=customer.id)
    called("ours")
    db.session.commit()


def rotate() -> tuple[int, int]:
    """Everything once. Returns how many values were rotated and how many are held."""
    db.session.rollback()
    done = held = 0
    for vault in rotation.vaults(Base.metadata):
        for progress in rotation.rotate(db.engine, vault):
            done, held = done + progress.rotated, held + progress.held
    return done, held


def all_values() -> list[str]:
    """Every encrypted value of the database, opened with the keys in use. Raises CannotDecrypt."""
    found = []
    for vault in rotation.vaults(Base.metadata):
        for column in vault.columns:
            query = text(f"SELECT {column.name} FROM {vault.table.name}")
            tokens = db.session.scalars(query)
            found += [keyring.decrypt(token) for token in tokens if token is not None]
    return sorted(found)


def test_every_encrypted_column_is_known() -> None:
    names = {
        f"{vault.table.name}.{column.name}"
        for vault in rotation.vaults(Base.metadata)
        for column in vault.columns
    }
    assert {
        *("users.email", "customers.email", "customers.data_key", "bookings.customer_email"),
        *("websites.webhook_secret", "websites.old_webhook_secret"),
        *("sync_logs.request_body", "sync_logs.response_body"),
    } <= names


def test_afterwards_the_old_key_can_go() -> None:
    fill()
    values = all_values()
    stamps = db.session.scalars(select(Website.updated_at)).all()
    keys(NEW, OLD)
    assert rotate() == (34, 0)
    keys(NEW)
    assert all_values() == values
    assert db.session.scalars(select(Website.updated_at)).all() == stamps, "nothing else changed"
    assert rotate() == (0, 0), "a second run only reads"


def test_it_goes_on_where_it_was_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    fill(25)
    monkeypatch.setattr(rotation, "BATCH", 5)
    keys(NEW, OLD)
    (vault,) = (v for v in rotation.vaults(Base.metadata) if v.table.name == "bookings")
    db.session.rollback()
    steps = rotation.rotate(db.engine, vault)
    assert [next(steps).rotated, next(steps).rotated] == [5, 5]
    steps.close()
    assert sum(progress.rotated for progress in rotation.rotate(db.engine, vault)) == 15


def test_a_row_that_somebody_holds_is_left_for_later() -> None:
    fill(3)
    keys(NEW, OLD)
    with Session(db.engine) as holder:
        held = holder.scalars(select(Booking.id).limit(1).with_for_update()).one()
        done, left = rotate()
        assert left == 1
        assert done == 6
        holder.rollback()
    assert rotate() == (1, 0)
    keys(NEW)
    assert db.session.get_one(Booking, held).customer_email


def test_a_writer_beside_it_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    fill(60)
    monkeypatch.setattr(rotation, "BATCH", 4)
    ids = db.session.scalars(select(Booking.id).order_by(Booking.id)).all()
    keys(NEW, OLD)
    written: dict[object, str] = {}
    stop = threading.Event()
    engine = db.engine

    def write() -> None:
        number = 0
        while not stop.is_set():
            booking_id, value = ids[number * 7 % len(ids)], f"written{number}@example.com"
            with Session(engine) as session, session.begin():
                session.execute(
                    update(Booking).where(Booking.id == booking_id).values(customer_email=value)
                )
            written[booking_id] = value
            number += 1

    thread = threading.Thread(target=write)
    thread.start()
    try:
        done, held = rotate()
    finally:
        stop.set()
        thread.join(20)
    assert held == 0
    assert done > 0
    assert len(written) > 5, "somebody did write meanwhile"
    keys(NEW)
    rows = db.session.execute(select(Booking.id, Booking.customer_email))
    stored = {row.id: row.customer_email for row in rows}
    assert {booking_id: stored[booking_id] for booking_id in written} == written


def test_a_value_under_a_lost_key_is_said() -> None:
    fill(1)
    keys(NEW)
    with pytest.raises(CannotDecrypt):
        rotate()


def test_the_command_counts(app: Flask) -> None:
    fill(4)
    settings = app.extensions["settings"]
    url, redis_url = settings.database_url, settings.redis_url
    db.session.rollback()
    beside = make_app(url, redis_url, encryption_keys=f"{NEW},{OLD}")
    answer = beside.test_cli_runner().invoke(args=["crypto", "rotate"])
    assert answer.exit_code == 0, answer.output
    assert "bookings: 4 rows, 4 re-encrypted." in answer.output
    assert "bookings: 4 rows, 0 re-encrypted." in (
        beside.test_cli_runner().invoke(args=["crypto", "rotate"]).output
    )
    lost = make_app(url, redis_url, encryption_keys=OTHER)
    refused = lost.test_cli_runner().invoke(args=["crypto", "rotate"])
    assert refused.exit_code == 1
    assert "no key of this installation" in refused.output
    for other in (beside, lost):
        with other.app_context():
            db.engine.dispose()
    keys(NEW)
    db.session.expire_all()
    assert db.session.scalars(select(Customer.email)).all() == ["guest@example.com"]
