"""Bodies as they are sent, for the document: those of the sources are the Central document's."""

from __future__ import annotations

from typing import Any

_ID = "5b6f0c5e-8f0e-4c55-9a39-0d6ad1d9e001"

SYNC: dict[str, Any] = {
    "A new booking": {
        "event": "booking.created",
        "source_booking_id": _ID,
        "booking_ref": "HW-000023",
        "package_name": "World A+",
        "package_price": 3490,
        "activity_date": "2027-03-01",
        "time_slot": "10:00",
        "guest_count": 2,
        "total_amount": 8500,
        "discount_amount": 0,
        "currency": "THB",
        "status": "confirmed",
        "customer": {
            "name": "Demo Guest",
            "email": "guest@example.com",
            "phone": "1234567890",
            "country_code": "+66",
            "special_requests": "Vegetarian lunch please",
        },
        "transport": {
            "type": "hotel_pickup",
            "hotel_name": "Demo Hotel",
            "room_number": "1205",
            "non_players": 1,
            "private_passengers": 0,
            "cost": 0,
        },
        "addons": [
            {"name": "Photo Package", "quantity": 1, "unit_price": 500},
            {"name": "Souvenir T-Shirt", "quantity": 2, "unit_price": 350},
        ],
        "stripe_payment_intent_id": "pi_xxxxxxxxxxxxx",
        "created_at": "2026-02-20T10:30:00Z",
    },
    "Some fields changed": {
        "event": "booking.updated",
        "source_booking_id": _ID,
        "updated_at": "2026-02-21T08:00:00Z",
        "guest_count": 3,
        "total_amount": 11990,
    },
    "Cancelled": {
        "event": "booking.cancelled",
        "source_booking_id": _ID,
        "reason": "The guest is ill",
    },
    "Refunded in part": {
        "event": "booking.refunded",
        "source_booking_id": _ID,
        "refund_amount": 4250,
    },
}
LOGIN = {"With a password": {"email": "desk@onebooking.test", "password": "…"}}
CHANGES = {
    "Another time": {"version": 3, "time_slot": "14:00", "admin_notes": "Called: comes later"},
    "Cancelled": {"version": 3, "status": "cancelled", "reason": "Storm warning"},
}
WEBSITE = {
    "A website": {
        "id": "hanuman-luge",
        "name": "Hanuman Luge",
        "domain": "luge.example.com",
        "webhook_url": "https://luge.example.com/api/webhooks/onebooking",
    }
}
WEBSITE_CHANGES = {"Switched off": {"is_active": False}}
KEY = {
    "A key with limits": {
        "name": "Web server",
        "scopes": ["write:bookings"],
        "allowed_ips": ["203.0.113.0/24"],
        "expires_at": "2027-12-31T00:00:00Z",
    }
}
KEY_CHANGES = {"From one address": {"allowed_ips": ["203.0.113.7"]}}
TEST = {"An update": {"website_id": "hanuman-world", "event": "booking.updated"}}

VENUE = "0198f0c1-8a00-7000-8000-0000000000a1"
REFERENCE = "TB-7KQ2MX9"
TABLE: dict[str, Any] = {
    "A table for two": {
        "venue_id": VENUE,
        "date": "2027-03-07",
        "time": "12:30",
        "party_size": 2,
        "customer": {
            "first_name": "Demo",
            "last_name": "Guest",
            "mobile_number": "+66812345678",
            "email": "guest@example.com",
            "sms_opt_in": True,
        },
        "allergies": ["nuts"],
        "celebration": "A birthday",
        "high_chairs": 1,
    },
}
TABLE_CHANGES: dict[str, Any] = {
    "Another requirement": {"special_requirements": "A quiet table"},
}
