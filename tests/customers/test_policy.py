"""The policy around guests can be served by an index: also for those who see some websites only."""

from __future__ import annotations

from uuid import uuid4

from flask import Flask
from sqlalchemy import text

from app.extensions import db
from app.wall import ROLE, WEBSITES


def test_no_guest_is_looked_for_in_all_bookings(app: Flask, db_session: object) -> None:
    session = db.session()
    session.execute(text("SELECT set_config('enable_seqscan', 'off', true)"))
    session.execute(text(f"SELECT set_config('role', '{ROLE}', true)"))
    session.execute(text(f"SELECT set_config('{WEBSITES}', 'ours,theirs', true)"))
    plan = session.execute(
        text("EXPLAIN SELECT id FROM customers WHERE id = :id"), {"id": uuid4()}
    ).scalars()
    shown = "\n".join(plan)
    session.execute(text("SELECT set_config('role', 'none', true)"))
    assert shown.count("bookings b") == 2
    assert "Seq Scan on bookings" not in shown
