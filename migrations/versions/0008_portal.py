"""Invitations of a partner's people

Revision: 0008, after 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("login_links", sa.Column("partner_id", sa.Uuid(), nullable=True))
    op.create_index(op.f("ix_login_links_partner_id"), "login_links", ["partner_id"])
    op.create_foreign_key(
        op.f("fk_login_links_partner_id_partners"),
        *("login_links", "partners", ["partner_id"], ["id"]),
        ondelete="CASCADE",
    )


def downgrade() -> None:
    # The portal is not known below: nobody of a partner may become somebody of the desk.
    op.execute("UPDATE users SET is_active = false WHERE partner_id IS NOT NULL")
    op.execute("DELETE FROM login_links WHERE partner_id IS NOT NULL")
    op.drop_constraint(
        op.f("fk_login_links_partner_id_partners"), "login_links", type_="foreignkey"
    )
    op.drop_index(op.f("ix_login_links_partner_id"), table_name="login_links")
    op.drop_column("login_links", "partner_id")
