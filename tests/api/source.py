"""A source website as tests play it: it posts to the sync door."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse


def full_booking(**changes: Any) -> dict[str, Any]:
    """A complete `booking.created`, as the Central document shows it."""
    body: dict[str, Any] = {
        "event": "booking.created",
        "source_booking_id": str(uuid.uuid4()),
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
            "phone": "812345678",
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
        "addons": [{"name": "Photo Package", "quantity": 1, "unit_price": 500}],
        "stripe_payment_intent_id": "pi_demo",
        "created_at": "2026-02-20T10:30:00Z",
    }
    return {**body, **changes}


@dataclass
class Source:
    """Posts with its key. `post` answers the response, `ok` its JSON and demands success."""

    client: FlaskClient
    key: str
    headers: dict[str, str] = field(default_factory=dict)

    def post(self, body: Any, **headers: str) -> TestResponse:
        sent = {"X-API-Key": self.key, **self.headers, **headers}
        kind = {"data": body} if isinstance(body, str | bytes) else {"json": body}
        return self.client.post("/api/bookings/sync", headers=sent, **kind)

    def ok(self, body: Any, **headers: str) -> dict[str, Any]:
        response = self.post(body, **headers)
        answer: dict[str, Any] = response.get_json()
        assert response.status_code in (200, 201), answer
        assert answer["success"] is True
        return answer

    def create(self, **changes: Any) -> dict[str, Any]:
        """Post a new booking; returns its body."""
        body = full_booking(**changes)
        self.ok(body)
        return body

    def update(self, booking: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """Post a `booking.updated` (or another event) with only these fields."""
        body = {"event": "booking.updated", "source_booking_id": booking["source_booking_id"]}
        return self.ok({**body, **changes})
