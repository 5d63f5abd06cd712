"""Bodies as the app sends them, for the document: those of the Travelers document."""

from __future__ import annotations

from typing import Any

TREK = "0199c0de-0000-7000-8000-000000000001"
BATCH = "0199c0de-0000-7000-8000-000000000002"
TRAVELER = "0199c0de-0000-7000-8000-000000000003"
_LEADER: dict[str, Any] = {
    "name": "Demo Guest",
    "age": 30,
    "gender": "male",
    "phone": "+919876543210",
    "emergency_contact_name": "Demo Contact",
    "emergency_contact_phone": "+919876543211",
    "is_primary": True,
}
_FRIEND: dict[str, Any] = {
    "id": TRAVELER,
    "is_primary": False,
    "special_requirements": "Vegetarian meals",
}

NEW_TRIP: dict[str, Any] = {
    "For oneself and somebody known": {
        "trek_id": TREK,
        "batch_id": BATCH,
        "travelers": [_LEADER, _FRIEND],
    },
    "With the total that was shown": {
        "trek_id": TREK,
        "batch_id": BATCH,
        "travelers": [{"id": TRAVELER}],
        "special_requests": "We arrive the evening before.",
        "expected_total": 12500,
    },
}
TRIP_CHANGES: dict[str, Any] = {
    "Another departure": {"version": 1, "batch_id": BATCH},
    "Others go": {"travelers": [_LEADER, _FRIEND]},
    "Requests": {"special_requests": "A late breakfast, please."},
}
CONFIRMATIONS: dict[str, Any] = {
    "As it was offered": {},
    "And who goes": {"travelers": [_LEADER, _FRIEND]},
}
