"""The body of a webhook, and the request around it."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from app.outbound import Outgoing
from app.travelers import rows as travelers
from app.webhooks.signing import signature_headers


def body_of(
    *,
    event_id: UUID,
    event: str,
    source_booking_id: UUID,
    booking_id: UUID,
    version: int,
    data: Mapping[str, Any],
    updated_at: datetime,
    updated_by: str,
) -> dict[str, Any]:
    """The body as `docs/delivery.md` describes it. `data` holds JSON values."""
    return {
        "event_id": str(event_id),
        "event": event,
        "source_booking_id": str(source_booking_id),
        "booking_id": str(booking_id),
        "version": version,
        "updated_fields": sorted(data),
        "data": dict(data),
        "updated_at": updated_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "updated_by": updated_by,
    }


def outside(data: Mapping[str, Any]) -> dict[str, Any]:
    """Values as they may leave the house: of travelers nothing that only their guides need."""
    if not data.get("travelers"):
        return dict(data)
    return {**data, "travelers": travelers.outside(data["travelers"])}


def signed(url: str, secrets: Sequence[str], message: Mapping[str, Any]) -> Outgoing:
    """The request: raw body, and signatures over exactly these bytes."""
    body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {
        "Content-Type": "application/json",
        **signature_headers(secrets, message["event_id"], int(time.time()), body),
    }
    return Outgoing(url, headers, body)
