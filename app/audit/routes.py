"""Pages of the audit: the log over everything, one entry, and taking it along as CSV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request, stream_with_context

from app.audit import actions, export, queries, wording
from app.audit.queries import Wanted, Websites
from app.audit.view import DOORS, AuditView
from app.audit.wording import Reader
from app.bookings import references
from app.customers import queries as customers
from app.errors import Forbidden, WebsiteNotFound
from app.events.models import Event
from app.extensions import db
from app.partners import queries as partners
from app.staff.context import current_actor, current_scope, now
from app.staff.guards import requires
from app.staff.permissions import Permission
from app.wall import open_for
from app.web import page
from app.websites.context import visible_websites, zone_of

audit = Blueprint("audit", __name__)

VIEW = Permission.AUDIT_VIEW
EXPORT = Permission.AUDIT_EXPORT


@audit.get("/audit")
@requires(VIEW)
def index() -> Response:
    """The log, the newest first; for htmx the list alone, or its next rows."""
    view, after, session = _view(), request.args.get("after"), db.session()
    mine = _websites(view, VIEW)
    found = queries.page(session, mine, _wanted(view, mine), after)
    rows_only = request.headers.get("HX-Target") == "more"
    context = {
        "view": view,
        "after": after,
        "next": found.next,
        "entries": found.rows,
        **_around(view, found.rows),
    }
    if not rows_only:
        context |= _choices(view, mine)
    fragment = "audit/_rows.html" if rows_only else "audit/_list.html"
    return page("audit/index.html", fragment, **context)


@audit.get("/audit/<int:event_id>")
@requires(VIEW)
def show(event_id: int) -> Response:
    """One entry with everything that was written down."""
    event = queries.get(db.session(), current_scope().websites(VIEW), event_id)
    context = _around(AuditView(website=event.website_id or ""), [event])
    return page("audit/show.html", "audit/_drawer.html", e=event, **context)


@audit.post("/audit/export")
@requires(VIEW, EXPORT)
def take_along() -> Response:
    """What the page shows, as CSV. That it was taken is written down first."""
    view = AuditView.read(request.form)
    _check(view, EXPORT)
    mine = _websites(view, EXPORT)
    session, scope = db.session(), current_scope()
    wanted = _wanted(view, mine)
    only = view.website or (next(iter(mine)) if mine and len(mine) == 1 else None)
    below = actions.note_export(session, current_actor(), only, view.args())
    session.commit()
    names = {website.id: website.name for website in visible_websites()}

    def rows() -> Iterator[Sequence[Any]]:
        open_for(db.session(), mine)  # a stream has a session of its own
        yield export.HEADER
        for events in queries.everything(db.session(), mine, wanted, below):
            reader = _reader(scope, events, names)
            yield from [export.row(event, reader) for event in events]

    answer = Response(stream_with_context(export.lines(rows())), mimetype="text/csv")
    name = f"audit-{now():%Y-%m-%d}.csv"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _view() -> AuditView:
    """The page that the address describes. Raises WebsiteNotFound."""
    view = AuditView.read(request.args)
    _check(view, VIEW)
    return view


def _check(view: AuditView, permission: Permission) -> None:
    scope = current_scope()
    if view.website and not scope.can(VIEW, view.website):
        raise WebsiteNotFound("This website does not exist.")
    if view.website and not scope.can(permission, view.website):
        raise Forbidden("You may not take the log of this website along.")


def _websites(view: AuditView, permission: Permission) -> Websites:
    """The websites that the page is about; None means all, and what belongs to none."""
    scope = current_scope()
    if view.website:
        return frozenset({view.website})
    mine, also = scope.websites(VIEW), scope.websites(permission)
    return mine if also is None else also if mine is None else mine & also


def _wanted(view: AuditView, mine: Websites) -> Wanted:
    zone = zone_of(view.website)
    ids = [one.id for one in visible_websites() if mine is None or one.id in mine]
    return Wanted(
        actor_id=view.actor or None,
        subject_type=view.kind or None,
        name=view.name or None,
        door=view.door or None,
        text=view.q or None,
        booking_ids=references.find(db.session(), ids, view.q) if view.q else (),
        since=view.begins(zone),
        until=view.ends(zone),
    )


def _around(view: AuditView, events: Sequence[Event]) -> dict[str, Any]:
    names = {website.id: website.name for website in visible_websites()}
    return {
        "reader": _reader(current_scope(), events, names),
        "words": wording,
        "names": names,
        "doors": DOORS,
        "tz": zone_of(view.website if view.website in names else ""),
        "now": now(),
    }


def _reader(scope: Any, events: Iterable[Event], names: dict[str, str]) -> Reader:
    """What these events need to be read: four queries, however many they are."""
    session, plain = db.session(), Reader(scope)
    sealed = {e.customer_id for e in events if e.sealed_fields() and plain.may_open(e)}
    about = {e.subject_id for e in events if e.subject_type == "user"}
    return Reader(
        scope,
        keys=customers.data_keys(session, {one for one in sealed if one}) if sealed else {},
        references=references.of(session, [event.booking_id for event in events]),
        people=queries.names_of(session, about),
        websites=names,
        partners=_partner_names(events),
    )


def _partner_names(events: Iterable[Event]) -> dict[str, str]:
    about = {UUID(e.subject_id) for e in events if e.subject_type == "partner"}
    found = partners.names(db.session(), (), about) if about else {}
    return {str(partner_id): name for partner_id, name in found.items()}


def _choices(view: AuditView, mine: Websites) -> dict[str, Any]:
    session = db.session()
    people = queries.people(session, mine)
    labels = {name: name.replace(".", ": ").replace("_", " ") for name in queries.names(session)}
    kinds = {kind: wording.humanised(kind) for kind in queries.kinds(session)}
    return {"people": people, "event_names": labels, "kinds": kinds}
