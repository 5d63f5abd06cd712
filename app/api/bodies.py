"""Reading what programs send: a JSON body or a query, checked once against its schema."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, TypeVar

from flask import request
from pydantic import BaseModel, ValidationError
from sqlalchemy.orm import Session
from werkzeug.exceptions import RequestEntityTooLarge

from app.api import receipts
from app.api.models import Receipt
from app.api.schemas.kinds import faults_of
from app.crypto import keyring
from app.errors import Fault, InvalidPayload, PayloadTooLarge

Body = TypeVar("Body", bound=BaseModel)
Answer = tuple[int, dict[str, Any]]

DEEPEST = 32
"""Levels of objects and lists in a body. Of a name that stands twice the last value counts."""
_TEXT_OR_BRACKET = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)


def demand_json(*, named: bool = True) -> None:
    """Raises InvalidPayload for another content type; `named`: also when there is none."""
    if not request.is_json and (named or request.content_type):
        fault = Fault("Content-Type", "Must be application/json.")
        raise InvalidPayload("Send JSON, with Content-Type: application/json.", [fault])


def demand_flat(raw: bytes) -> None:
    """Raises InvalidPayload for JSON with more than DEEPEST levels, before anything reads it."""
    depth = 0
    for match in _TEXT_OR_BRACKET.finditer(raw):
        sign = match[0]
        if sign in b"[{":
            depth += 1
            if depth > DEEPEST:
                fault = Fault("(body)", f"Must not have more than {DEEPEST} levels.")
                raise InvalidPayload("The body is nested too deeply.", [fault])
        elif sign in b"]}":
            depth -= 1


def read_raw() -> bytes:
    """The raw body. Raises PayloadTooLarge.

    Where its length was not announced (chunks) the server stops reading at the limit: what fills
    it is too long, or cut off.
    """
    too_large = PayloadTooLarge("The body is too large: at most 256 KiB are taken.")
    try:
        raw = request.get_data()
    except RequestEntityTooLarge as error:
        raise too_large from error
    most = request.max_content_length
    if request.content_length is None and most is not None and len(raw) >= most:
        raise too_large
    return raw


def read_body(schema: type[Body]) -> Body:
    """The JSON body. Raises InvalidPayload with every fault, also for another content type."""
    demand_json()
    raw = read_raw()
    demand_flat(raw)
    return _checked(lambda: schema.model_validate_json(raw))


def read_query(schema: type[Body]) -> Body:
    """The query of the URL; an empty value is the same as none. Raises InvalidPayload."""
    given = {name: value for name, value in request.args.items() if value != ""}
    return _checked(lambda: schema.model_validate_strings(given))


def _checked(read: Callable[[], Body]) -> Body:
    try:
        return read()
    except ValidationError as error:
        faults = faults_of(error.errors(include_url=False, include_input=False))
        raise InvalidPayload("What was sent is not valid.", faults) from error


def is_repeat(session: Session, door: str) -> bool:
    """Whether a call with this Idempotency-Key was answered before."""
    key = request.headers.get("Idempotency-Key", "").strip()
    return bool(key) and receipts.is_known(session, door, receipts.for_idempotency(key))


def once(session: Session, door: str, make: Callable[[], Answer]) -> Answer:
    """Make something, or answer as the first time when the Idempotency-Key comes back.

    The kept answer is encrypted: it may hold what is shown only once. Raises Conflict for the
    same key with another body.
    """
    key = request.headers.get("Idempotency-Key", "").strip()
    if not key:
        return make()
    raw = request.method.encode() + request.path.encode() + read_raw()
    (claimed,) = receipts.claim(session, door, [receipts.for_idempotency(key)], raw)
    if isinstance(claimed, Receipt):
        receipts.demand_same_body(claimed, raw)
        return claimed.http_status, json.loads(keyring.decrypt(claimed.answer["sealed"]))
    status, answer = make()
    receipts.keep(session, [claimed], status, {"sealed": keyring.encrypt(json.dumps(answer))})
    return status, answer
