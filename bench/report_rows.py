"""A million bookings as reports meet them: several sources, partners, guests who come back."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import text

from app.crypto import hash_email, keyring
from app.extensions import db
from bench.rows import WEBSITES
from tests.factories import WebsiteFactory

PARTNERS = """
INSERT INTO partners (id, name, company_name, contact_email)
SELECT gen_random_uuid(), 'Partner ' || n, 'Partner ' || n, 'partner' || n || '@example.com'
FROM generate_series(1, 20) AS n
"""
CUSTOMERS = """
INSERT INTO customers (id, first_name, last_name, phone, source)
SELECT gen_random_uuid(), 'Demo', 'Guest ' || n, '+668' || lpad(n::text, 8, '0'), 'website'
FROM generate_series(1, CAST(:many AS bigint)) AS n
"""
# Nothing here depends on anything else, but that a guest keeps mostly to one source.
BOOKINGS = """
INSERT INTO bookings (id, website_id, venue_id, source_booking_id, booking_ref, customer_id, source,
    partner_id, commission_rate, package_name, package_price, activity_date, time_slot,
    guest_count, total_amount, refunded_amount, status, stated_status, customer_name,
    customer_email, customer_email_hash, search_text, created_at)
SELECT gen_random_uuid(), w.id, v.id, gen_random_uuid(),
    'HW-' || lpad(n::text, 7, '0'), c.id, s.source,
    CASE WHEN s.source = 'partner' THEN (CAST(:partners AS uuid[]))[1 + d.partner] END,
    CASE WHEN s.source = 'partner' THEN 12.5 END, 'World A+', 3490,
    (d.made + d.lead * interval '1 day')::date, '10' || chr(58) || '00', 1 + n % 6,
    3490 * (1 + n % 6), CASE WHEN n % 50 = 0 THEN 1000 END, s.status, s.status,
    'Demo Guest', :email, :email_hash, 'demo guest', d.made
FROM generate_series(CAST(:first AS bigint), :last) AS n,
LATERAL (SELECT abs(hashint8(n) % 5) AS website, abs(hashint8(n + 10000000) % 20) AS partner,
    abs(hashint8(n + 20000000) % 60) AS lead, abs(hashint8(n + 30000000) % :guests) AS guest,
    abs(hashint8(n + 40000000) % 10) AS status, abs(hashint8(n + 50000000) % 50) AS other,
    now() - abs(hashint8(n + 60000000) % 730) * interval '1 day' AS made) AS d
JOIN pick AS c ON c.number = d.guest
CROSS JOIN LATERAL (SELECT (CAST(:websites AS text[]))[1 + d.website] AS id) AS w
LEFT JOIN venues AS v ON v.website_id = w.id
CROSS JOIN LATERAL (SELECT (ARRAY['website', 'website', 'partner', 'phone', 'walk_in'])[
        1 + CASE WHEN d.other < 5 THEN d.other ELSE abs(hashint8(d.guest) % 5) END] AS source,
    (ARRAY['confirmed', 'confirmed', 'confirmed', 'pending', 'cancelled', 'checked_in',
        'completed', 'no_show', 'refunded', 'expired'])[1 + d.status] AS status) AS s
"""


# Two of the websites are restaurants: their venue has two platforms, which hold most bookings.
TABLES = """
INSERT INTO venues (id, website_id, name, timezone)
SELECT gen_random_uuid(), w, 'Tables of ' || w, 'Asia/Bangkok'
FROM unnest(CAST(:restaurants AS text[])) AS w
"""
CONNECTIONS = """
INSERT INTO platform_connections (id, website_id, venue_id, platform_type)
SELECT gen_random_uuid(), v.website_id, v.id, t
FROM venues v, unnest(ARRAY['covermanager', 'restoo']) AS t
"""
RESERVATIONS = """
INSERT INTO platform_reservations (id, website_id, connection_id, booking_id, external_id, is_ours,
    state, created_at)
SELECT gen_random_uuid(), b.website_id, c.id, b.id, b.booking_ref, hashtext(b.booking_ref) % 2 = 0,
    CASE WHEN b.status = 'cancelled' THEN 'cancelled' ELSE 'live' END, b.created_at
FROM bookings b JOIN platform_connections c ON c.venue_id = b.venue_id
    AND c.platform_type = (ARRAY['covermanager', 'restoo', 'none'])[
        1 + abs(hashtext('c' || b.booking_ref)) % 3]
"""
CALLS = """
INSERT INTO sync_logs (direction, website_id, event_type, door, status, duration_ms, created_at)
SELECT 'outbound', c.website_id, 'platform.pull', 'platform:' || c.id,
    CASE WHEN n % 40 = 0 THEN 'failed' ELSE 'success' END, 20 + abs(hashint8(n) % 900),
    now() - interval '730 days' * (1 - n / CAST(:many AS float))
FROM generate_series(1, CAST(:many AS bigint)) AS n, platform_connections c
ORDER BY n
"""


def fill(app: Flask, rows: int, step: int = 10_000) -> None:
    """Add so many bookings of half as many guests, over five websites and two years."""
    guests = max(rows // 2, 1)
    with app.app_context():
        for website in WEBSITES:
            WebsiteFactory.create(id=website, name=website.replace("-", " ").title())
        db.session.execute(text(PARTNERS))
        db.session.execute(text(TABLES), {"restaurants": list(WEBSITES[-2:])})
        db.session.execute(text(CONNECTIONS))
        db.session.execute(text(CUSTOMERS), {"many": guests})
        db.session.execute(
            text(
                "CREATE TABLE pick AS"
                " SELECT id, row_number() OVER (ORDER BY id) - 1 AS number FROM customers"
            )
        )
        db.session.execute(text("ALTER TABLE pick ADD PRIMARY KEY (number)"))
        db.session.execute(text("ANALYZE pick"))
        values = {
            "websites": list(WEBSITES),
            "partners": list(db.session.scalars(text("SELECT id FROM partners ORDER BY name"))),
            "email": keyring.encrypt("guest@example.com"),
            "email_hash": hash_email("guest@example.com"),
            "guests": guests,
        }
        for start in range(1, rows + 1, step):
            last = min(start + step - 1, rows)
            db.session.execute(text(BOOKINGS), {**values, "first": start, "last": last})
            db.session.commit()
        db.session.execute(text("DROP TABLE pick"))
        db.session.execute(text(RESERVATIONS))
        db.session.execute(text(CALLS), {"many": rows // 8})
        db.session.commit()
