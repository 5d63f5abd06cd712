"""Ten thousand reminders at once: in order, within the limits of the mailbox, in nobody's way."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.deliveries import lanes, pace
from app.deliveries.models import Destination
from app.extensions import db
from app.messaging.accounts import GRAPH_PACE
from tests.messaging.post import Post, a_booking, a_guest, a_writer

MANY = 10_000


def flood(session: Session, destination: Destination, event_id: int) -> None:
    """Reminders to as many guests, due a moment after one another."""
    session.execute(
        text("""
            INSERT INTO deliveries
                (event_id, destination_id, channel, lane, position, state, can_wait, due_at)
            SELECT :event, :destination, 'email', n || '-guest', 0, 'ready', true,
                clock_timestamp() - interval '1 hour' + n * interval '1 ms'
            FROM generate_series(1, :many) AS n
        """),
        {"event": event_id, "destination": destination.id, "many": MANY},
    )
    session.execute(text("ANALYZE deliveries"))


def mailbox() -> Destination:
    made = Destination(
        channel="email",
        key="email:graph:demo:desk@onebooking.test",
        label="E-mail",
        most_at_once=GRAPH_PACE.at_once,
        per_minute=GRAPH_PACE.per_minute,
    )
    db.session.add(made)
    db.session.flush()
    return made


def test_they_leave_in_order_and_webhooks_do_not_wait(post: Post) -> None:
    session = post.session
    post.tell(a_booking(a_writer(), a_guest()))
    event_id = int(session.scalar(text("SELECT max(id) FROM events")) or 0)
    hook = Destination(channel="webhook", key="website:x", label="X")
    db.session.add(hook)
    box = mailbox()
    flood(session, box, event_id)
    order: list[int] = []
    for minute in range(3):
        session.execute(
            text("""
                INSERT INTO deliveries (event_id, destination_id, channel, lane, position, state)
                SELECT :event, :destination, 'webhook', :minute || '-' || n, 0, 'ready'
                FROM generate_series(1, 20) AS n
            """),
            {"event": event_id, "destination": hook.id, "minute": minute},
        )
        begun = 0
        for _ in range(60):  # a look each second
            claims = lanes.claim(session, 256, 16)
            mine = [c for c in claims if c.destination_id == box.id]
            hooks = [c for c in claims if c.destination_id == hook.id]
            assert len(mine) <= 4
            begun += len(mine)
            order += sorted(int(c.lane.partition("-")[0]) for c in mine)
            _deliver(session, [c.id for c in claims])
            _pass_second(session)
            if _ == 0:
                assert len(hooks) == 16, "all that a look takes of one destination"
        assert begun <= 30
        assert begun >= 26
    assert order == list(range(1, len(order) + 1))
    waiting = session.scalar(
        text("SELECT count(*) FROM deliveries WHERE channel = 'webhook' AND state = 'ready'")
    )
    assert waiting == 0


def test_a_confirmation_overtakes_them(post: Post) -> None:
    session = post.session
    post.tell(a_booking(a_writer(), a_guest()))
    event_id = int(session.scalar(text("SELECT max(id) FROM events")) or 0)
    box = mailbox()
    flood(session, box, event_id)
    session.execute(
        text("""
            INSERT INTO deliveries (event_id, destination_id, channel, lane, position, state)
            VALUES (:event, :destination, 'email', 'now-guest', 1, 'ready')
        """),
        {"event": event_id, "destination": box.id},
    )
    assert "now-guest" in {claim.lane for claim in lanes.claim(session, 256, 16)}


def test_a_look_reads_a_few_rows_and_not_ten_thousand(post: Post) -> None:
    session = post.session
    post.tell(a_booking(a_writer(), a_guest()))
    event_id = int(session.scalar(text("SELECT max(id) FROM events")) or 0)
    flood(session, mailbox(), event_id)
    before = _read(session)
    assert len(lanes.claim(session, 16, 16)) == pace.burst(30)
    assert _read(session) - before < 100


def _read(session: Session) -> int:
    """Rows of deliveries that this transaction has fetched so far."""
    query = """
        SELECT coalesce(pg_stat_get_xact_tuples_returned('deliveries'::regclass), 0)
            + coalesce(pg_stat_get_xact_tuples_fetched('deliveries'::regclass), 0)
    """
    return int(session.scalar(text(query)) or 0)


def _deliver(session: Session, ids: list[int]) -> None:
    session.execute(
        text("UPDATE deliveries SET state = 'delivered' WHERE id = ANY(:ids)"), {"ids": ids}
    )


def _pass_second(session: Session) -> None:
    session.execute(text("UPDATE destinations SET paced_until = paced_until - interval '1 s'"))
