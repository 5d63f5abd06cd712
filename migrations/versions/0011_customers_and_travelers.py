"""Customers and travelers

Revision: 0011, after 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ROLE = "onebooking_desk"
# As in 0004: asked once for a statement, not for every row.
OPEN = "website_id = ANY (CAST((SELECT string_to_array("
OPEN += "current_setting('onebooking.websites', true), ',')) AS text[]))"
# Who signs in belongs to no website: seen where guests are looked for.
SIGNING_IN = "(SELECT current_setting('onebooking.people', true)) = 'all'"
POLICIES = {
    "booking_travelers": OPEN,
    "waiting_entries": OPEN,
    "change_requests": OPEN,
    "travelers": "EXISTS (SELECT FROM customers c WHERE c.id = travelers.customer_id)",
    "otp_challenges": SIGNING_IN,
    "customer_devices": SIGNING_IN,
    "refresh_tokens": SIGNING_IN,
}
# Guests are known where they have booked (0010), and where they wait for a place.
GUEST = """(SELECT current_setting('onebooking.people', true)) = 'all'
    OR EXISTS (SELECT FROM bookings b WHERE b.customer_id = customers.id)
    OR (customers.merged_into_id IS NOT NULL
    AND EXISTS (SELECT FROM bookings b WHERE b.customer_id = customers.merged_into_id))"""
OR_WAITING = """
    OR EXISTS (SELECT FROM waiting_entries w WHERE w.customer_id = customers.id)"""
WEBSITES_OF = """
CREATE OR REPLACE FUNCTION customer_websites(customer uuid) RETURNS SETOF text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
    AS 'SELECT website_id FROM public.bookings WHERE customer_id = customer{also}'
