"""Overlap: the source of a booking as a bit, and the bookings in the order of their guests

Revision: 0009, after 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# The same as in `bookings.models`.
BIT = (
    "CASE source WHEN 'website' THEN 1 WHEN 'partner' THEN 2 WHEN 'platform' THEN 4"
    " WHEN 'customer_app' THEN 8 WHEN 'phone' THEN 16 WHEN 'walk_in' THEN 32"
    " WHEN 'direct' THEN 64 ELSE 128 END"
)
LIVE = sa.text("status NOT IN ('cancelled', 'refunded', 'expired')")


def upgrade() -> None:
    bit = sa.Column("source_bit", sa.Integer(), sa.Computed(BIT, persisted=True), nullable=False)
    op.add_column("bookings", bit)
    op.drop_index("ix_bookings_booked", table_name="bookings")
    _index("ix_bookings_booked", ["website_id", "booked_day"], ["activity_date", "customer_id"])
    _index("ix_bookings_guest", ["customer_id"], ["booked_day", "activity_date"], "website_id")


def downgrade() -> None:
    op.drop_index("ix_bookings_guest", table_name="bookings")
    op.drop_index("ix_bookings_booked", table_name="bookings")
    op.drop_column("bookings", "source_bit")
    op.create_index(
        "ix_bookings_booked",
        *("bookings", ["website_id", "booked_day"]),
        postgresql_include=["activity_date", "customer_id", "source"],
        postgresql_where=LIVE,
    )


def _index(name: str, columns: list[str], more: list[str], *last: str) -> None:
    # What varies in length stands last: what stands before it is read quicker.
    include = [*more, "source_bit", *last]
    op.create_index(name, "bookings", columns, postgresql_include=include, postgresql_where=LIVE)
