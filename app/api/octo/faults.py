"""OCTO's error objects: `{"error": CODE, "errorMessage": text}` and the id that was sent.

Every refusal is a 400 and the code tells them apart; only FORBIDDEN is a 403, and a fault of ours
a 500, as the standard has it.
"""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, make_response
from werkzeug.exceptions import HTTPException

from app.errors import (
    AuthFailed,
    Conflict,
    Forbidden,
    HubError,
    InvalidPayload,
    NotFound,
    RateLimited,
    SlotUnavailable,
)
from app.extensions import db
from app.logs import get_logger

ID_FIELDS = {
    "INVALID_PRODUCT_ID": "productId",
    "INVALID_OPTION_ID": "optionId",
    "INVALID_UNIT_ID": "unitId",
    "INVALID_AVAILABILITY_ID": "availabilityId",
    "INVALID_BOOKING_UUID": "uuid",
}
_MESSAGES = {
    "INVALID_PRODUCT_ID": "The productId was missing or invalid",
    "INVALID_OPTION_ID": "The optionId was missing or invalid",
    "INVALID_UNIT_ID": "The unitId was missing or invalid",
    "INVALID_AVAILABILITY_ID": "The availabilityId was missing or invalid",
    "INVALID_BOOKING_UUID": "The uuid was already used, missing or invalid",
}


class OctoError(HubError):
    """A refusal in the standard's words; `sent` is the id as the client wrote it."""

    status = 400

    def __init__(self, code: str, message: str = "", sent: object = None) -> None:
        super().__init__(message or _MESSAGES.get(code, "This cannot be done."))
        self.code = code
        self.sent = sent

    def body(self) -> dict[str, Any]:
        """As the standard writes it."""
        found = {"error": self.code, "errorMessage": self.message}
        if self.code in ID_FIELDS:
            found[ID_FIELDS[self.code]] = "" if self.sent is None else str(self.sent)
        return found


def bad_request(message: str) -> OctoError:
    """What was sent cannot be read, or something is missing."""
    return OctoError("BAD_REQUEST", message)


def unprocessable(message: str) -> OctoError:
    """It can be read and is refused."""
    return OctoError("UNPROCESSABLE_ENTITY", message)


def translated(error: HubError) -> OctoError:
    """The hub's refusals in the standard's words."""
    match error:
        case OctoError():
            return error
        case AuthFailed():
            missing = error.message.startswith("Missing")
            return OctoError("UNAUTHORIZED" if missing else "FORBIDDEN", error.message)
        case Forbidden():
            return OctoError("FORBIDDEN", error.message)
        case SlotUnavailable() | Conflict():
            return unprocessable(error.message)
        case InvalidPayload():
            said = "; ".join(f"{fault.field}: {fault.message}" for fault in error.details[:10])
            return bad_request(said or error.message)
        case NotFound():
            return bad_request(error.message)
        case RateLimited():
            return OctoError("UNPROCESSABLE_ENTITY", error.message)
        case _ if error.status < 500:
            return bad_request(error.message)
    return OctoError("INTERNAL_SERVER_ERROR", "Something went wrong on our side.")


def answer(error: HubError) -> Response:
    """Answer a refusal. Whatever was written is rolled back."""
    db.session.rollback()
    said = translated(error)
    status = {"FORBIDDEN": 403, "INTERNAL_SERVER_ERROR": 500}.get(said.code, 400)
    response = make_response(jsonify(said.body()), status)
    if isinstance(error, RateLimited):
        response.status_code = 429
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def answer_http(error: HTTPException) -> Response:
    """An address or a method that the standard does not have, or a body that is too long."""
    if (error.code or 500) >= 500:
        return answer_unexpected(error)
    return answer(bad_request(error.description or "There is nothing at this address."))


def answer_unexpected(error: Exception) -> Response:
    """A fault of ours: logged, and told to nobody."""
    get_logger().error("unexpected error", exc_info=error)
    return answer(HubError())
