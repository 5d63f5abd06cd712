"""API keys remember that they were replaced

Revision: 0005, after 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_keys", sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True))
    # Until now an end was set by a rotation alone.
    op.execute("UPDATE api_keys SET replaced_at = now() WHERE expires_at IS NOT NULL")


def downgrade() -> None:
    op.drop_column("api_keys", "replaced_at")
