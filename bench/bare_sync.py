"""The floor for the sync door: bare Flask and psycopg, sending the same SQL for a new booking.

No validation, no encryption, no ORM: what the hub does beyond this is what the ratio shows.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import uuid
from datetime import UTC, datetime
from typing import Any

import psycopg
from flask import Flask, Response, request
from psycopg.types.json import Jsonb

app = Flask(__name__)
_local = threading.local()
URL = os.environ["DATABASE_URL"].replace("postgresql+psycopg", "postgresql")

FIND_KEY = """SELECT k.*, w.* FROM api_keys k LEFT JOIN websites w ON w.id = k.website_id
WHERE k.key_hash = %s"""
FIND_CUSTOMER = """SELECT id, phone, data_key FROM customers WHERE phone = %s OR email_hash = %s
ORDER BY (phone = %s) DESC NULLS LAST, created_at LIMIT 1"""
ADD_CUSTOMER = """INSERT INTO customers
(id, first_name, last_name, phone, email, email_hash, source, data_key)
VALUES (%s, %s, %s, %s, %s, %s, 'website', 'key') ON CONFLICT DO NOTHING RETURNING id"""
ADD_BOOKING = """INSERT INTO bookings (id, website_id, source_booking_id, booking_ref, customer_id,
source, package_name, package_price, activity_date, time_slot, starts_at, guest_count,
total_amount, discount_amount, currency, status, stated_status, customer_name, customer_email,
customer_email_hash, customer_phone, customer_country_code, special_requests, transport_type,
hotel_name, room_number, addons, stripe_payment_intent_id, field_times, search_text)
VALUES (%s, %s, %s, %s, %s, 'website', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,
%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING id"""
ADD_EVENT = """WITH written AS (INSERT INTO events (uid, name, subject_type, subject_id,
website_id, booking_id, customer_id, version, actor_kind, actor_id, actor_label, door, request_id,
ip, changes) VALUES (%s, 'booking.created', 'booking', %s, %s, %s, %s, 1, 'website', %s, %s, %s,
%s, %s, %s) RETURNING id) INSERT INTO outbox SELECT id, %s, 1 FROM written RETURNING event_id"""
ADD_LOG = """INSERT INTO sync_logs (direction, website_id, booking_id, event_type, door, status,
http_status, request_body, response_body, url, duration_ms)
VALUES ('inbound', %s, %s, 'booking.created', %s, 'success', 201, %s, %s, %s, 1)"""


def connection() -> psycopg.Connection[Any]:
    if not hasattr(_local, "connection"):
        _local.connection = psycopg.connect(URL, autocommit=True)
    held: psycopg.Connection[Any] = _local.connection
    return held


@app.post("/api/bookings/sync")
def sync() -> Response:
    raw = request.get_data()
    body = json.loads(raw)
    guest, ride = body["customer"], body["transport"]
    site, source_id = "source", body["source_booking_id"]
    digest = hashlib.sha256(request.headers["X-API-Key"].encode()).digest()
    mail = hashlib.sha256(guest["email"].encode()).digest()
    held = connection()
    with held.transaction(), held.cursor() as cursor:
        cursor.execute(FIND_KEY, (digest,)).fetchone()
        phone = guest["country_code"] + guest["phone"]
        found = cursor.execute(FIND_CUSTOMER, (phone, mail, phone)).fetchone()
        if found is None:
            values = (uuid.uuid4(), guest["name"], "", phone, guest["email"], mail)
            found = cursor.execute(ADD_CUSTOMER, values).fetchone()
        assert found is not None
        booking, customer = uuid.uuid4(), found[0]
        cursor.execute(
            ADD_BOOKING,
            (
                *(booking, site, source_id, body["booking_ref"], customer, body["package_name"]),
                *(body["package_price"], body["activity_date"], body["time_slot"]),
                *(datetime.now(UTC), body["guest_count"], body["total_amount"]),
                *(body["discount_amount"], body["currency"], body["status"], body["status"]),
                *(guest["name"], guest["email"], mail, guest["phone"], guest["country_code"]),
                *(guest["special_requests"], ride["type"], ride["hotel_name"]),
                *(ride["room_number"], Jsonb(body["addons"]), body["stripe_payment_intent_id"]),
                *(Jsonb({}), f"{guest['name'].lower()} {body['booking_ref'].lower()}"),
            ),
        )
        changes = Jsonb({name: [None, value] for name, value in body.items()})
        cursor.execute(
            ADD_EVENT,
            (
                *(uuid.uuid4(), str(booking), site, booking, customer, site, site, site, "", ""),
                *(changes, booking),
            ),
        )
        answer = json.dumps({"success": True, "booking_id": str(booking)})
        cursor.execute(ADD_LOG, (site, booking, site, raw.decode(), answer, request.path))
    return Response(answer, 201, content_type="application/json")
