"""Reports: the day and way in which a booking began, and sums that follow every change

Revision: 0007, after 0006
"""

# ruff: noqa: S608  (names of columns, all written here)
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# A zone that this PostgreSQL does not know, or an instant beyond its calendar, fails no booking.
BEGAN = """
CREATE FUNCTION booking_began() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    made timestamptz := coalesce(NEW.source_created_at, NEW.created_at);
BEGIN
    NEW.began_pending := NEW.status = 'pending';
    BEGIN
        SELECT (made AT TIME ZONE timezone)::date INTO NEW.booked_day
        FROM websites WHERE id = NEW.website_id;
    EXCEPTION WHEN data_exception THEN
        NEW.booked_day := (made AT TIME ZONE 'UTC')::date;
    END;
    RETURN NEW;
END $$
"""
DAYS_BEFORE = """
UPDATE bookings b SET
    booked_day = (coalesce(b.source_created_at, b.created_at) AT TIME ZONE
        CASE WHEN z.name IS NULL THEN 'UTC' ELSE z.name END)::date,
    began_pending = coalesce((
        SELECT e.changes -> 'status' ->> 1 = 'pending' FROM events e
        WHERE e.booking_id = b.id AND e.name = 'booking.created' ORDER BY e.id LIMIT 1
    ), b.status = 'pending')
FROM websites w LEFT JOIN pg_timezone_names z ON z.name = w.timezone
WHERE w.id = b.website_id
"""

KEY = "basis, day, website_id, source, partner_id, currency"
COUNTS = (
    *("bookings", "guests", "lead_days", "waiting", "cancelled", "expired"),
    *("enquiries", "enquiries_won", "holds", "holds_won"),
)
SUMS = ("revenue", "refunded", "cancelled_total", "commission")
USED = """website_id, source, partner_id, currency, booked_day, activity_date, status, guest_count,
    total_amount, refunded_amount, commission_rate, began_pending, hold_expires_at, confirmed_at"""
# The same as `partners.commission`, which a test compares with it.
NET = "greatest(b.total_amount - coalesce(b.refunded_amount, 0), 0)"
WHOLE = """ADP AFN ALL BIF BYR CLP DJF ESP GNF IQD IRR ISK ITL JPY KMF KPW KRW LAK LBP LUF MGA MGF
    MMK MRO PYG RSD RWF SLL SOS STD SYP TMM TRL UGX UYI VND VUV XAF XOF XPF YER ZMK ZWD"""
DIGITS = f"CASE WHEN b.currency = ANY ('{{{','.join(WHOLE.split())}}}') THEN 0 ELSE 2 END"
LIVE = "b.status IN ('confirmed', 'checked_in', 'completed', 'no_show')"
WON = f"({LIVE} OR b.confirmed_at IS NOT NULL)"
ENQUIRY = "b.began_pending AND b.hold_expires_at IS NULL"
HOLD = "b.hold_expires_at IS NOT NULL"
MEASURES = {
    "bookings": f"CASE WHEN {LIVE} THEN 1 ELSE 0 END",
    "guests": f"CASE WHEN {LIVE} THEN b.guest_count ELSE 0 END",
    "lead_days": f"CASE WHEN {LIVE} THEN greatest(b.activity_date - b.booked_day, 0) ELSE 0 END",
    "waiting": "CASE WHEN b.status = 'pending' THEN 1 ELSE 0 END",
    "cancelled": "CASE WHEN b.status IN ('cancelled', 'refunded') THEN 1 ELSE 0 END",
    "expired": "CASE WHEN b.status = 'expired' THEN 1 ELSE 0 END",
    "enquiries": f"CASE WHEN {ENQUIRY} THEN 1 ELSE 0 END",
    "enquiries_won": f"CASE WHEN {ENQUIRY} AND {WON} THEN 1 ELSE 0 END",
    "holds": f"CASE WHEN {HOLD} THEN 1 ELSE 0 END",
    "holds_won": f"CASE WHEN {HOLD} AND {WON} THEN 1 ELSE 0 END",
    "revenue": f"CASE WHEN {LIVE} THEN {NET} ELSE 0 END",
    "refunded": "coalesce(b.refunded_amount, 0)",
    "cancelled_total": "CASE WHEN b.status IN ('cancelled', 'refunded') THEN b.total_amount ELSE 0 END",
    "commission": f"CASE WHEN {LIVE} THEN round({NET} * coalesce(b.commission_rate, 0) / 100, {DIGITS}) ELSE 0 END",
}


