"""`/api/webhooks/platforms/…`: booking platforms say that something happened there.

What they send is not read. Who cannot send a header puts the secret at the end of the address;
addresses are not logged, only their routes.
"""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, jsonify, make_response, request

from app.api.describing import describes
from app.api.schemas.platform_hook import HintAnswer
from app.errors import AuthFailed, NotFound, PayloadTooLarge
from app.extensions import csrf, db
from app.platforms import hearing
from app.platforms.hearing import Hint
from app.staff.guards import public
from app.wall import lifted, open_for

platform_hook = Blueprint("api_platform_hook", __name__)
csrf.exempt(platform_hook)

HEADER = "X-Platform-Secret"
MOST_BYTES = 64 * 1024
AT = "/api/webhooks/platforms/<platform_type>/<uuid:connection_id>"
_ERRORS = (AuthFailed, NotFound, PayloadTooLarge)


@platform_hook.post(AT)
@public("platforms bring the secret of their connection")
@describes("Providers", answers={202: HintAnswer}, errors=_ERRORS)
def receive_hint(platform_type: str, connection_id: UUID) -> Response:
    """A platform says that something changed there: its reservations are pulled within seconds.

    The secret of the connection comes in the header `X-Platform-Secret`. The body is not read.
    """
    return _heard(platform_type, connection_id, request.headers.get(HEADER, ""))


@platform_hook.post(f"{AT}/<secret>")
@public("platforms bring the secret of their connection")
@describes("Providers", answers={202: HintAnswer}, errors=_ERRORS)
def receive_hint_without_header(platform_type: str, connection_id: UUID, secret: str) -> Response:
    """The same for platforms that cannot send a header: the secret ends the address."""
    return _heard(platform_type, connection_id, secret)


def _heard(platform_type: str, connection_id: UUID, secret: str) -> Response:
    if (request.content_length or 0) > MOST_BYTES:
        raise PayloadTooLarge("The body is larger than 64 KiB.")
    session = db.session()
    with lifted(session):
        heard = hearing.check(session, platform_type, connection_id, secret)
    if heard.hint is Hint.UNKNOWN:
        raise NotFound("There is no such connection.")
    if heard.hint is Hint.WRONG or heard.website_id is None:
        raise AuthFailed("The secret does not fit.")
    if heard.hint is Hint.TAKEN:
        open_for(session, frozenset({heard.website_id}))
        hearing.wish(session, connection_id)
    session.commit()
    return make_response(jsonify({"success": True, "pulled": heard.hint is Hint.TAKEN}), 202)
