"""Venues, what can be booked there, and partners who book

Revision: 0006, after 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ROLE = "onebooking_desk"
# Doors of programs look for guests by phone and e-mail; others see those of visible bookings.
KNOWN = """(SELECT current_setting('onebooking.people', true)) = 'all'
    OR EXISTS (SELECT FROM customers c WHERE c.id = partner_customers.customer_id)"""


def upgrade() -> None:
    op.create_table(
        "partners",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("company_name", sa.Text(), nullable=False),
        sa.Column("contact_email", sa.Text(), nullable=False),
        sa.Column("contact_phone", sa.Text(), nullable=True),
        sa.Column(
            "commission_rate",
            sa.Numeric(precision=5, scale=2),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.Column("payment_relation", sa.Text(), server_default="commission", nullable=False),
        sa.Column(
            "settings",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "allowed_ips",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partners")),
        sa.UniqueConstraint("contact_email", name=op.f("uq_partners_contact_email")),
    )
    op.create_table(
        "venues",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("website_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("hold_minutes", sa.BigInteger(), server_default=sa.text("15"), nullable=False),
        sa.Column(
            "cancellation_hours", sa.BigInteger(), server_default=sa.text("24"), nullable=False
        ),
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
        sa.ForeignKeyConstraint(
            ["website_id"], ["websites.id"], name=op.f("fk_venues_website_id_websites")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_venues")),
    )
    op.create_index(op.f("ix_venues_website_id"), "venues", ["website_id"], unique=False)
    op.create_table(
        "activities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), server_default="activity", nullable=False),
        sa.Column("price", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column(
            "duration_minutes", sa.BigInteger(), server_default=sa.text("60"), nullable=False
        ),
        sa.Column("capacity", sa.BigInteger(), nullable=True),
        sa.Column("slot_rule", sa.Text(), server_default="times", nullable=False),
        sa.Column(
            "times",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column("every_minutes", sa.BigInteger(), nullable=True),
        sa.Column(
            "in_kitchen_hours", sa.Boolean(), server_default=sa.text("false"), nullable=False
        ),
        sa.Column("lead_minutes", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("min_party", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("max_party", sa.BigInteger(), nullable=True),
        sa.Column(
            "group_discounts",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "source_names",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column("position", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
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
        sa.ForeignKeyConstraint(
            ["venue_id"], ["venues.id"], name=op.f("fk_activities_venue_id_venues")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activities")),
    )
    op.create_index(op.f("ix_activities_venue_id"), "activities", ["venue_id"], unique=False)
    op.create_table(
        "dive_sites",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("max_depth", sa.BigInteger(), nullable=True),
        sa.Column("level", sa.Text(), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.ForeignKeyConstraint(
            ["venue_id"],
            ["venues.id"],
            name=op.f("fk_dive_sites_venue_id_venues"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dive_sites")),
    )
    op.create_index(op.f("ix_dive_sites_venue_id"), "dive_sites", ["venue_id"], unique=False)
    op.create_table(
        "opening_hours",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("weekday", sa.BigInteger(), nullable=False),
        sa.Column("opens", sa.Time(), nullable=False),
        sa.Column("closes", sa.Time(), nullable=False),
        sa.Column("kitchen_opens", sa.Time(), nullable=True),
        sa.Column("kitchen_closes", sa.Time(), nullable=True),
        sa.ForeignKeyConstraint(
            ["venue_id"],
            ["venues.id"],
            name=op.f("fk_opening_hours_venue_id_venues"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opening_hours")),
    )
    op.create_index(op.f("ix_opening_hours_venue_id"), "opening_hours", ["venue_id"], unique=False)
    op.create_table(
        "partner_customers",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name=op.f("fk_partner_customers_customer_id_customers"),
        ),
        sa.ForeignKeyConstraint(
            ["partner_id"],
            ["partners.id"],
            name=op.f("fk_partner_customers_partner_id_partners"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("partner_id", "customer_id", name=op.f("pk_partner_customers")),
    )
    op.create_index(
        op.f("ix_partner_customers_customer_id"), "partner_customers", ["customer_id"], unique=False
    )
    op.create_table(
        "partner_venues",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["partner_id"],
            ["partners.id"],
            name=op.f("fk_partner_venues_partner_id_partners"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["venue_id"],
            ["venues.id"],
            name=op.f("fk_partner_venues_venue_id_venues"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("partner_id", "venue_id", name=op.f("pk_partner_venues")),
    )
    op.create_index(
        op.f("ix_partner_venues_venue_id"), "partner_venues", ["venue_id"], unique=False
    )
    op.create_table(
        "special_hours",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("is_closed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("opens", sa.Time(), nullable=True),
        sa.Column("closes", sa.Time(), nullable=True),
        sa.Column("kitchen_opens", sa.Time(), nullable=True),
        sa.Column("kitchen_closes", sa.Time(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["venue_id"],
            ["venues.id"],
            name=op.f("fk_special_hours_venue_id_venues"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_special_hours")),
        sa.UniqueConstraint("venue_id", "day", name=op.f("uq_special_hours_venue_id_day")),
    )
    op.create_table(
        "activity_prices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("activity_id", sa.Uuid(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("price", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("min_age", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("max_age", sa.BigInteger(), server_default=sa.text("99"), nullable=False),
        sa.Column("pax", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("needs_adult", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("position", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(
            ["activity_id"],
            ["activities.id"],
            name=op.f("fk_activity_prices_activity_id_activities"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity_prices")),
    )
    op.create_index(
        op.f("ix_activity_prices_activity_id"), "activity_prices", ["activity_id"], unique=False
    )
    op.create_table(
        "departures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("activity_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("time", sa.Time(), nullable=False),
        sa.Column("capacity", sa.BigInteger(), nullable=True),
        sa.Column("is_closed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activities.id"], name=op.f("fk_departures_activity_id_activities")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_departures")),
        sa.UniqueConstraint(
            "activity_id", "day", "time", name=op.f("uq_departures_activity_id_day_time")
        ),
    )
    op.create_table(
        "slot_closures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("activity_id", sa.Uuid(), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["activity_id"],
            ["activities.id"],
            name=op.f("fk_slot_closures_activity_id_activities"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["venue_id"],
            ["venues.id"],
            name=op.f("fk_slot_closures_venue_id_venues"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slot_closures")),
    )
    op.create_index(
        "ix_slot_closures_venue_day", "slot_closures", ["venue_id", "day"], unique=False
    )
    op.create_table(
        "slot_usage",
        sa.Column("activity_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("used >= 0", name=op.f("ck_slot_usage_not_negative")),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activities.id"], name=op.f("fk_slot_usage_activity_id_activities")
        ),
        sa.PrimaryKeyConstraint("activity_id", "day", "slot", name=op.f("pk_slot_usage")),
    )
    op.add_column("api_keys", sa.Column("partner_id", sa.Uuid(), nullable=True))
    op.add_column("api_keys", sa.Column("secret_hash", sa.LargeBinary(), nullable=True))
    op.create_index(op.f("ix_api_keys_partner_id"), "api_keys", ["partner_id"], unique=False)
    op.create_foreign_key(
        op.f("fk_api_keys_partner_id_partners"), "api_keys", "partners", ["partner_id"], ["id"]
    )
    op.add_column("bookings", sa.Column("partner_id", sa.Uuid(), nullable=True))
    op.add_column("bookings", sa.Column("created_by_partner_id", sa.Uuid(), nullable=True))
    op.add_column("bookings", sa.Column("partner_uuid", sa.Uuid(), nullable=True))
    op.add_column("bookings", sa.Column("partner_reference", sa.Text(), nullable=True))
    op.add_column(
        "bookings", sa.Column("commission_rate", sa.Numeric(precision=5, scale=2), nullable=True)
    )
    op.add_column("bookings", sa.Column("payment_relation", sa.Text(), nullable=True))
    op.add_column("bookings", sa.Column("venue_id", sa.Uuid(), nullable=True))
    op.add_column("bookings", sa.Column("activity_id", sa.Uuid(), nullable=True))
    op.add_column("bookings", sa.Column("departure_id", sa.Uuid(), nullable=True))
    op.add_column("bookings", sa.Column("slot_key", sa.Text(), nullable=True))
    op.add_column(
        "bookings",
        sa.Column("overbooked", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column(
        "bookings", sa.Column("hold_expires_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column("bookings", sa.Column("tickets", sa.Text(), nullable=True))
    op.add_column("bookings", sa.Column("reseller_contact", sa.Text(), nullable=True))
    op.add_column("bookings", sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("bookings", sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_bookings_activity_day",
        "bookings",
        ["activity_id", "activity_date"],
        unique=False,
        postgresql_where="activity_id IS NOT NULL",
    )
    op.create_index(
        "ix_bookings_holds",
        "bookings",
        ["hold_expires_at"],
        unique=False,
        postgresql_where="status = 'pending' AND hold_expires_at IS NOT NULL",
    )
    op.create_index(
        "ix_bookings_partner_day",
        "bookings",
        ["partner_id", "activity_date", "time_slot", "id"],
        unique=False,
        postgresql_where="partner_id IS NOT NULL",
    )
    op.create_index(
        "ix_bookings_partner_reference",
        "bookings",
        ["partner_id", "partner_reference"],
        unique=False,
        postgresql_where="partner_reference IS NOT NULL",
    )
    op.create_index(
        "ix_bookings_venue_day",
        "bookings",
        ["venue_id", "activity_date", "time_slot", "id"],
        unique=False,
        postgresql_where="venue_id IS NOT NULL",
    )
    op.create_unique_constraint(
        op.f("uq_bookings_partner_id_partner_uuid"), "bookings", ["partner_id", "partner_uuid"]
    )
    op.create_foreign_key(
        op.f("fk_bookings_departure_id_departures"),
        "bookings",
        "departures",
        ["departure_id"],
        ["id"],
    )
    op.create_foreign_key(
        op.f("fk_bookings_created_by_partner_id_partners"),
        "bookings",
        "partners",
        ["created_by_partner_id"],
        ["id"],
    )
    op.create_foreign_key(
        op.f("fk_bookings_partner_id_partners"), "bookings", "partners", ["partner_id"], ["id"]
    )
    op.create_foreign_key(
        op.f("fk_bookings_activity_id_activities"),
        "bookings",
        "activities",
        ["activity_id"],
        ["id"],
    )
    op.create_foreign_key(
        op.f("fk_bookings_venue_id_venues"), "bookings", "venues", ["venue_id"], ["id"]
    )
    op.add_column("customers", sa.Column("partner_id", sa.Uuid(), nullable=True))
    op.add_column("customers", sa.Column("created_by_partner_id", sa.Uuid(), nullable=True))
    op.create_index(op.f("ix_customers_partner_id"), "customers", ["partner_id"], unique=False)
    op.create_foreign_key(
        op.f("fk_customers_created_by_partner_id_partners"),
        "customers",
        "partners",
        ["created_by_partner_id"],
        ["id"],
    )
    op.create_foreign_key(
        op.f("fk_customers_partner_id_partners"), "customers", "partners", ["partner_id"], ["id"]
    )
    op.add_column("users", sa.Column("partner_id", sa.Uuid(), nullable=True))
    op.create_index(op.f("ix_users_partner_id"), "users", ["partner_id"], unique=False)
    op.create_foreign_key(
        op.f("fk_users_partner_id_partners"), "users", "partners", ["partner_id"], ["id"]
    )
    op.execute("ALTER TABLE partner_customers ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY open_websites ON partner_customers TO {ROLE} USING ({KNOWN})")
    # What was confirmed or cancelled before was so when it last changed, as far as is known.
    op.execute("UPDATE bookings SET confirmed_at = created_at WHERE status <> 'pending'")
    op.execute(
        "UPDATE bookings SET cancelled_at = updated_at WHERE status IN ('cancelled', 'refunded')"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("fk_users_partner_id_partners"), "users", type_="foreignkey")
    op.drop_index(op.f("ix_users_partner_id"), table_name="users")
    op.drop_column("users", "partner_id")
    op.drop_constraint(op.f("fk_customers_partner_id_partners"), "customers", type_="foreignkey")
    op.drop_constraint(
        op.f("fk_customers_created_by_partner_id_partners"), "customers", type_="foreignkey"
    )
    op.drop_index(op.f("ix_customers_partner_id"), table_name="customers")
    op.drop_column("customers", "created_by_partner_id")
    op.drop_column("customers", "partner_id")
    op.drop_constraint(op.f("fk_bookings_venue_id_venues"), "bookings", type_="foreignkey")
    op.drop_constraint(op.f("fk_bookings_activity_id_activities"), "bookings", type_="foreignkey")
    op.drop_constraint(op.f("fk_bookings_partner_id_partners"), "bookings", type_="foreignkey")
    op.drop_constraint(
        op.f("fk_bookings_created_by_partner_id_partners"), "bookings", type_="foreignkey"
    )
    op.drop_constraint(op.f("fk_bookings_departure_id_departures"), "bookings", type_="foreignkey")
    op.drop_constraint(op.f("uq_bookings_partner_id_partner_uuid"), "bookings", type_="unique")
    op.drop_index(
        "ix_bookings_venue_day", table_name="bookings", postgresql_where="venue_id IS NOT NULL"
    )
    op.drop_index(
        "ix_bookings_partner_reference",
        table_name="bookings",
        postgresql_where="partner_reference IS NOT NULL",
    )
    op.drop_index(
        "ix_bookings_partner_day", table_name="bookings", postgresql_where="partner_id IS NOT NULL"
    )
    op.drop_index(
        "ix_bookings_holds",
        table_name="bookings",
        postgresql_where="status = 'pending' AND hold_expires_at IS NOT NULL",
    )
    op.drop_index(
        "ix_bookings_activity_day",
        table_name="bookings",
        postgresql_where="activity_id IS NOT NULL",
    )
    op.drop_column("bookings", "cancelled_at")
    op.drop_column("bookings", "confirmed_at")
    op.drop_column("bookings", "reseller_contact")
    op.drop_column("bookings", "tickets")
    op.drop_column("bookings", "hold_expires_at")
    op.drop_column("bookings", "overbooked")
    op.drop_column("bookings", "slot_key")
    op.drop_column("bookings", "departure_id")
    op.drop_column("bookings", "activity_id")
    op.drop_column("bookings", "venue_id")
    op.drop_column("bookings", "payment_relation")
    op.drop_column("bookings", "commission_rate")
    op.drop_column("bookings", "partner_reference")
    op.drop_column("bookings", "partner_uuid")
    op.drop_column("bookings", "created_by_partner_id")
    op.drop_column("bookings", "partner_id")
    op.drop_constraint(op.f("fk_api_keys_partner_id_partners"), "api_keys", type_="foreignkey")
    op.drop_index(op.f("ix_api_keys_partner_id"), table_name="api_keys")
    op.drop_column("api_keys", "secret_hash")
    op.drop_column("api_keys", "partner_id")
    op.drop_table("slot_usage")
    op.drop_index("ix_slot_closures_venue_day", table_name="slot_closures")
    op.drop_table("slot_closures")
    op.drop_table("departures")
    op.drop_index(op.f("ix_activity_prices_activity_id"), table_name="activity_prices")
    op.drop_table("activity_prices")
    op.drop_table("special_hours")
    op.drop_index(op.f("ix_partner_venues_venue_id"), table_name="partner_venues")
    op.drop_table("partner_venues")
    op.drop_index(op.f("ix_partner_customers_customer_id"), table_name="partner_customers")
    op.drop_table("partner_customers")
    op.drop_index(op.f("ix_opening_hours_venue_id"), table_name="opening_hours")
    op.drop_table("opening_hours")
    op.drop_index(op.f("ix_dive_sites_venue_id"), table_name="dive_sites")
    op.drop_table("dive_sites")
    op.drop_index(op.f("ix_activities_venue_id"), table_name="activities")
    op.drop_table("activities")
    op.drop_index(op.f("ix_venues_website_id"), table_name="venues")
    op.drop_table("venues")
    op.drop_table("partners")