def follow(rows: str) -> str:
    """Add what these rows (with their sign) are worth, under the day of each basis."""
    sums = ", ".join(f"sum(b.sign * ({MEASURES[name]})) AS {name}" for name in MEASURES)
    some = " OR ".join(f"s.{name} <> 0" for name in MEASURES)
    return f"""
        INSERT INTO booking_days ({KEY}, {", ".join(MEASURES)})
        SELECT s.* FROM (
            SELECT d.basis, d.day, b.website_id, b.source, b.partner_id, b.currency, {sums}
            FROM ({rows}) AS b CROSS JOIN LATERAL
                (VALUES ('booked', b.booked_day), ('visit', b.activity_date)) AS d (basis, day)
            GROUP BY d.basis, d.day, b.website_id, b.source, b.partner_id, b.currency
        ) AS s WHERE {some}"""


MADE = f"SELECT 1 AS sign, {USED} FROM made"
GONE = f"SELECT -1 AS sign, {USED} FROM gone"
FOLLOW = f"""
CREATE FUNCTION booking_days_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN {follow(MADE)};
    ELSIF TG_OP = 'DELETE' THEN {follow(GONE)};
    ELSIF TG_OP = 'UPDATE' THEN {follow(f"{MADE} UNION ALL {GONE}")};
    ELSE TRUNCATE booking_days;
    END IF;
    RETURN NULL;
END $$
"""
TRIGGERS = {
    "INSERT": "REFERENCING NEW TABLE AS made",
    "UPDATE": "REFERENCING NEW TABLE AS made OLD TABLE AS gone",
    "DELETE": "REFERENCING OLD TABLE AS gone",
    "TRUNCATE": "",
}


def upgrade() -> None:
    op.add_column("bookings", sa.Column("booked_day", sa.Date(), nullable=True))
    op.add_column("bookings", sa.Column("began_pending", sa.Boolean(), nullable=True))
    op.execute(DAYS_BEFORE)
    op.alter_column("bookings", "booked_day", nullable=False)
    op.alter_column("bookings", "began_pending", nullable=False)
    op.execute(BEGAN)
    op.execute(
        "CREATE TRIGGER booking_began BEFORE INSERT ON bookings"
        " FOR EACH ROW EXECUTE FUNCTION booking_began()"
    )
    op.create_table(
        "booking_days",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("website_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTS),
        *(sa.Column(name, sa.Numeric(16, 2), nullable=False) for name in SUMS),
        sa.Column("is_new", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_days")),
    )
    op.execute(follow(f"SELECT 1 AS sign, {USED} FROM bookings"))
    op.execute("UPDATE booking_days SET is_new = false")
    op.create_index("ix_booking_days_day", "booking_days", ["basis", "day", "website_id"])
    op.create_index(
        "ix_booking_days_new", "booking_days", ["id"], postgresql_where=sa.text("is_new")
    )
    op.create_index(
        "ix_booking_days_merged",
        "booking_days",
        ["basis", "day", "website_id", "source", "currency", "partner_id"],
        postgresql_where=sa.text("NOT is_new"),
    )
    op.execute(FOLLOW)
    for act, tables in TRIGGERS.items():
        op.execute(
            f"CREATE TRIGGER booking_days_{act.lower()} AFTER {act} ON bookings {tables}"
            " FOR EACH STATEMENT EXECUTE FUNCTION booking_days_follow()"
        )
    op.create_index(
        "ix_bookings_booked",
        "bookings",
        ["website_id", "booked_day"],
        postgresql_include=["activity_date", "customer_id", "source"],
        postgresql_where=sa.text("status NOT IN ('cancelled', 'refunded', 'expired')"),
    )


def downgrade() -> None:
    op.drop_index("ix_bookings_booked", table_name="bookings")
    for act in TRIGGERS:
        op.execute(f"DROP TRIGGER booking_days_{act.lower()} ON bookings")
    op.execute("DROP FUNCTION booking_days_follow()")
    op.drop_table("booking_days")
    op.execute("DROP TRIGGER booking_began ON bookings")
    op.execute("DROP FUNCTION booking_began()")
    op.drop_column("bookings", "began_pending")
    op.drop_column("bookings", "booked_day")
