"""What was booked at a venue on a day: reports on its platforms count also what is gone

Revision: 0015, after 0014
"""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_bookings_venue_booked",
        "bookings",
        ["venue_id", "booked_day"],
        unique=False,
        postgresql_where="venue_id IS NOT NULL",
    )


def downgrade() -> None:
    op.drop_index("ix_bookings_venue_booked", table_name="bookings")
