"""Pulls: what a platform told last, field by field, and whose turn it is

Revision: 0013, after 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

INSTANTS = (
    ("platform_connections", "sync_due_at"),
    ("platform_connections", "sync_lease_until"),
    ("platform_connections", "sync_failing_since"),
    ("platform_reservations", "missing_since"),
)


def upgrade() -> None:
    for table, name in INSTANTS:
        op.add_column(table, sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    told = sa.Column("told", postgresql.JSONB(astext_type=sa.Text()), nullable=True)
    op.add_column("platform_reservations", told)
    op.drop_column("platform_reservations", "digest")


def downgrade() -> None:
    op.add_column("platform_reservations", sa.Column("digest", sa.LargeBinary(), nullable=True))
    op.drop_column("platform_reservations", "told")
    for table, name in reversed(INSTANTS):
        op.drop_column(table, name)
