"""Platforms

Revision: 0012, after 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ROLE = "onebooking_desk"
BY_WEBSITE = ("platform_connections", "platform_reservations")
# As in 0004: asked once for a statement, not for every row.
OPEN = "website_id = ANY (CAST((SELECT string_to_array("
OPEN += "current_setting('onebooking.websites', true), ',')) AS text[]))"


def upgrade() -> None:
    op.create_table(
        "platform_connections",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("website_id", sa.Text(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("platform_type", sa.Text(), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("priority", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("configuration", sa.Text(), nullable=True),
        sa.Column(
            "options",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "statuses",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("activity_id", sa.Uuid(), nullable=True),
        sa.Column("webhook_secret", sa.Text(), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("check_error", sa.Text(), nullable=True),
        sa.Column("last_synced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sync_error", sa.Text(), nullable=True),
        sa.Column("sync_wanted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "sync_state",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("failures", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("quiet_until", sa.DateTime(timezone=True), nullable=True),
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
            ["activity_id"],
            ["activities.id"],
            name=op.f("fk_platform_connections_activity_id_activities"),
        ),
        sa.ForeignKeyConstraint(
            ["venue_id"],
            ["venues.id"],
            name=op.f("fk_platform_connections_venue_id_venues"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["website_id"],
            ["websites.id"],
            name=op.f("fk_platform_connections_website_id_websites"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_platform_connections")),
        sa.UniqueConstraint(
            "venue_id", "platform_type", name=op.f("uq_platform_connections_venue_id_platform_type")
        ),
    )
    op.create_index(
        "ix_platform_connections_wanted",
        "platform_connections",
        ["sync_wanted_at"],
        unique=False,
        postgresql_where="sync_wanted_at IS NOT NULL",
    )
    op.create_index(
        op.f("ix_platform_connections_website_id"),
        "platform_connections",
        ["website_id"],
        unique=False,
    )
    op.create_table(
        "platform_reservations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("website_id", sa.Text(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("is_ours", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("raw_status", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("making_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
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
            ["booking_id"],
            ["bookings.id"],
            name=op.f("fk_platform_reservations_booking_id_bookings"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["platform_connections.id"],
            name=op.f("fk_platform_reservations_connection_id_platform_connections"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["website_id"],
            ["websites.id"],
            name=op.f("fk_platform_reservations_website_id_websites"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_platform_reservations")),
    )
    op.create_index(
        op.f("ix_platform_reservations_booking_id"),
        "platform_reservations",
        ["booking_id"],
        unique=False,
    )
    op.create_index(
        "ix_platform_reservations_external",
        "platform_reservations",
        ["connection_id", "external_id"],
        unique=False,
    )
    op.create_index(
        "ix_platform_reservations_live",
        "platform_reservations",
        ["connection_id", "booking_id"],
        unique=True,
        postgresql_where="state IN ('making', 'unknown', 'live')",
    )
    op.create_index(
        "ix_platform_reservations_theirs",
        "platform_reservations",
        ["connection_id", "external_id"],
        unique=True,
        postgresql_where="NOT is_ours",
    )
    op.add_column(
        "venues",
        sa.Column(
            "sells_without_platforms", sa.Boolean(), server_default=sa.text("true"), nullable=False
        ),
    )
    for table in BY_WEBSITE:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY open_websites ON {table} TO {ROLE} USING ({OPEN})")


def downgrade() -> None:
    op.drop_column("venues", "sells_without_platforms")
    op.drop_index(
        "ix_platform_reservations_theirs",
        table_name="platform_reservations",
        postgresql_where="NOT is_ours",
    )
    op.drop_index(
        "ix_platform_reservations_live",
        table_name="platform_reservations",
        postgresql_where="state IN ('making', 'unknown', 'live')",
    )
    op.drop_index("ix_platform_reservations_external", table_name="platform_reservations")
    op.drop_index(op.f("ix_platform_reservations_booking_id"), table_name="platform_reservations")
    op.drop_table("platform_reservations")
    op.drop_index(op.f("ix_platform_connections_website_id"), table_name="platform_connections")
    op.drop_index(
        "ix_platform_connections_wanted",
        table_name="platform_connections",
        postgresql_where="sync_wanted_at IS NOT NULL",
    )
    op.drop_table("platform_connections")
