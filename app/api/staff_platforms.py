"""The JSON door of staff: connections of venues to booking platforms.

The rules are those of the pages: an account is tried before it is saved, and what is on works.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response

from app.api.bodies import Answer, once, read_body, read_query
from app.api.describing import Link, describes
from app.api.schemas import platforms as schemas
from app.api.staff import json_answer
from app.errors import Conflict, Fault, InvalidPayload, NotFound, WebsiteNotFound
from app.extensions import db
from app.plain import plain
from app.platforms import actions, drafts, pages, queries, registry, wording
from app.platforms.models import PlatformConnection
from app.platforms.queries import MANAGE, VIEW
from app.platforms.trying import tried, tried_for
from app.staff.context import current_actor, current_person, current_scope, now
from app.staff.guards import requires

staff_platforms_api = Blueprint(
    "api_staff_platforms", __name__, url_prefix="/api/platform-connections"
)

PLATFORMS = "Staff: booking platforms"
_THIS = {"connection_id": "$response.body#/connection/id"}


@staff_platforms_api.get("")
@requires(VIEW)
@describes(
    PLATFORMS,
    answers={200: schemas.ConnectionsAnswer},
    query=schemas.ConnectionQuery,
    errors=(WebsiteNotFound,),
)
def list_connections() -> Response:
    """The connections one may see, by venue and in the order in which they are asked."""
    query, scope = read_query(schemas.ConnectionQuery), current_scope()
    if query.website_id and not scope.can(VIEW, query.website_id):
        raise WebsiteNotFound("This website does not exist.")
    where = (query.website_id or "", query.venue_id, query.after or "", query.limit)
    found = queries.page(db.session(), scope, *where)
    rows = [_json(each.connection) for each in found.rows]
    return json_answer({"success": True, "connections": rows, "next": found.next})


@staff_platforms_api.post("")
@requires(MANAGE)
@describes(
    PLATFORMS,
    answers={201: schemas.NewConnectionAnswer},
    body=schemas.ConnectionBody,
    errors=(Conflict, NotFound),
    repeatable=True,
    examples=schemas.NEW,
    links={
        "change": Link("change_connection", _THIS),
        "check": Link("check_connection", _THIS),
        "sync": Link("sync_connection", _THIS),
    },
)
def add_connection() -> Response:
    """Connect a venue: the account is tried first; with one that fails it can be saved off."""
    session, scope = db.session(), current_scope()
    values = read_body(schemas.ConnectionBody).said()
    tested = tried(session, drafts.draft(session, scope, values))

    def make() -> Answer:
        made = actions.connect(session, current_actor(), scope, values, tested, with_secret=True)
        return 201, {
            "success": True,
            "connection": _json(made.connection),
            "message": tested.message,
            "webhook_secret": made.secret,
        }

    status, answer = once(session, f"staff:{current_person().id}", make)
    session.commit()
    return json_answer(answer, status)


@staff_platforms_api.put("/<uuid:connection_id>")
@requires(MANAGE)
@describes(
    PLATFORMS,
    answers={200: schemas.ConnectionAnswer},
    body=schemas.ConnectionChanges,
    errors=(Conflict, NotFound),
    examples=schemas.CHANGES,
)
def change_connection(connection_id: UUID) -> Response:
    """Change a connection, switch it, or put it elsewhere in the order of its venue."""
    session, scope = db.session(), current_scope()
    found = queries.get(session, scope, connection_id, MANAGE)
    values = read_body(schemas.ConnectionChanges).said()
    if not values:
        raise InvalidPayload("Nothing to change.", [Fault("(body)", "Name a field.")])
    tested = tried_for(session, found, values)
    made = actions.edit(session, current_actor(), scope, connection_id, values, tested)
    session.commit()
    return json_answer({"success": True, "connection": _json(made)})


@staff_platforms_api.post("/<uuid:connection_id>/check")
@requires(MANAGE)
@describes(PLATFORMS, answers={200: schemas.CheckAnswer}, errors=(Conflict, NotFound))
def check_connection(connection_id: UUID) -> Response:
    """Try the account as it is saved."""
    session, scope = db.session(), current_scope()
    tested = tried(session, queries.get(session, scope, connection_id, MANAGE))
    found = actions.note_test(session, current_actor(), scope, connection_id, tested)
    session.commit()
    told = {"works": tested.works, "is_sure": tested.is_sure, "message": tested.message}
    return json_answer({"success": True, **told, "connection": _json(found)})


@staff_platforms_api.post("/<uuid:connection_id>/sync")
@requires(MANAGE)
@describes(PLATFORMS, answers={202: schemas.ConnectionAnswer}, errors=(Conflict, NotFound))
def sync_connection(connection_id: UUID) -> Response:
    """Ask for a pull at once; `is_syncing` of the connection says when it is over."""
    session = db.session()
    found = actions.want_pull(session, current_actor(), current_scope(), connection_id)
    session.commit()
    return json_answer({"success": True, "connection": _json(found)}, 202)


def _json(connection: PlatformConnection) -> dict[str, Any]:
    """How a connection looks in JSON; no secret is among it."""
    names = (
        *("website_id", "platform_type", "is_enabled", "priority", "statuses"),
        *("check_error", "sync_error"),
    )
    instants = ("checked_at", "last_synced_at", "created_at", "updated_at")
    state, service = wording.state_of(connection, now()), connection.activity_id
    return {
        "id": str(connection.id),
        "venue_id": str(connection.venue_id),
        **{name: getattr(connection, name) for name in names},
        **{name: plain(getattr(connection, name)) for name in instants},
        **_account(connection),
        "activity_id": str(service) if service else None,
        "state": state.label.lower(),
        "problem": state.why or None,
        "is_syncing": pages.pull_of(connection, now()).is_under_way,
        "webhook_url": pages.hook_of(connection),
    }


def _account(connection: PlatformConnection) -> dict[str, Any]:
    kind, said = registry.KINDS.get(connection.platform_type), connection.configuration or {}
    if kind is None:
        return {"account": {}, "secrets": [], "options": {}}
    open_ = {each.name: said[each.name] for each in kind.fields if each.name in said}
    secret = [each.name for each in kind.fields if each.secret and each.name in said]
    return {
        "account": {name: value for name, value in open_.items() if name not in secret},
        "secrets": secret,
        "options": registry.options_of(kind, connection.options),
    }
