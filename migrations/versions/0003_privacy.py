"""Audit chain, retention, erasure

Revision: 0003, after 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

HAS_BODY = "request_body IS NOT NULL OR response_body IS NOT NULL"
NOBODYS = "booking_id IS NULL AND request_body IS NOT NULL"

# A chain that could be rewritten would prove nothing.
APPEND_ONLY = """
CREATE TRIGGER audit_seals_append_only BEFORE UPDATE OR DELETE ON audit_seals
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_seals_keep_all BEFORE TRUNCATE ON audit_seals
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""

# Whoever erases a person must know of bookings that they may not see themselves. Only the names
# of websites come out, for one customer.
CUSTOMER_WEBSITES = """
CREATE FUNCTION customer_websites(customer uuid) RETURNS SETOF text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
    AS 'SELECT DISTINCT website_id FROM public.bookings WHERE customer_id = customer';
"""


def upgrade() -> None:
    op.create_table(
        "audit_seals",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("event_ids", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.Column("transaction", sa.BigInteger(), nullable=False),
        sa.Column(
            "sealed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_seals")),
    )
    op.create_index("ix_audit_seals_day", "audit_seals", ["day", "number"])
    op.create_table(
        "scheduled_runs",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "started_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rows", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("job", "due_at", name=op.f("pk_scheduled_runs")),
    )
    op.add_column(
        "websites",
        sa.Column(
            "keep_payloads_days", sa.BigInteger(), server_default=sa.text("90"), nullable=False
        ),
    )
    op.create_index("ix_events_name", "events", ["name", "id"])
    op.create_index("ix_events_actor", "events", ["actor_id", "id"])
    op.create_index("ix_events_door", "events", ["door", "id"])
    op.create_index(
        "ix_sync_logs_bodies",
        "sync_logs",
        ["website_id", "created_at"],
        postgresql_where=HAS_BODY,
    )
    op.create_index(
        "ix_sync_logs_nobodys", "sync_logs", ["website_id", "id"], postgresql_where=NOBODYS
    )
    op.execute(APPEND_ONLY)
    op.execute(CUSTOMER_WEBSITES)


def downgrade() -> None:
    op.execute("DROP FUNCTION customer_websites(uuid)")
    op.drop_index("ix_sync_logs_nobodys", table_name="sync_logs", postgresql_where=NOBODYS)
    op.drop_index("ix_sync_logs_bodies", table_name="sync_logs", postgresql_where=HAS_BODY)
    for name in ("ix_events_door", "ix_events_actor", "ix_events_name"):
        op.drop_index(name, table_name="events")
    op.drop_column("websites", "keep_payloads_days")
    op.drop_table("scheduled_runs")
    op.drop_table("audit_seals")
