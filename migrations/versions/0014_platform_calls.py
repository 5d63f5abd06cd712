"""What was said with a platform is found by its connection

Revision: 0014, after 0013
"""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_sync_logs_platforms",
        "sync_logs",
        ["door", "id"],
        unique=False,
        postgresql_where="\"left\"(door, 9) = 'platform:'",
    )


def downgrade() -> None:
    op.drop_index("ix_sync_logs_platforms", table_name="sync_logs")
