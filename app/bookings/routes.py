"""Pages of the bookings: the list with its news, one booking, its edit form, its moves."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, request, url_for

from app.bookings import actions, amounts, edit_pages, listing, news, pages, queries
from app.bookings.choice_routes import choices
from app.bookings.forms import EditForm, MoveForm, NotesForm
from app.bookings.listview import ListView
from app.bookings.moves import said, way_back
from app.bookings.new_routes import new
from app.bookings.status import Status
from app.bookings.traveler_routes import travelers
from app.errors import Conflict, InvalidPayload, NotFound, SlotUnavailable, WebsiteNotFound
from app.extensions import db
from app.staff.context import current_actor, current_scope, now, only_watching
from app.staff.guards import requires
from app.staff.permissions import Permission
from app.web import page, say, trigger
from app.websites.context import zone_of

bookings = Blueprint("bookings", __name__)
bookings.register_blueprint(new)
bookings.register_blueprint(choices)
bookings.register_blueprint(travelers)

VIEW = Permission.BOOKINGS_VIEW
EDIT = Permission.BOOKINGS_EDIT


def list_view() -> ListView:
    """The list that the address describes. Raises WebsiteNotFound."""
    website = request.args.get("website", "")
    if website and not current_scope().can(VIEW, website):
        raise WebsiteNotFound("This website does not exist.")
    today = now().astimezone(zone_of(website)).date()
    return ListView.read(request.args, today, now())


@bookings.get("/bookings")
@requires(VIEW)
def index() -> Response:
    """The list; for htmx the list alone, or its next rows."""
    view, after = list_view(), request.args.get("after")
    cursor = news.start(db.session())
    shown = pages.list_page(view, after)
    if request.headers.get("HX-Target") == "more":
        return page("bookings/index.html", "bookings/_rows.html", **shown)
    shown |= {"counts": pages.tab_counts(shown["shown"], shown["asked"]), "cursor": cursor}
    return page("bookings/index.html", "bookings/_list.html", **shown)


@bookings.get("/bookings/changes")
@requires(VIEW)
def changes() -> Response:
    """What changed since `after`, and the bookings named by `id`: rows for a list that is open."""
    only_watching()
    view, cursor = list_view(), request.args.get("after")
    session, scope = db.session(), current_scope()
    if cursor is None:
        rows = listing.among(session, scope, pages.ids_of(request.args.getlist("id")))
        return page("bookings/_changes.html", **pages.changes_page(view, rows))
    if request.args.get("seen", str(view.today)) != str(view.today):  # midnight has passed
        return trigger(Response(status=204), "arrivals", {"ids": [], "anew": True})
    told = news.since(session, scope, view.filters(), cursor)
    if not told.is_worth_telling:
        return Response(status=204)
    context = pages.changes_page(view, told.rows) if told.rows else {"view": view, "rows": []}
    answer = page("bookings/_changes.html", cursor=told.cursor, **context)
    if told.arrived:
        trigger(answer, "arrivals", {"ids": [str(one) for one in told.arrived]})
    return answer


@bookings.get("/bookings/<uuid:booking_id>")
@requires(VIEW)
def show(booking_id: UUID) -> Response:
    """One booking: its own page, or the inside of the drawer."""
    return pages.booking_page(booking_id)


@bookings.post("/bookings/<uuid:booking_id>/status/<to>")
@requires(VIEW)
def move(booking_id: UUID, to: str) -> Response:
    """Bring a booking into another status."""
    status = _status(to)
    session, scope, form = db.session(), current_scope(), MoveForm()
    if not form.validate():
        raise InvalidPayload("The reason is too long.")
    old = Status(queries.get(session, scope, booking_id).status)
    try:
        booking = actions.move(
            *(session, current_actor(), scope, booking_id, status),
            reason=form.reason.data,
            overbook=form.overbook.data,
        )
    except SlotUnavailable as error:
        session.rollback()
        return pages.no_room(booking_id, status, error.message)
    except Conflict as error:
        session.rollback()
        return pages.after_change(booking_id, error.message, "warning")
    session.commit()
    back = way_back(old, status)
    undo = url_for("bookings.move", booking_id=booking_id, to=back) if back else None
    return pages.after_change(booking_id, said(booking), undo=undo)


def _status(word: str) -> Status:
    try:
        return Status(word)
    except ValueError as error:
        raise NotFound("There is no such status.") from error


@bookings.post("/bookings/<uuid:booking_id>/notes")
@requires(EDIT)
def notes(booking_id: UUID) -> Response:
    """Keep the staff notes."""
    session, scope, form = db.session(), current_scope(), NotesForm()
    queries.get(session, scope, booking_id, EDIT)
    if not form.validate():
        return pages.booking_page(booking_id, form, status=422)
    if form.admin_notes.data == form.before.data:
        return pages.after_change(booking_id, "Nothing was changed.", "info")
    changed = {"admin_notes": form.admin_notes.data}
    try:
        actions.edit(session, current_actor(), scope, booking_id, changed, form.read_at, merge=True)
    except Conflict as error:
        session.rollback()
        return pages.notes_clash(booking_id, form, error)
    session.commit()
    return pages.after_change(booking_id, "Notes saved.")


@bookings.get("/bookings/<uuid:booking_id>/edit")
@requires(EDIT)
def edit(booking_id: UUID) -> Response:
    """The edit form."""
    booking = queries.get(db.session(), current_scope(), booking_id, EDIT)
    if not booking.can_edit:
        say("This booking is over: it takes only notes.", "warning")
        return pages.back_to(booking_id)
    return edit_pages.edit_page(
        booking, EditForm.of(booking, amounts.editable(current_scope(), booking.website_id))
    )


@bookings.get("/bookings/<uuid:booking_id>/edit/times")
@requires(EDIT)
def times(booking_id: UUID) -> Response:
    """The times to choose from, after the day or what is booked was changed in the form."""
    return edit_pages.times_part(queries.get(db.session(), current_scope(), booking_id, EDIT))


@bookings.post("/bookings/<uuid:booking_id>/edit")
@requires(EDIT)
def save(booking_id: UUID) -> Response:
    """Save what was changed, beside what others changed meanwhile."""
    session, scope = db.session(), current_scope()
    booking = queries.get(session, scope, booking_id, EDIT)
    form = EditForm.sent(booking, amounts.editable(scope, booking.website_id))
    if not form.validate():
        return edit_pages.edit_page(booking, form, status=422)
    changed, version = form.changes(), form.read_at
    if not changed:
        return pages.after_change(booking_id, "Nothing was changed.", "info")
    meanwhile = queries.changed_since(session, booking, version)
    try:
        actions.edit(
            *(session, current_actor(), scope, booking_id, changed, version),
            merge=True,
            overbook=form.overbook.data,
        )
    except SlotUnavailable as error:
        session.rollback()
        form.time_slot.errors = [error.message]
        booking = queries.get(session, scope, booking_id)
        return edit_pages.edit_page(booking, form, status=422, has_room=False)
    except InvalidPayload as error:
        session.rollback()
        form.take(error)
        return edit_pages.edit_page(queries.get(session, scope, booking_id), form, status=422)
    except Conflict as error:
        session.rollback()
        return edit_pages.edit_clash(booking_id, form, changed, error)
    session.commit()
    return pages.after_change(
        booking_id, " ".join(["Saved.", *edit_pages.beside(meanwhile, changed)])
    )
