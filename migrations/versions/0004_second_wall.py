"""Row-level security: what web processes see of the tables that hold guests' data.

Revision: 0004, after 0003
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ROLE = "onebooking_desk"
BY_WEBSITE = ("bookings", "events", "sync_logs", "deliveries")
TABLES = (*BY_WEBSITE, "customers")

# Roles belong to the whole server: another database may have made it already, or makes it now.
MAKE_ROLE = f"""
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{ROLE}') THEN
        BEGIN
            CREATE ROLE {ROLE} NOLOGIN;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END;
        EXECUTE format('GRANT {ROLE} TO %I', current_user);
    ELSIF NOT pg_has_role(current_user, '{ROLE}', 'MEMBER') THEN
        EXECUTE format('GRANT {ROLE} TO %I', current_user);
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE EXCEPTION 'This needs a role that % may not make.', current_user
        USING HINT = format(
            'Let an administrator run: CREATE ROLE {ROLE} NOLOGIN; GRANT {ROLE} TO %I;',
            current_user);
END $$
"""
# Asked once for a statement, not for every row; and an index on website_id still serves.
OPEN = "website_id = ANY (CAST((SELECT string_to_array("
OPEN += "current_setting('onebooking.websites', true), ',')) AS text[]))"
KNOWN = """(SELECT current_setting('onebooking.people', true)) = 'all'
    OR EXISTS (SELECT FROM bookings b WHERE b.customer_id = customers.id)"""
GRANTS = "SELECT, INSERT, UPDATE, DELETE"


def upgrade() -> None:
    op.execute(MAKE_ROLE)
    op.execute(f"GRANT {GRANTS} ON ALL TABLES IN SCHEMA public TO {ROLE}")
    op.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {ROLE}")
    later = "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT"
    op.execute(f"{later} {GRANTS} ON TABLES TO {ROLE}")
    op.execute(f"{later} USAGE, SELECT ON SEQUENCES TO {ROLE}")
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        rule = KNOWN if table == "customers" else OPEN
        op.execute(f"CREATE POLICY open_websites ON {table} TO {ROLE} USING ({rule})")


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"DROP POLICY open_websites ON {table}")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    # The role stays: other databases of the server may use it.
    later = "ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE"
    op.execute(f"{later} ALL ON TABLES FROM {ROLE}")
    op.execute(f"{later} ALL ON SEQUENCES FROM {ROLE}")
    op.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {ROLE}")
    op.execute(f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {ROLE}")
