"""`/docs/partners`: from a key to the first booking, for the people who build it."""

from __future__ import annotations

import json
from datetime import timedelta

from flask import Blueprint, Response

from app.staff.context import now, settings
from app.staff.guards import public
from app.web import page

onboarding = Blueprint("onboarding", __name__)

PARTS = (
    ("key", "Get a key"),
    ("first", "Your first booking"),
    ("safe", "Nothing twice, nothing lost"),
    ("webhooks", "Webhooks"),
    ("octo", "OCTO"),
    ("sandbox", "Try it first"),
    ("portal", "Your portal"),
)
AHEAD = timedelta(days=30)
GUEST = {"first_name": "Demo", "last_name": "Diver", "email": "diver@example.com"}
WEBHOOK = {
    "event_id": "01a1fd1b-05d0-7a6c-997e-b0e107603d2d",
    "event": "booking.status_changed",
    "source_booking_id": "5f0c9a52-6a7e-4a27-9a3e-0b6a4a3c1d11",
    "booking_id": "01a1fd1b-0618-7ffa-aad7-fdc567504943",
    "version": 3,
    "updated_fields": ["status", "cancellation_reason"],
    "data": {"status": "cancelled", "cancellation_reason": "Storm"},
    "updated_at": "2026-11-21T04:12:09Z",
    "updated_by": "Coral Divers",
}
PYTHON = """\
import hashlib, hmac, time

def is_genuine(secret: str, headers, raw: bytes) -> bool:
    sent = headers["X-Webhook-Timestamp"]
    signed = sent.encode() + b"." + raw
    expected = "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    fresh = abs(time.time() - int(sent)) < 300
    return fresh and hmac.compare_digest(expected, headers["X-Webhook-Signature"])"""
NODE = """\
const { createHmac, timingSafeEqual } = require("node:crypto");

function isGenuine(secret, headers, raw) {
  const sent = headers["x-webhook-timestamp"];
  const hmac = createHmac("sha256", secret).update(sent + ".").update(raw);
  const expected = Buffer.from("sha256=" + hmac.digest("hex"));
  const given = Buffer.from(headers["x-webhook-signature"] || "");
  const fresh = Math.abs(Date.now() / 1000 - Number(sent)) < 300;
  return fresh && expected.length === given.length && timingSafeEqual(expected, given);
}"""


@onboarding.get("/docs/partners")
@public("developers of partners read it; it holds no data")
def partners() -> Response:
    """The guide for partners."""
    day = (now() + AHEAD).date().isoformat()
    wish = {
        "customer": GUEST,
        "location_id": "'$LOCATION'",
        "booking_date": day,
        "activity_type": "diving",
        "guest_count": 2,
    }
    return page(
        "api/partners.html",
        parts=PARTS,
        base=settings().base_url.rstrip("/"),
        day=day,
        booking=json.dumps(wish, indent=2),
        webhook=json.dumps(WEBHOOK, indent=2),
        python=PYTHON,
        node=NODE,
    )