"""
AND_WAITING = " UNION SELECT website_id FROM public.waiting_entries WHERE customer_id = customer"


def upgrade() -> None:
    op.create_table(
        "otp_challenges",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("attempts_left", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_otp_challenges")),
    )
    op.create_index("ix_otp_challenges_created", "otp_challenges", ["created_at"], unique=False)
    op.create_index(
        "ix_otp_challenges_phone", "otp_challenges", ["phone", "created_at"], unique=False
    )
    op.create_table(
        "import_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("website_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="running", nullable=False),
        sa.Column(
            "progress",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["website_id"], ["websites.id"], name=op.f("fk_import_runs_website_id_websites")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_runs")),
    )
    op.create_table(
        "customer_devices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "last_seen_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_because", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name=op.f("fk_customer_devices_customer_id_customers"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_devices")),
    )
    op.create_index(
        op.f("ix_customer_devices_customer_id"), "customer_devices", ["customer_id"], unique=False
    )
    op.create_table(
        "imported_rows",
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("legacy_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("our_id", sa.Uuid(), nullable=False),
        sa.Column("is_ours", sa.Boolean(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["import_runs.id"], name=op.f("fk_imported_rows_run_id_import_runs")
        ),
        sa.PrimaryKeyConstraint("system", "kind", "legacy_id", name=op.f("pk_imported_rows")),
    )
    op.create_index("ix_imported_rows_ours", "imported_rows", ["kind", "our_id"], unique=False)
    op.create_index("ix_imported_rows_run", "imported_rows", ["run_id", "kind"], unique=False)
    op.create_table(
        "travelers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("age", sa.BigInteger(), nullable=True),
        sa.Column("age_on", sa.Date(), nullable=True),
        sa.Column("gender", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("emergency_contact_name", sa.Text(), nullable=True),
        sa.Column("emergency_contact_phone", sa.Text(), nullable=True),
        sa.Column("special_requirements", sa.Text(), nullable=True),
        sa.Column("medical_notes", sa.Text(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_travelers_customer_id_customers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_travelers")),
    )
    op.create_index("ix_travelers_customer", "travelers", ["customer_id", "id"], unique=False)
    op.create_table(
        "refresh_tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["device_id"],
            ["customer_devices.id"],
            name=op.f("fk_refresh_tokens_device_id_customer_devices"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["refresh_tokens.id"],
            name=op.f("fk_refresh_tokens_parent_id_refresh_tokens"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refresh_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_refresh_tokens_token_hash")),
    )
    op.create_index(
        op.f("ix_refresh_tokens_device_id"), "refresh_tokens", ["device_id"], unique=False
    )
    op.create_index(
        op.f("ix_refresh_tokens_parent_id"), "refresh_tokens", ["parent_id"], unique=False
    )
    op.create_index("ix_refresh_tokens_expires", "refresh_tokens", ["expires_at"], unique=False)
    op.create_table(
        "booking_travelers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("website_id", sa.Text(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("traveler_id", sa.Uuid(), nullable=True),
        sa.Column("position", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("is_primary", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("age", sa.BigInteger(), nullable=True),
        sa.Column("gender", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("emergency_contact_name", sa.Text(), nullable=True),
        sa.Column("emergency_contact_phone", sa.Text(), nullable=True),
        sa.Column("special_requirements", sa.Text(), nullable=True),
        sa.Column("medical_notes", sa.Text(), nullable=True),
        sa.Column("price", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("checked_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["booking_id"],
            ["bookings.id"],
            name=op.f("fk_booking_travelers_booking_id_bookings"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["traveler_id"],
            ["travelers.id"],
            name=op.f("fk_booking_travelers_traveler_id_travelers"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["website_id"], ["websites.id"], name=op.f("fk_booking_travelers_website_id_websites")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_travelers")),
        sa.UniqueConstraint(
            "booking_id", "traveler_id", name=op.f("uq_booking_travelers_booking_id_traveler_id")
        ),
    )
    op.create_index(
        op.f("ix_booking_travelers_booking_id"), "booking_travelers", ["booking_id"], unique=False
    )
    op.create_index(
        "ix_booking_travelers_primary",
        "booking_travelers",
        ["booking_id"],
        unique=True,
        postgresql_where="is_primary",
    )
    op.create_index(
        op.f("ix_booking_travelers_traveler_id"), "booking_travelers", ["traveler_id"], unique=False
    )
    op.create_table(
        "change_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("website_id", sa.Text(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["answered_by"], ["users.id"], name=op.f("fk_change_requests_answered_by_users")
        ),
        sa.ForeignKeyConstraint(
            ["booking_id"],
            ["bookings.id"],
            name=op.f("fk_change_requests_booking_id_bookings"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_change_requests_customer_id_customers")
        ),
        sa.ForeignKeyConstraint(
            ["website_id"], ["websites.id"], name=op.f("fk_change_requests_website_id_websites")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_requests")),
    )
    op.create_index(
        "ix_change_requests_booking", "change_requests", ["booking_id", "id"], unique=False
    )
    op.create_index(
        op.f("ix_change_requests_customer_id"), "change_requests", ["customer_id"], unique=False
    )
    op.create_index(
        "ix_change_requests_open",
        "change_requests",
        ["website_id", "id"],
        unique=False,
        postgresql_where="state = 'open'",
    )
    op.create_table(
        "waiting_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("website_id", sa.Text(), nullable=False),
        sa.Column("departure_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("guests", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=True),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["bookings.id"], name=op.f("fk_waiting_entries_booking_id_bookings")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_waiting_entries_customer_id_customers")
        ),
        sa.ForeignKeyConstraint(
            ["departure_id"],
            ["departures.id"],
            name=op.f("fk_waiting_entries_departure_id_departures"),
        ),
        sa.ForeignKeyConstraint(
            ["website_id"], ["websites.id"], name=op.f("fk_waiting_entries_website_id_websites")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiting_entries")),
    )
    op.create_index("ix_waiting_entries_booking", "waiting_entries", ["booking_id"], unique=False)
    op.create_index(
        op.f("ix_waiting_entries_customer_id"), "waiting_entries", ["customer_id"], unique=False
    )
    op.create_index(
        "ix_waiting_entries_open",
        "waiting_entries",
        ["departure_id", "customer_id"],
        unique=True,
        postgresql_where="state IN ('waiting', 'offered')",
    )
    op.create_index(
        "ix_waiting_entries_queue",
        "waiting_entries",
        ["departure_id", "created_at", "id"],
        unique=False,
    )
    op.add_column(
        "activities",
        sa.Column("days", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
    )
    op.add_column("activities", sa.Column("min_age", sa.BigInteger(), nullable=True))
    op.add_column("activities", sa.Column("difficulty", sa.Text(), nullable=True))
    op.add_column(
        "bookings",
        sa.Column("traveler_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column(
        "bookings",
        sa.Column("arrived_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column(
        "customers", sa.Column("phone_verified_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column("customers", sa.Column("signed_in_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("departures", sa.Column("last_day", sa.Date(), nullable=True))
    op.add_column(
        "venues",
        sa.Column("offer_hours", sa.BigInteger(), server_default=sa.text("12"), nullable=False),
    )
    for table, rule in POLICIES.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY open_websites ON {table} TO {ROLE} USING ({rule})")
    _see_guests(OR_WAITING, AND_WAITING)


def _see_guests(also: str, websites: str) -> None:
    op.execute("DROP POLICY open_websites ON customers")
    op.execute(f"CREATE POLICY open_websites ON customers TO {ROLE} USING ({GUEST}{also})")
    op.execute(WEBSITES_OF.format(also=websites or " GROUP BY website_id"))


def downgrade() -> None:
    _see_guests("", "")
    op.drop_column("venues", "offer_hours")
    op.drop_column("departures", "last_day")
    op.drop_column("customers", "signed_in_at")
    op.drop_column("customers", "phone_verified_at")
    op.drop_column("bookings", "arrived_count")
    op.drop_column("bookings", "traveler_count")
    op.drop_column("activities", "difficulty")
    op.drop_column("activities", "min_age")
    op.drop_column("activities", "days")
    op.drop_index("ix_waiting_entries_queue", table_name="waiting_entries")
    op.drop_index(
        "ix_waiting_entries_open",
        table_name="waiting_entries",
        postgresql_where="state IN ('waiting', 'offered')",
    )
    op.drop_index(op.f("ix_waiting_entries_customer_id"), table_name="waiting_entries")
    op.drop_index("ix_waiting_entries_booking", table_name="waiting_entries")
    op.drop_table("waiting_entries")
    op.drop_index(
        "ix_change_requests_open", table_name="change_requests", postgresql_where="state = 'open'"
    )
    op.drop_index(op.f("ix_change_requests_customer_id"), table_name="change_requests")
    op.drop_index("ix_change_requests_booking", table_name="change_requests")
    op.drop_table("change_requests")
    op.drop_index(op.f("ix_booking_travelers_traveler_id"), table_name="booking_travelers")
    op.drop_index(
        "ix_booking_travelers_primary",
        table_name="booking_travelers",
        postgresql_where="is_primary",
    )
    op.drop_index(op.f("ix_booking_travelers_booking_id"), table_name="booking_travelers")
    op.drop_table("booking_travelers")
    op.drop_index("ix_refresh_tokens_expires", table_name="refresh_tokens")
    op.drop_index(op.f("ix_refresh_tokens_parent_id"), table_name="refresh_tokens")
    op.drop_index(op.f("ix_refresh_tokens_device_id"), table_name="refresh_tokens")
    op.drop_table("refresh_tokens")
    op.drop_index("ix_travelers_customer", table_name="travelers")
    op.drop_table("travelers")
    op.drop_index("ix_imported_rows_run", table_name="imported_rows")
    op.drop_index("ix_imported_rows_ours", table_name="imported_rows")
    op.drop_table("imported_rows")
    op.drop_index(op.f("ix_customer_devices_customer_id"), table_name="customer_devices")
    op.drop_table("customer_devices")
    op.drop_table("import_runs")
    op.drop_index("ix_otp_challenges_phone", table_name="otp_challenges")
    op.drop_index("ix_otp_challenges_created", table_name="otp_challenges")
    op.drop_table("otp_challenges")
