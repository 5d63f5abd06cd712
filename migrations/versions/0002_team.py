"""People, roles, invitations, two-step

Revision: 0002, after 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("totp_secret", sa.Text(), nullable=True))
    op.add_column("users", sa.Column("totp_last_step", sa.BigInteger(), nullable=True))
    op.add_column("users", sa.Column("two_step_since", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_users_name", "users", ["name", "id"])
    op.add_column(
        "roles",
        sa.Column("requires_two_step", sa.Boolean(), server_default="false", nullable=False),
    )
    op.create_index("uq_roles_name_folded", "roles", [sa.text("lower(name)")], unique=True)
    op.add_column("user_sessions", sa.Column("viewing_as_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_user_sessions_viewing_as_id_users"),
        *("user_sessions", "users", ["viewing_as_id"], ["id"]),
        ondelete="SET NULL",
    )
    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_recovery_codes_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_recovery_codes_code_hash")),
    )
    op.create_index(op.f("ix_recovery_codes_user_id"), "recovery_codes", ["user_id"])
    _widen_login_links()


def _widen_login_links() -> None:
    for column in (
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("email_hash", sa.LargeBinary(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("role_id", sa.Uuid(), nullable=True),
        sa.Column("website_ids", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("invited_by_id", sa.Uuid(), nullable=True),
    ):
        op.add_column("login_links", column)
    for column_name, table, on_delete in (
        ("user_id", "users", "CASCADE"),
        ("role_id", "roles", None),
        ("invited_by_id", "users", "CASCADE"),
    ):
        op.create_foreign_key(
            op.f(f"fk_login_links_{column_name}_{table}"),
            *("login_links", table, [column_name], ["id"]),
            ondelete=on_delete,
        )
    op.create_index(op.f("ix_login_links_user_id"), "login_links", ["user_id"])
    op.create_index(op.f("ix_login_links_role_id"), "login_links", ["role_id"])


def downgrade() -> None:
    op.execute("DELETE FROM login_links WHERE purpose <> 'first_admin'")
    op.drop_index(op.f("ix_login_links_role_id"), table_name="login_links")
    op.drop_index(op.f("ix_login_links_user_id"), table_name="login_links")
    for column in (
        *("invited_by_id", "website_ids", "role_id", "name", "email_hash", "email", "user_id"),
    ):
        op.drop_column("login_links", column)
    op.drop_table("recovery_codes")
    op.drop_column("user_sessions", "viewing_as_id")
    op.drop_index("uq_roles_name_folded", table_name="roles")
    op.drop_column("roles", "requires_two_step")
    op.drop_index("ix_users_name", table_name="users")
    for column in ("two_step_since", "totp_last_step", "totp_secret"):
        op.drop_column("users", column)
