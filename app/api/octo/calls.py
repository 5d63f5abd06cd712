"""One OCTO call: who asks, of which supplier, with which capabilities; then answer and log it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Response, g, request
from pydantic import BaseModel, ValidationError

from app.api.bodies import demand_flat, once, read_raw
from app.api.octo.faults import OctoError, bad_request, translated
from app.api.partner.caller import admitted
from app.api.partner.calls import Call, answer, begun, log
from app.api.schemas.kinds import faults_of
from app.apikeys.models import KeyScope
from app.errors import HubError
from app.extensions import db
from app.partners.callers import PartnerCaller
from app.staff.context import settings
from app.websites.models import Website

Body = TypeVar("Body", bound=BaseModel)
PRICING = "octo/pricing"


@dataclass
class Desk:
    """A reseller in front of one supplier."""

    caller: PartnerCaller
    website: Website
    pricing: bool
    """Whether prices are asked for: the capability octo/pricing."""

    @property
    def venues(self) -> list[Any]:
        """The supplier's venues at which this reseller may book."""
        return [v for v, website in self.caller.venues.items() if website == self.website.id]

    @property
    def endpoint(self) -> str:
        """The base address of this supplier."""
        return f"{settings().base_url.rstrip('/')}/octo/{self.website.id}"


def asked_capabilities() -> list[str]:
    """The capabilities in force, in the form in which they were asked for."""
    asked = request.headers.get("Octo-Capabilities", "").split(",")
    return [name.strip() for name in asked if name.strip() in (PRICING, "pricing")]


def reading(scope: KeyScope, read: Callable[[Desk], Any]) -> Response:
    """Answer a call that changes nothing."""
    body = read(_desk(admitted(scope)))
    db.session.commit()
    return answer(200, body)


def changing(event: str, make: Callable[[Desk, Call], Any]) -> Response:
    """Answer a call that changes something, and log it."""
    found = admitted(KeyScope.WRITE_BOOKINGS)
    call = begun(found, event)
    try:
        desk = _desk(found)
        call.website_id = desk.website.id
        status, body = once(db.session(), call.door, lambda: (200, make(desk, call)))
        log(call, status, body)
        db.session.commit()
    except HubError as error:
        db.session.rollback()
        said = translated(error)
        log(call, said.status, {"code": said.code, "error": said.message})
        db.session.commit()
        raise
    return answer(status, body)


def read(schema: type[Body], *, optional: bool = False) -> Body:
    """The JSON body. `optional`: an empty one is {}. Raises OctoError."""
    raw = read_raw()
    if optional and not raw.strip():
        raw = b"{}"
    demand_flat(raw)
    return _checked(lambda: schema.model_validate_json(raw))


def read_query(schema: type[Body]) -> Body:
    """The query of the address; an empty value is the same as none. Raises OctoError."""
    given = {name: value for name, value in request.args.items() if value != ""}
    return _checked(lambda: schema.model_validate_strings(given))


def _checked(make: Callable[[], Body]) -> Body:
    try:
        return make()
    except ValidationError as error:
        faults = faults_of(error.errors(include_url=False, include_input=False))
        said = "; ".join(f"{fault.field}: {fault.message}" for fault in faults[:10])
        raise bad_request(said) from error


def _desk(found: PartnerCaller) -> Desk:
    """Raises OctoError where the address does not say which supplier is meant."""
    websites, asked = sorted(found.websites), g.get("octo_supplier")
    if asked is None and len(websites) == 1:
        asked = websites[0]
    if asked is None:
        base = f"{settings().base_url.rstrip('/')}/octo/"
        others = ", ".join(base + each for each in websites) or "none yet"
        raise bad_request(f"You sell for several suppliers, each at its own address: {others}")
    if asked not in found.websites:
        raise OctoError("FORBIDDEN", "You do not sell for this supplier.")
    website = db.session.get_one(Website, asked)
    if not website.is_active:
        raise OctoError("FORBIDDEN", "This supplier is switched off.")
    return Desk(found, website, bool(asked_capabilities()))
