"""spine

Revision: 0001, after
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# The log is append-only for everybody, also for the application itself.
APPEND_ONLY = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE ON events
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER events_keep_all BEFORE TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""

# Their permissions are the code's; the rows are there to be referred to.
BUILT_IN_ROLES = """
INSERT INTO roles (id, name, permissions, built_in)
SELECT gen_random_uuid(), name, '[]'::jsonb, true
FROM unnest(ARRAY['superadmin', 'admin', 'staff']) AS name
"""


def upgrade() -> None:
    op.create_table(
        "customers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("phone_raw", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("email_hash", sa.LargeBinary(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("data_key", sa.Text(), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
    )
    op.create_index(
        "ix_customers_email",
        "customers",
        ["email_hash"],
        unique=False,
        postgresql_where="email_hash IS NOT NULL",
    )
    op.create_index(
        "ix_customers_email_only",
        "customers",
        ["email_hash"],
        unique=True,
        postgresql_where="phone IS NULL AND email_hash IS NOT NULL",
    )
    op.create_index(
        "ix_customers_phone",
        "customers",
        ["phone"],
        unique=True,
        postgresql_where="phone IS NOT NULL",
    )
    op.create_table(
        "destinations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("website_id", sa.Text(), nullable=True),
        sa.Column("is_on", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("off_reason", sa.Text(), nullable=True),
        sa.Column("paused_reason", sa.Text(), nullable=True),
        sa.Column("breaker", sa.Text(), server_default="closed", nullable=False),
        sa.Column("failures", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("probe_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_success_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_destinations")),
        sa.UniqueConstraint("key", name=op.f("uq_destinations_key")),
    )
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("website_id", sa.Text(), nullable=True),
        sa.Column("booking_id", sa.Uuid(), nullable=True),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=True),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("actor_label", sa.Text(), nullable=False),
        sa.Column("door", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("ip", sa.Text(), nullable=False),
        sa.Column("changes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "meta",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "occurred_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column(
            "transaction",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text)::bigint"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint("uid", name=op.f("uq_events_uid")),
    )
    op.create_index(
        "ix_events_booking",
        "events",
        ["booking_id", "id"],
        unique=False,
        postgresql_where="booking_id IS NOT NULL",
    )
    op.create_index("ix_events_cursor", "events", ["transaction", "id"], unique=False)
    op.create_index(
        "ix_events_subject", "events", ["subject_type", "subject_id", "id"], unique=False
    )
    op.create_index("ix_events_website", "events", ["website_id", "id"], unique=False)
    op.create_table(
        "login_attempts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_hash", sa.LargeBinary(), nullable=False),
        sa.Column("address_hash", sa.LargeBinary(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_attempts")),
    )
    op.create_index(
        "ix_login_attempts_account", "login_attempts", ["account_hash", "created_at"], unique=False
    )
    op.create_index(
        "ix_login_attempts_address", "login_attempts", ["address_hash", "created_at"], unique=False
    )
    op.create_index("ix_login_attempts_age", "login_attempts", ["created_at"], unique=False)
    op.create_table(
        "login_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_login_links_token_hash")),
    )
    op.create_table(
        "receipts",
        sa.Column("door", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body_digest", sa.LargeBinary(), nullable=False),
        sa.Column("http_status", sa.BigInteger(), nullable=False),
        sa.Column("answer", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("door", "key", name=op.f("pk_receipts")),
    )
    op.create_index(op.f("ix_receipts_created_at"), "receipts", ["created_at"], unique=False)
    op.create_table(
        "roles",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("permissions", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("built_in", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roles")),
        sa.UniqueConstraint("name", name=op.f("uq_roles_name")),
    )
    op.create_table(
        "sync_logs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("website_id", sa.Text(), nullable=True),
        sa.Column("booking_id", sa.Uuid(), nullable=True),
        sa.Column("event_id", sa.BigInteger(), nullable=True),
        sa.Column("delivery_id", sa.BigInteger(), nullable=True),
        sa.Column("source_event_id", sa.Text(), nullable=True),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("door", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("http_status", sa.BigInteger(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column(
            "notes",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "request_headers",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("request_body", sa.Text(), nullable=True),
        sa.Column(
            "response_headers",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("response_body", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("attempt", sa.BigInteger(), nullable=True),
        sa.Column("duration_ms", sa.BigInteger(), nullable=True),
        sa.Column("request_id", sa.Text(), server_default="", nullable=False),
        sa.Column("ip", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_logs")),
    )
    op.create_index("ix_sync_logs_booking", "sync_logs", ["booking_id", "id"], unique=False)
    op.create_index("ix_sync_logs_delivery", "sync_logs", ["delivery_id"], unique=False)
    op.create_index(
        "ix_sync_logs_failed",
        "sync_logs",
        ["website_id", "id"],
        unique=False,
        postgresql_where="status = 'failed'",
    )
    op.create_index("ix_sync_logs_website", "sync_logs", ["website_id", "id"], unique=False)
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_hash", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email_hash", name=op.f("uq_users_email_hash")),
    )
    op.create_table(
        "websites",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("logo_url", sa.Text(), nullable=True),
        sa.Column("timezone", sa.Text(), server_default="Asia/Bangkok", nullable=False),
        sa.Column("currency", sa.Text(), server_default="THB", nullable=False),
        sa.Column("phone_region", sa.Text(), server_default="TH", nullable=False),
        sa.Column("webhook_url", sa.Text(), nullable=True),
        sa.Column("webhook_secret", sa.Text(), nullable=True),
        sa.Column("old_webhook_secret", sa.Text(), nullable=True),
        sa.Column("old_secret_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_websites")),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("website_id", sa.Text(), nullable=True),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "allowed_ips",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["website_id"], ["websites.id"], name=op.f("fk_api_keys_website_id_websites")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_keys_key_hash")),
    )
    op.create_index(op.f("ix_api_keys_website_id"), "api_keys", ["website_id"], unique=False)
    op.create_table(
        "bookings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("website_id", sa.Text(), nullable=False),
        sa.Column("source_booking_id", sa.Uuid(), nullable=False),
        sa.Column("booking_ref", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="activity", nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("package_name", sa.Text(), nullable=False),
        sa.Column("package_price", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("venue", sa.Text(), nullable=True),
        sa.Column("activity_date", sa.Date(), nullable=False),
        sa.Column("time_slot", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("guest_count", sa.BigInteger(), nullable=False),
        sa.Column("total_amount", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column(
            "discount_amount",
            sa.Numeric(precision=12, scale=2),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.Column("currency", sa.Text(), server_default="THB", nullable=False),
        sa.Column("status", sa.Text(), server_default="confirmed", nullable=False),
        sa.Column("stated_status", sa.Text(), server_default="confirmed", nullable=False),
        sa.Column("source_status", sa.Text(), nullable=True),
        sa.Column("cancellation_reason", sa.Text(), nullable=True),
        sa.Column("refunded_amount", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("refund_is_full", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("checked_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("customer_name", sa.Text(), nullable=False),
        sa.Column("customer_email", sa.Text(), nullable=False),
        sa.Column("customer_email_hash", sa.LargeBinary(), nullable=False),
        sa.Column("customer_phone", sa.Text(), nullable=True),
        sa.Column("customer_country_code", sa.Text(), nullable=True),
        sa.Column("special_requests", sa.Text(), nullable=True),
        sa.Column("transport_type", sa.Text(), nullable=True),
        sa.Column("hotel_name", sa.Text(), nullable=True),
        sa.Column("room_number", sa.Text(), nullable=True),
        sa.Column("non_players", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "private_passengers", sa.BigInteger(), server_default=sa.text("0"), nullable=False
        ),
        sa.Column(
            "transport_cost",
            sa.Numeric(precision=12, scale=2),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.Column(
            "addons",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column("stripe_payment_intent_id", sa.Text(), nullable=True),
        sa.Column("admin_notes", sa.Text(), nullable=True),
        sa.Column(
            "field_times",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("created_digest", sa.LargeBinary(), nullable=True),
        sa.Column("search_text", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "search",
            postgresql.TSVECTOR(),
            sa.Computed("array_to_tsvector(string_to_array(search_text, ' '))", persisted=True),
            nullable=False,
        ),
        sa.Column("source_created_at", sa.DateTime(timezone=True), nullable=True),
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
            ["customer_id"], ["customers.id"], name=op.f("fk_bookings_customer_id_customers")
        ),
        sa.ForeignKeyConstraint(
            ["website_id"], ["websites.id"], name=op.f("fk_bookings_website_id_websites")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookings")),
        sa.UniqueConstraint(
            "website_id", "source_booking_id", name=op.f("uq_bookings_website_id_source_booking_id")
        ),
    )
    op.create_index(op.f("ix_bookings_customer_id"), "bookings", ["customer_id"], unique=False)
    op.create_index(
        "ix_bookings_website_status_day",
        "bookings",
        ["website_id", "status", "activity_date", "time_slot", "id"],
        unique=False,
    )
    op.create_index("ix_bookings_ref", "bookings", ["booking_ref"])
    op.create_index(
        "ix_bookings_day", "bookings", ["activity_date", "time_slot", "id"], unique=False
    )
    op.create_index("ix_bookings_email", "bookings", ["customer_email_hash"], unique=False)
    op.create_index(
        "ix_bookings_search", "bookings", ["search"], unique=False, postgresql_using="gin"
    )
    op.create_index(
        "ix_bookings_status_day",
        "bookings",
        ["status", "activity_date", "time_slot", "id"],
        unique=False,
    )
    op.create_index(
        "ix_bookings_website_day",
        "bookings",
        ["website_id", "activity_date", "time_slot", "id"],
        unique=False,
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("destination_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("website_id", sa.Text(), nullable=True),
        sa.Column("booking_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("tries", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("refusals", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("fallback", sa.Text(), nullable=True),
        sa.Column(
            "due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claim", sa.Uuid(), nullable=True),
        sa.Column("give_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_status", sa.BigInteger(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["destination_id"],
            ["destinations.id"],
            name=op.f("fk_deliveries_destination_id_destinations"),
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["events.id"], name=op.f("fk_deliveries_event_id_events")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint(
            "event_id", "destination_id", name=op.f("uq_deliveries_event_id_destination_id")
        ),
    )
    op.create_index(
        "ix_deliveries_due",
        "deliveries",
        ["destination_id", "due_at"],
        unique=False,
        postgresql_where="state = 'ready'",
    )
    op.create_index(
        "ix_deliveries_parked",
        "deliveries",
        ["destination_id", "due_at"],
        unique=False,
        postgresql_where="state = 'parked'",
    )
    op.create_index(
        "ix_deliveries_failed",
        "deliveries",
        ["website_id", "id"],
        unique=False,
        postgresql_where="state = 'failed'",
    )
    op.create_index(
        "ix_deliveries_skipped",
        "deliveries",
        ["website_id", "id"],
        unique=False,
        postgresql_where="state = 'skipped'",
    )
    op.create_index(
        "ix_deliveries_head",
        "deliveries",
        ["destination_id", "lane"],
        unique=True,
        postgresql_where="state IN ('ready', 'sending', 'parked', 'failed')",
    )
    op.create_index(
        "ix_deliveries_lane",
        "deliveries",
        ["destination_id", "lane", "position"],
        unique=False,
        postgresql_where="state IN ('waiting', 'ready', 'sending', 'parked', 'failed')",
    )
    op.create_index(
        "ix_deliveries_leases",
        "deliveries",
        ["lease_until"],
        unique=False,
        postgresql_where="state = 'sending'",
    )
    op.create_index(
        "ix_deliveries_open_of_booking",
        "deliveries",
        ["booking_id"],
        unique=False,
        postgresql_where="state IN ('waiting', 'ready', 'sending', 'parked', 'failed')",
    )
    op.create_index("ix_deliveries_website", "deliveries", ["website_id", "id"], unique=False)
    op.create_table(
        "memberships",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("website_id", sa.Text(), nullable=True),
        sa.Column("role_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["role_id"], ["roles.id"], name=op.f("fk_memberships_role_id_roles")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_memberships_user_id_users"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["website_id"], ["websites.id"], name=op.f("fk_memberships_website_id_websites")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_memberships")),
        sa.UniqueConstraint(
            "user_id",
            "website_id",
            "role_id",
            name=op.f("uq_memberships_user_id_website_id_role_id"),
        ),
    )
    op.create_index(
        "ix_memberships_everywhere",
        "memberships",
        ["user_id", "role_id"],
        unique=True,
        postgresql_where="website_id IS NULL",
    )
    op.create_index(op.f("ix_memberships_role_id"), "memberships", ["role_id"], unique=False)
    op.create_index(op.f("ix_memberships_website_id"), "memberships", ["website_id"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("event_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["event_id"], ["events.id"], name=op.f("fk_outbox_event_id_events")
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_outbox")),
    )
    op.create_index("ix_outbox_booking", "outbox", ["booking_id", "version"], unique=False)
    op.create_table(
        "user_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="browser", nullable=False),
        sa.Column("ip", sa.Text(), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=False),
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
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_user_sessions_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_user_sessions_token_hash")),
    )
    op.create_index(op.f("ix_user_sessions_user_id"), "user_sessions", ["user_id"], unique=False)
    op.execute(APPEND_ONLY)
    for table in ("deliveries", "outbox", "destinations"):
        op.execute(
            f"ALTER TABLE {table} SET (autovacuum_vacuum_scale_factor = 0.02,"
            " autovacuum_analyze_scale_factor = 0.02)"
        )
    op.execute(BUILT_IN_ROLES)


def downgrade() -> None:
    op.drop_index(op.f("ix_user_sessions_user_id"), table_name="user_sessions")
    op.drop_table("user_sessions")
    op.drop_index("ix_outbox_booking", table_name="outbox")
    op.drop_table("outbox")
    op.drop_index(op.f("ix_memberships_website_id"), table_name="memberships")
    op.drop_index(op.f("ix_memberships_role_id"), table_name="memberships")
    op.drop_index(
        "ix_memberships_everywhere", table_name="memberships", postgresql_where="website_id IS NULL"
    )
    op.drop_table("memberships")
    op.drop_index("ix_deliveries_website", table_name="deliveries")
    op.drop_index(
        "ix_deliveries_open_of_booking",
        table_name="deliveries",
        postgresql_where="state IN ('waiting', 'ready', 'sending', 'parked', 'failed')",
    )
    op.drop_index(
        "ix_deliveries_leases", table_name="deliveries", postgresql_where="state = 'sending'"
    )
    op.drop_index(
        "ix_deliveries_lane",
        table_name="deliveries",
        postgresql_where="state IN ('waiting', 'ready', 'sending', 'parked', 'failed')",
    )
    op.drop_index(
        "ix_deliveries_head",
        table_name="deliveries",
        postgresql_where="state IN ('ready', 'sending', 'parked', 'failed')",
    )
    op.drop_index(
        "ix_deliveries_parked", table_name="deliveries", postgresql_where="state = 'parked'"
    )
    op.drop_index(
        "ix_deliveries_failed", table_name="deliveries", postgresql_where="state = 'failed'"
    )
    op.drop_index(
        "ix_deliveries_skipped", table_name="deliveries", postgresql_where="state = 'skipped'"
    )
    op.drop_index("ix_deliveries_due", table_name="deliveries", postgresql_where="state = 'ready'")
    op.drop_table("deliveries")
    op.drop_index("ix_bookings_website_day", table_name="bookings")
    op.drop_index("ix_bookings_status_day", table_name="bookings")
    op.drop_index("ix_bookings_search", table_name="bookings", postgresql_using="gin")
    op.drop_index("ix_bookings_email", table_name="bookings")
    op.drop_index("ix_bookings_day", table_name="bookings")
    op.drop_index(op.f("ix_bookings_customer_id"), table_name="bookings")
    op.drop_table("bookings")
    op.drop_index(op.f("ix_api_keys_website_id"), table_name="api_keys")
    op.drop_table("api_keys")
    op.drop_table("websites")
    op.drop_table("users")
    op.drop_index("ix_sync_logs_website", table_name="sync_logs")
    op.drop_index(
        "ix_sync_logs_failed", table_name="sync_logs", postgresql_where="status = 'failed'"
    )
    op.drop_index("ix_sync_logs_delivery", table_name="sync_logs")
    op.drop_index("ix_sync_logs_booking", table_name="sync_logs")
    op.drop_table("sync_logs")
    op.drop_table("roles")
    op.drop_index(op.f("ix_receipts_created_at"), table_name="receipts")
    op.drop_table("receipts")
    op.drop_table("login_links")
    op.drop_index("ix_login_attempts_age", table_name="login_attempts")
    op.drop_index("ix_login_attempts_address", table_name="login_attempts")
    op.drop_index("ix_login_attempts_account", table_name="login_attempts")
    op.drop_table("login_attempts")
    op.drop_index("ix_events_website", table_name="events")
    op.drop_index("ix_events_subject", table_name="events")
    op.drop_index("ix_events_cursor", table_name="events")
    op.drop_index(
        "ix_events_booking", table_name="events", postgresql_where="booking_id IS NOT NULL"
    )
    op.drop_table("events")
    op.drop_table("destinations")
    op.drop_index(
        "ix_customers_phone", table_name="customers", postgresql_where="phone IS NOT NULL"
    )
    op.drop_index(
        "ix_customers_email_only",
        table_name="customers",
        postgresql_where="phone IS NULL AND email_hash IS NOT NULL",
    )
    op.drop_index(
        "ix_customers_email", table_name="customers", postgresql_where="email_hash IS NOT NULL"
    )
    op.drop_table("customers")
    op.execute("DROP FUNCTION refuse_change()")
