"""The same thing said several times at once, on real connections: it happens once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal
from uuid import UUID

import pytest
from flask import Flask

from app.bookings import paying, refunding
from app.bookings.models import Booking
from app.bookings.paying import Captured
from app.bookings.status import Status
from app.extensions import db
from app.staff.scope import EVERYTHING
from tests.bookings.made import MIA
from tests.desk import build_house
from tests.payments.made import PAYPAL, agrees, deposit_of, figures, now, open_shop, refunds_of

AT_ONCE = 6


def together(app: Flask, step: Callable[[], object]) -> list[object]:
    """Each on a connection of its own, begun at the same moment."""
    found: list[object] = []
    gate = threading.Barrier(AT_ONCE)

    def run() -> None:
        with app.app_context():
            gate.wait()
            try:
                found.append(step())
                db.session.commit()
            except Exception as error:
                db.session.rollback()
                found.append(error)

    threads = [threading.Thread(target=run) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return found


@pytest.mark.committed
def test_paid_and_given_back_once(app: Flask) -> None:
    """Capture and webhook at once; then double clicks; then two people who give all of it back."""
    with app.app_context():
        booking = open_shop(build_house(app)).book()
        booking_id, deposit_id = booking.id, deposit_of(booking).id
        db.session.commit()

    def receive() -> None:
        captured = Captured("CAP-1", Decimal(20), "THB")
        paying.received(db.session(), PAYPAL, deposit_id, captured, now())

    assert together(app, receive) == [None] * AT_ONCE
    check(app, booking_id, ("confirmed", Decimal(20), None), refunds=0)

    def click() -> UUID:
        made = refunding.refund(
            db.session(), MIA, EVERYTHING, booking_id, Decimal(15), "the same form"
        )
        return made[0].id

    assert len(set(together(app, click))) == 1
    check(app, booking_id, ("confirmed", Decimal(20), None), refunds=1)
    numbers = iter(range(AT_ONCE))

    def another() -> UUID:
        key = f"form {next(numbers)}"
        made = refunding.refund(db.session(), MIA, EVERYTHING, booking_id, Decimal(5), key)
        return made[0].id

    answers = together(app, another)
    assert sum(isinstance(answer, UUID) for answer in answers) == 1, "only 5 were left"
    check(app, booking_id, ("confirmed", Decimal(20), None), refunds=2)


def check(
    app: Flask, booking_id: UUID, wanted: tuple[str, Decimal, Decimal | None], refunds: int
) -> None:
    with app.app_context():
        booking = db.session.get_one(Booking, booking_id)
        assert figures(booking) == wanted
        assert len(refunds_of(booking)) == refunds
        assert booking.status == Status.CONFIRMED
        assert agrees(booking_id)
