"""Pages of what was said with a platform: the list, and one exchange."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, request

from app.bookings import references
from app.extensions import db
from app.platforms import exchanges, pages, queries, wording
from app.platforms.models import PlatformConnection
from app.platforms.queries import VIEW
from app.staff.context import current_scope
from app.staff.guards import requires
from app.web import page

platform_log = Blueprint("platform_log", __name__, url_prefix="/platforms/<uuid:connection_id>/log")


@platform_log.get("")
@requires(VIEW)
def index(connection_id: UUID) -> Response:
    """What was said with the platform, the newest first; for htmx the list or its next rows."""
    found, after = _visible(connection_id), request.args.get("after")
    kind, failed = request.args.get("kind", ""), request.args.get("answer") == "failed"
    kinds = wording.CALLS[kind][1] if kind in wording.CALLS else None
    session = db.session()
    rows = exchanges.page(session, found, kinds, failed=failed, after=after)
    more = request.headers.get("HX-Target") == "more"
    return page(
        "platforms/log.html",
        "platforms/_call_rows.html" if more else "platforms/_log.html",
        **pages.head(found),
        calls=rows.rows,
        following=rows.next,
        kind_chosen=kind if kinds else "",
        failed=failed,
        kinds=[(name, label) for name, (label, _) in wording.CALLS.items()],
        call_word=wording.call_word,
        references=references.of(session, [row.booking_id for row in rows.rows]),
    )


@platform_log.get("/<int:log_id>")
@requires(VIEW)
def show(connection_id: UUID, log_id: int) -> Response:
    """One exchange with what was said and answered, without guests and credentials."""
    found, session = _visible(connection_id), db.session()
    call = exchanges.get(session, found, log_id)
    in_drawer = request.headers.get("HX-Target") == "drawer-content"
    return page(
        "platforms/call.html",
        "platforms/_call_drawer.html" if in_drawer else None,
        **pages.head(found),
        call=call,
        reference=next(iter(references.of(session, [call.booking_id]).values()), None),
        call_word=wording.call_word,
        pretty=pages.pretty,
    )


def _visible(connection_id: UUID) -> PlatformConnection:
    return queries.get(db.session(), current_scope(), connection_id)
