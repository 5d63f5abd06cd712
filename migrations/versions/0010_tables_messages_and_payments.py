"""Tables, messages and payments

Revision: 0010, after 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ROLE = "onebooking_desk"
BY_WEBSITE = ("booking_items", "messages", "payments", "provider_events")
# As in 0004: asked once for a statement, not for every row.
OPEN = "website_id = ANY (CAST((SELECT string_to_array("
OPEN += "current_setting('onebooking.websites', true), ',')) AS text[]))"
KNOWN = "EXISTS (SELECT FROM customers c WHERE c.id = customer_merges.kept_id)"
# A record that was merged is seen where the one that was kept is. (Not by `coalesce`: PostgreSQL
# does not hold it to be leakproof, and would read all bookings instead of an index.)
GUEST = """(SELECT current_setting('onebooking.people', true)) = 'all'
    OR EXISTS (SELECT FROM bookings b WHERE b.customer_id = customers.id)"""
OR_MERGED = """ OR (customers.merged_into_id IS NOT NULL
    AND EXISTS (SELECT FROM bookings b WHERE b.customer_id = customers.merged_into_id))"""
PHONE = ("ix_customers_phone", ["phone"], "phone IS NOT NULL")
EMAIL = ("ix_customers_email_only", ["email_hash"], "phone IS NULL AND email_hash IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), server_default="", nullable=False),
        sa.Column("website_id", sa.Text(), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column(
            "fired_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column(
            "seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("calm_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
    )
    op.create_index("ix_alerts_fired", "alerts", ["fired_at"], unique=False)
    op.create_index(
        "ix_alerts_firing",
        "alerts",
        ["condition", "key"],
        unique=True,
        postgresql_where="resolved_at IS NULL",
    )
    op.create_table(
        "call_minutes",
        sa.Column("minute", sa.DateTime(timezone=True), nullable=False),
        sa.Column("door", sa.Text(), nullable=False),
        sa.Column("calls", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("errors", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("refusals", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("total_ms", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "over",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("minute", "door", name=op.f("pk_call_minutes")),
    )
    op.create_table(
        "message_settings",
        sa.Column("website_id", sa.Text(), nullable=False),
        sa.Column("sms_by", sa.Text(), server_default="off", nullable=False),
        sa.Column("sms", sa.Text(), nullable=True),
        sa.Column("email_by", sa.Text(), server_default="off", nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column(
            "sms_first",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column("sender_name", sa.Text(), server_default="", nullable=False),
        sa.Column("reply_to", sa.Text(), nullable=True),
        sa.Column("manager_email", sa.Text(), nullable=True),
        sa.Column("kitchen_email", sa.Text(), nullable=True),
        sa.Column("contact_phone", sa.Text(), nullable=True),
        sa.Column("review_link", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), server_default="en", nullable=False),
        sa.Column("segment_price", sa.Numeric(precision=8, scale=4), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["website_id"],
            ["websites.id"],
            name=op.f("fk_message_settings_website_id_websites"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("website_id", name=op.f("pk_message_settings")),
    )
    op.create_table(
        "message_templates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("website_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("variant", sa.Text(), server_default="regular", nullable=False),
        sa.Column("medium", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("is_on", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("updated_by", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["website_id"],
            ["websites.id"],
            name=op.f("fk_message_templates_website_id_websites"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_templates")),
        sa.UniqueConstraint(
            "website_id",
            "kind",
            "variant",
            "medium",
            "language",
            name=op.f("uq_message_templates_website_id_kind_variant_medium_language"),
        ),
    )
    op.create_table(
        "payment_settings",
        sa.Column("website_id", sa.Text(), nullable=False),
        sa.Column("is_on", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("client_id", sa.Text(), server_default="", nullable=False),
        sa.Column("secret", sa.Text(), nullable=True),
        sa.Column("webhook_id", sa.Text(), server_default="", nullable=False),
        sa.Column("is_live", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("verify_online", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("deposit_minutes", sa.BigInteger(), server_default=sa.text("30"), nullable=False),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["website_id"],
            ["websites.id"],
            name=op.f("fk_payment_settings_website_id_websites"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("website_id", name=op.f("pk_payment_settings")),
    )
    op.create_table(
        "provider_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("website_id", sa.Text(), nullable=True),
        sa.Column("booking_id", sa.Uuid(), nullable=True),
        sa.Column("payload", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column(
            "received_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["website_id"], ["websites.id"], name=op.f("fk_provider_events_website_id_websites")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_events")),
        sa.UniqueConstraint(
            "provider", "event_id", name=op.f("uq_provider_events_provider_event_id")
        ),
    )
    op.create_index(
        "ix_provider_events_website", "provider_events", ["website_id", "received_at"], unique=False
    )
    op.create_table(
        "customer_merges",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kept_id", sa.Uuid(), nullable=False),
        sa.Column("gone_id", sa.Uuid(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column(
            "moved",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column("merged_by", sa.Uuid(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["gone_id"], ["customers.id"], name=op.f("fk_customer_merges_gone_id_customers")
        ),
        sa.ForeignKeyConstraint(
            ["kept_id"], ["customers.id"], name=op.f("fk_customer_merges_kept_id_customers")
        ),
        sa.ForeignKeyConstraint(
            ["merged_by"], ["users.id"], name=op.f("fk_customer_merges_merged_by_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_merges")),
    )
    op.create_index(
        op.f("ix_customer_merges_gone_id"), "customer_merges", ["gone_id"], unique=False
    )
    op.create_index(
        op.f("ix_customer_merges_kept_id"), "customer_merges", ["kept_id"], unique=False
    )
    op.create_table(
        "menu_sections",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("booking_type", sa.Text(), nullable=True),
        sa.Column("is_main", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("position", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["venue_id"],
            ["venues.id"],
            name=op.f("fk_menu_sections_venue_id_venues"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_menu_sections")),
    )
    op.create_index(op.f("ix_menu_sections_venue_id"), "menu_sections", ["venue_id"], unique=False)
    op.create_table(
        "menu_items",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("section_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("price", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column(
            "allergens",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column("is_available", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=True),
        sa.Column("until_day", sa.Date(), nullable=True),
        sa.Column("position", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["section_id"],
            ["menu_sections.id"],
            name=op.f("fk_menu_items_section_id_menu_sections"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_menu_items")),
    )
    op.create_index(op.f("ix_menu_items_section_id"), "menu_items", ["section_id"], unique=False)
    op.create_table(
        "booking_items",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("website_id", sa.Text(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("menu_item_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("price", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("quantity", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("guest_name", sa.Text(), nullable=True),
        sa.Column("special_requests", sa.Text(), nullable=True),
        sa.Column("position", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(
            ["booking_id"],
            ["bookings.id"],
            name=op.f("fk_booking_items_booking_id_bookings"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["menu_item_id"],
            ["menu_items.id"],
            name=op.f("fk_booking_items_menu_item_id_menu_items"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["website_id"], ["websites.id"], name=op.f("fk_booking_items_website_id_websites")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_items")),
    )
    op.create_index(
        op.f("ix_booking_items_booking_id"), "booking_items", ["booking_id"], unique=False
    )
    op.create_index(
        op.f("ix_booking_items_menu_item_id"), "booking_items", ["menu_item_id"], unique=False
    )
    op.create_table(
        "booking_notices",
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("visit_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["booking_id"],
            ["bookings.id"],
            name=op.f("fk_booking_notices_booking_id_bookings"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("booking_id", "kind", "visit_at", name=op.f("pk_booking_notices")),
    )
    op.create_table(
        "messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("website_id", sa.Text(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=True),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("medium", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), server_default="en", nullable=False),
        sa.Column("recipient", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("calendar", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), server_default="queued", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("provider_id", sa.Text(), nullable=True),
        sa.Column("segments", sa.BigInteger(), nullable=True),
        sa.Column("cost", sa.Numeric(precision=10, scale=4), nullable=True),
        sa.Column("sending_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
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
            ["booking_id"], ["bookings.id"], name=op.f("fk_messages_booking_id_bookings")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_messages_customer_id_customers")
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["events.id"], name=op.f("fk_messages_event_id_events")
        ),
        sa.ForeignKeyConstraint(
            ["website_id"], ["websites.id"], name=op.f("fk_messages_website_id_websites")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint(
            "event_id", "medium", "audience", name=op.f("uq_messages_event_id_medium_audience")
        ),
    )
    op.create_index(op.f("ix_messages_booking_id"), "messages", ["booking_id"], unique=False)
    op.create_index("ix_messages_created", "messages", ["created_at"], unique=False)
    op.create_index("ix_messages_customer", "messages", ["customer_id", "created_at"], unique=False)
    op.create_index(
        "ix_messages_provider",
        "messages",
        ["provider_id"],
        unique=False,
        postgresql_where="provider_id IS NOT NULL",
    )
    op.create_index("ix_messages_website", "messages", ["website_id", "id"], unique=False)
    op.create_index(
        "ix_messages_words",
        "messages",
        ["website_id", "created_at"],
        unique=False,
        postgresql_where="body IS NOT NULL",
    )
    op.create_index(
        "ix_messages_problems",
        "messages",
        ["website_id", "id"],
        unique=False,
        postgresql_where="state IN ('failed', 'undelivered', 'held_back')",
    )
    op.create_table(
        "payments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("website_id", sa.Text(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), server_default="paypal", nullable=False),
        sa.Column("of_id", sa.Uuid(), nullable=True),
        sa.Column("amount", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="requested", nullable=False),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("capture_id", sa.Text(), nullable=True),
        sa.Column("refund_id", sa.Text(), nullable=True),
        sa.Column("approve_url", sa.Text(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("requested_by", sa.Text(), server_default="", nullable=False),
        sa.Column("request_key", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
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
            ["booking_id"], ["bookings.id"], name=op.f("fk_payments_booking_id_bookings")
        ),
        sa.ForeignKeyConstraint(
            ["of_id"], ["payments.id"], name=op.f("fk_payments_of_id_payments")
        ),
        sa.ForeignKeyConstraint(
            ["website_id"], ["websites.id"], name=op.f("fk_payments_website_id_websites")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        sa.UniqueConstraint(
            "booking_id", "request_key", name=op.f("uq_payments_booking_id_request_key")
        ),
    )
    op.create_index(op.f("ix_payments_booking_id"), "payments", ["booking_id"], unique=False)
    op.create_index("ix_payments_capture", "payments", ["capture_id"], unique=True)
    op.create_index(op.f("ix_payments_of_id"), "payments", ["of_id"], unique=False)
    op.create_index(
        "ix_payments_open",
        "payments",
        ["expires_at"],
        unique=False,
        postgresql_where="state IN ('requested', 'created', 'pending')",
    )
    op.create_index("ix_payments_order", "payments", ["order_id"], unique=True)
    op.create_index("ix_payments_refund", "payments", ["refund_id"], unique=True)
    op.create_index("ix_payments_website", "payments", ["website_id", "created_at"], unique=False)
    op.create_index(
        "ix_payments_trouble",
        "payments",
        ["updated_at"],
        unique=False,
        postgresql_where="state IN ('failed', 'reversed')",
    )
    op.add_column("activities", sa.Column("booking_type", sa.Text(), nullable=True))
    op.add_column("activities", sa.Column("seats", sa.BigInteger(), nullable=True))
    op.add_column(
        "activities",
        sa.Column(
            "last_seating_minutes", sa.BigInteger(), server_default=sa.text("0"), nullable=False
        ),
    )
    op.add_column(
        "activities", sa.Column("deposit", sa.Numeric(precision=12, scale=2), nullable=True)
    )
    op.add_column(
        "activities",
        sa.Column(
            "deposit_from_party", sa.BigInteger(), server_default=sa.text("1"), nullable=False
        ),
    )
    op.add_column(
        "activities",
        sa.Column("needs_choices", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column("bookings", sa.Column("booking_type", sa.Text(), nullable=True))
    op.add_column(
        "bookings",
        sa.Column("slot_keys", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    )
    op.add_column("bookings", sa.Column("allergies", sa.Text(), nullable=True))
    op.add_column("bookings", sa.Column("celebration", sa.Text(), nullable=True))
    op.add_column(
        "bookings",
        sa.Column("high_chairs", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column(
        "bookings", sa.Column("deposit_amount", sa.Numeric(precision=12, scale=2), nullable=True)
    )
    op.add_column(
        "bookings",
        sa.Column(
            "paid_amount",
            sa.Numeric(precision=12, scale=2),
            server_default=sa.text("0"),
            nullable=False,
        ),
    )
    op.add_column(
        "bookings",
        sa.Column(
            "calendar_sequence", sa.BigInteger(), server_default=sa.text("0"), nullable=False
        ),
    )
    op.add_column(
        "customers",
        sa.Column("sms_opt_in", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column(
        "customers", sa.Column("sms_opt_in_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column("customers", sa.Column("sms_opt_in_source", sa.Text(), nullable=True))
    op.add_column("customers", sa.Column("language", sa.Text(), nullable=True))
    op.add_column(
        "customers", sa.Column("sms_health", sa.Text(), server_default="good", nullable=False)
    )
    op.add_column(
        "customers",
        sa.Column("sms_failures", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column("customers", sa.Column("sms_problem", sa.Text(), nullable=True))
    op.add_column(
        "customers", sa.Column("sms_checked_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column(
        "customers", sa.Column("email_health", sa.Text(), server_default="good", nullable=False)
    )
    op.add_column(
        "customers",
        sa.Column("email_failures", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column("customers", sa.Column("email_problem", sa.Text(), nullable=True))
    op.add_column(
        "customers", sa.Column("email_checked_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column(
        "customers",
        sa.Column(
            "table_booking_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False
        ),
    )
    op.add_column(
        "customers",
        sa.Column("no_show_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column("customers", sa.Column("last_table_booking_date", sa.Date(), nullable=True))
    op.add_column("customers", sa.Column("merged_into_id", sa.Uuid(), nullable=True))
    op.create_index(
        op.f("ix_customers_merged_into_id"), "customers", ["merged_into_id"], unique=False
    )
    op.create_foreign_key(
        op.f("fk_customers_merged_into_id_customers"),
        "customers",
        "customers",
        ["merged_into_id"],
        ["id"],
    )
    op.drop_constraint(op.f("uq_deliveries_event_id_destination_id"), "deliveries", type_="unique")
    op.create_unique_constraint(
        op.f("uq_deliveries_event_id_destination_id_lane"),
        "deliveries",
        ["event_id", "destination_id", "lane"],
    )
    op.add_column(
        "deliveries",
        sa.Column("can_wait", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.drop_index("ix_deliveries_due", table_name="deliveries")
    op.create_index(
        "ix_deliveries_due",
        "deliveries",
        ["destination_id", "can_wait", "due_at"],
        unique=False,
        postgresql_where="state = 'ready'",
    )
    op.add_column("destinations", sa.Column("most_at_once", sa.BigInteger(), nullable=True))
    op.add_column("destinations", sa.Column("per_minute", sa.BigInteger(), nullable=True))
    op.add_column(
        "destinations", sa.Column("paced_until", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column("scheduled_runs", sa.Column("error", sa.Text(), nullable=True))
    op.add_column("scheduled_runs", sa.Column("asked_by", sa.Text(), nullable=True))
    op.create_index(
        "ix_scheduled_runs_open",
        "scheduled_runs",
        ["due_at"],
        unique=False,
        postgresql_where="finished_at IS NULL",
    )
    op.add_column(
        "slot_usage",
        sa.Column("seated", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column(
        "venues",
        sa.Column(
            "late_refund_percent", sa.BigInteger(), server_default=sa.text("0"), nullable=False
        ),
    )
    op.add_column(
        "venues",
        sa.Column("quiet_from", sa.Time(), server_default=sa.text("'21:00'"), nullable=True),
    )
    op.add_column(
        "venues",
        sa.Column("quiet_until", sa.Time(), server_default=sa.text("'08:00'"), nullable=True),
    )
    for table in BY_WEBSITE:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY open_websites ON {table} TO {ROLE} USING ({OPEN})")
    op.execute("ALTER TABLE customer_merges ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY open_websites ON customer_merges TO {ROLE} USING ({KNOWN})")
    op.execute(
        """UPDATE customers c SET no_show_count = b.count
        FROM (SELECT customer_id, count(*) FROM bookings WHERE status = 'no_show' GROUP BY 1) AS b
        WHERE b.customer_id = c.id"""
    )
    _see_guests(OR_MERGED)
    _find_live_ones(" AND merged_into_id IS NULL")
    op.create_index(
        "ix_customers_any_phone",
        "customers",
        ["phone"],
        postgresql_ops={"phone": "text_pattern_ops"},
        postgresql_where="phone IS NOT NULL",
    )
    op.create_index(
        "ix_customers_name",
        "customers",
        [sa.text("to_tsvector('simple'::regconfig, (first_name || ' '::text) || last_name)")],
        postgresql_using="gin",
    )


def _see_guests(also: str) -> None:
    op.execute("DROP POLICY open_websites ON customers")
    op.execute(f"CREATE POLICY open_websites ON customers TO {ROLE} USING ({GUEST}{also})")


def _find_live_ones(also: str) -> None:
    """The unique keys by which guests are found."""
    for name, columns, where in (PHONE, EMAIL):
        op.drop_index(name, table_name="customers")
        op.create_index(name, "customers", columns, unique=True, postgresql_where=where + also)


def downgrade() -> None:
    op.drop_index("ix_customers_name", table_name="customers", postgresql_using="gin")
    op.drop_index("ix_customers_any_phone", table_name="customers")
    # Whoever was merged holds nothing that another may hold.
    op.execute(
        "UPDATE customers SET phone = NULL, email_hash = NULL WHERE merged_into_id IS NOT NULL"
    )
    _find_live_ones("")
    _see_guests("")
    # Only webhooks are known below, one to a destination.
    op.execute("DELETE FROM deliveries WHERE channel <> 'webhook'")
    op.drop_column("venues", "quiet_until")
    op.drop_column("venues", "quiet_from")
    op.drop_column("venues", "late_refund_percent")
    op.drop_column("slot_usage", "seated")
    op.drop_column("scheduled_runs", "asked_by")
    op.drop_index("ix_scheduled_runs_open", table_name="scheduled_runs")
    op.drop_column("scheduled_runs", "error")
    op.drop_column("destinations", "paced_until")
    op.drop_column("destinations", "per_minute")
    op.drop_column("destinations", "most_at_once")
    op.drop_index("ix_deliveries_due", table_name="deliveries")
    op.create_index(
        "ix_deliveries_due",
        "deliveries",
        ["destination_id", "due_at"],
        unique=False,
        postgresql_where="state = 'ready'",
    )
    op.drop_column("deliveries", "can_wait")
    op.drop_constraint(
        op.f("uq_deliveries_event_id_destination_id_lane"), "deliveries", type_="unique"
    )
    op.create_unique_constraint(
        op.f("uq_deliveries_event_id_destination_id"), "deliveries", ["event_id", "destination_id"]
    )
    op.drop_constraint(
        op.f("fk_customers_merged_into_id_customers"), "customers", type_="foreignkey"
    )
    op.drop_index(op.f("ix_customers_merged_into_id"), table_name="customers")
    op.drop_column("customers", "merged_into_id")
    op.drop_column("customers", "last_table_booking_date")
    op.drop_column("customers", "no_show_count")
    op.drop_column("customers", "table_booking_count")
    op.drop_column("customers", "email_checked_at")
    op.drop_column("customers", "email_problem")
    op.drop_column("customers", "email_failures")
    op.drop_column("customers", "email_health")
    op.drop_column("customers", "sms_checked_at")
    op.drop_column("customers", "sms_problem")
    op.drop_column("customers", "sms_failures")
    op.drop_column("customers", "sms_health")
    op.drop_column("customers", "language")
    op.drop_column("customers", "sms_opt_in_source")
    op.drop_column("customers", "sms_opt_in_at")
    op.drop_column("customers", "sms_opt_in")
    op.drop_column("bookings", "calendar_sequence")
    op.drop_column("bookings", "paid_amount")
    op.drop_column("bookings", "deposit_amount")
    op.drop_column("bookings", "high_chairs")
    op.drop_column("bookings", "celebration")
    op.drop_column("bookings", "allergies")
    op.drop_column("bookings", "slot_keys")
    op.drop_column("bookings", "booking_type")
    op.drop_column("activities", "needs_choices")
    op.drop_column("activities", "deposit_from_party")
    op.drop_column("activities", "deposit")
    op.drop_column("activities", "last_seating_minutes")
    op.drop_column("activities", "seats")
    op.drop_column("activities", "booking_type")
    op.drop_index(
        "ix_payments_trouble",
        table_name="payments",
        postgresql_where="state IN ('failed', 'reversed')",
    )
    op.drop_index("ix_payments_website", table_name="payments")
    op.drop_index("ix_payments_refund", table_name="payments")
    op.drop_index("ix_payments_order", table_name="payments")
    op.drop_index(
        "ix_payments_open",
        table_name="payments",
        postgresql_where="state IN ('requested', 'created', 'pending')",
    )
    op.drop_index(op.f("ix_payments_of_id"), table_name="payments")
    op.drop_index("ix_payments_capture", table_name="payments")
    op.drop_index(op.f("ix_payments_booking_id"), table_name="payments")
    op.drop_table("payments")
    op.drop_index(
        "ix_messages_problems",
        table_name="messages",
        postgresql_where="state IN ('failed', 'undelivered', 'held_back')",
    )
    op.drop_index("ix_messages_words", table_name="messages", postgresql_where="body IS NOT NULL")
    op.drop_index("ix_messages_website", table_name="messages")
    op.drop_index(
        "ix_messages_provider", table_name="messages", postgresql_where="provider_id IS NOT NULL"
    )
    op.drop_index("ix_messages_customer", table_name="messages")
    op.drop_index("ix_messages_created", table_name="messages")
    op.drop_index(op.f("ix_messages_booking_id"), table_name="messages")
    op.drop_table("messages")
    op.drop_table("booking_notices")
    op.drop_index(op.f("ix_booking_items_menu_item_id"), table_name="booking_items")
    op.drop_index(op.f("ix_booking_items_booking_id"), table_name="booking_items")
    op.drop_table("booking_items")
    op.drop_index(op.f("ix_menu_items_section_id"), table_name="menu_items")
    op.drop_table("menu_items")
    op.drop_index(op.f("ix_menu_sections_venue_id"), table_name="menu_sections")
    op.drop_table("menu_sections")
    op.drop_index(op.f("ix_customer_merges_kept_id"), table_name="customer_merges")
    op.drop_index(op.f("ix_customer_merges_gone_id"), table_name="customer_merges")
    op.drop_table("customer_merges")
    op.drop_index("ix_provider_events_website", table_name="provider_events")
    op.drop_table("provider_events")
    op.drop_table("payment_settings")
    op.drop_table("message_templates")
    op.drop_table("message_settings")
    op.drop_table("call_minutes")
    op.drop_index("ix_alerts_firing", table_name="alerts", postgresql_where="resolved_at IS NULL")
    op.drop_index("ix_alerts_fired", table_name="alerts")
    op.drop_table("alerts")
