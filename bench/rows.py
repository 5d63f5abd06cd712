"""Many bookings, quickly: made by PostgreSQL itself, with the product's own columns and indexes."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import text

from app.crypto import hash_email, keyring
from app.extensions import db
from tests.factories import WebsiteFactory

WEBSITES = ("hanuman-world", "flying-hanuman", "hanuman-luge", "coral-divers", "the-anchor")

CUSTOMERS = """
INSERT INTO customers (id, first_name, last_name, phone, email_hash, source)
SELECT gen_random_uuid(), 'Demo', 'Guest ' || n, '+6680' || lpad(n::text, 7, '0'), NULL, 'website'
FROM generate_series(1, 1000) AS n
"""

BOOKINGS = """
INSERT INTO bookings (id, website_id, source_booking_id, booking_ref, customer_id, source,
    package_name, package_price, activity_date, time_slot, starts_at, guest_count, total_amount,
    status, stated_status, customer_name, customer_email, customer_email_hash, customer_phone,
    hotel_name, transport_type, special_requests, search_text)
SELECT gen_random_uuid(), (CAST(:websites AS text[]))[1 + n % 5], gen_random_uuid(),
    'HW-' || lpad(n::text, 7, '0'),
    (CAST(:customers AS uuid[]))[1 + n % 1000], 'website', 'World A+', 3490,
    current_date + (n * 7919 % 730 - 365)::int, lpad((8 + n % 10)::text, 2, '0') || chr(58) || '00',
    now(), 1 + n % 6, 3490 * (1 + n % 6), s.status, s.status,
    'Demo Guest ' || n, :email, :email_hash, '080' || lpad((n % 10000000)::text, 7, '0'),
    CASE WHEN n % 3 = 0 THEN 'Demo Hotel ' || n % 50 END,
    CASE WHEN n % 3 = 0 THEN 'hotel_pickup' END,
    CASE WHEN n % 8 = 0 THEN 'Vegetarian lunch please' END,
    'demo guest ' || n || ' hw' || lpad(n::text, 7, '0') || ' 080' || lpad(n::text, 7, '0')
FROM generate_series(CAST(:first AS bigint), :last) AS n, LATERAL (SELECT (ARRAY['confirmed',
    'confirmed', 'confirmed', 'pending', 'cancelled', 'checked_in', 'completed', 'no_show',
    'refunded', 'confirmed'])[1 + n % 10] AS status) AS s
"""


def fill(app: Flask, first: int, last: int) -> None:
    """Add bookings `first` to `last` over five websites and two years around today."""
    with app.app_context():
        if first == 1:
            for website in WEBSITES:
                WebsiteFactory.create(id=website, name=website.replace("-", " ").title())
            db.session.execute(text(CUSTOMERS))
        customers = db.session.scalars(text("SELECT id FROM customers ORDER BY id")).all()
        values = {
            "websites": list(WEBSITES),
            "customers": list(customers),
            "email": keyring.encrypt("guest@example.com"),
            "email_hash": hash_email("guest@example.com"),
        }
        for start in range(first, last + 1, 50_000):
            end = min(start + 49_999, last)
            db.session.execute(text(BOOKINGS), {**values, "first": start, "last": end})
            db.session.commit()
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))  # as autovacuum does in time
