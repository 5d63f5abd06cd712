"""The edit form of a booking: its times, and what two people changed at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.bookings import edit_times, listing, pricing, queries
from app.bookings.fields import FIELDS
from app.bookings.forms import EditForm, as_text
from app.bookings.models import Booking
from app.bookings.offering import count_of, day_of
from app.bookings.queries import Since
from app.bookings.wording import labels, shown
from app.errors import Conflict
from app.extensions import db
from app.staff.context import current_scope, now
from app.staff.permissions import Permission
from app.web import page
from app.websites.context import zone_of

VISIT = ("package_name", "venue", "activity_date", "guest_count", "time_slot")
"""Fields of the form from which the times follow."""


def edit_page(
    booking: Booking,
    form: EditForm,
    status: int = 200,
    clashes: Sequence[Any] = (),
    also: Collection[str] = (),
    *,
    has_room: bool = True,
) -> Response:
    """The edit form, as a page or in the drawer. Without `has_room`: with a tick to overbook."""
    return page(
        "bookings/edit.html",
        "bookings/_edit_drawer.html",
        status=status,
        b=booking,
        form=form,
        clashes=clashes,
        also=also,
        clashing={clash["name"] for clash in clashes},
        faults=[] if clashes else form.faults(),
        hint=_hint(booking, form),
        slots=listing.slots_near(db.session(), booking),
        times=_times(booking, {name: form.typed(name) for name in VISIT}),
        has_room=has_room,
        website_action=url_for("bookings.index"),
    )


def times_part(booking: Booking) -> Response:
    """The field of the time alone, after another choice."""
    typed = {name: request.args.get(name, "") for name in VISIT}
    return page(
        "bookings/_edit_time.html",
        b=booking,
        typed=typed["time_slot"],
        times=_times(booking, typed),
        slots=listing.slots_near(db.session(), booking),
        error=None,
    )


def _hint(booking: Booking, form: EditForm) -> str | None:
    """Whether the typed total is what the lines come to; None also for who sees no amounts."""
    if not form.has_amounts:
        return None
    return pricing.hint({**form.prices(), "travelers": booking.travelers}, booking.currency)


def _times(booking: Booking, typed: Mapping[str, str]) -> list[edit_times.Option] | None:
    """What can be chosen for the time; None where any words do, because it has no activity."""
    session, words = db.session(), (typed["package_name"], typed["venue"])
    activity_id = edit_times.activity_of(session, booking, *words)
    if activity_id is None:
        return None
    day = day_of(typed["activity_date"]) or booking.activity_date
    party = count_of(typed["guest_count"]) or booking.guest_count
    found = edit_times.times_for(session, booking, activity_id, day, party, now())
    overbooks = current_scope().can(Permission.BOOKINGS_OVERBOOK, booking.website_id)
    return edit_times.options(found, typed["time_slot"], overbooks=overbooks)


def edit_clash(
    booking_id: UUID, form: EditForm, mine: Mapping[str, Any], error: Conflict
) -> Response:
    """Both values of every field that somebody else changed too; the rest of the form stays."""
    session = db.session()
    booking = queries.get(session, current_scope(), booking_id)
    since = queries.changed_since(session, booking, form.read_at)
    clashes = [
        {
            "name": name,
            "label": FIELDS[name].label,
            "yours": form.typed(name),
            "theirs": as_text(name, getattr(booking, name)),
            "yours_text": shown(name, mine[name], booking.currency),
            "theirs_text": shown(name, getattr(booking, name), booking.currency),
            "theirs_note": _who(since.get(name), booking.website_id),
        }
        for name in FIELDS
        if name in error.fields
    ]
    if not clashes:
        form.form_errors.append(error.message)
    form.rebase(booking, mine)
    also = list(beside(since, mine))
    return edit_page(booking, form, status=422, clashes=clashes, also=also)


def _who(since: Since | None, website_id: str) -> str:
    """`Mia, 10:42`."""
    if since is None:
        return ""
    return f"{since.by}, {since.at.astimezone(zone_of(website_id)):%H:%M}"


def beside(meanwhile: Mapping[str, Since], mine: Collection[str]) -> Iterator[str]:
    """Sentences about what others changed while this person was typing."""
    by: defaultdict[str, list[str]] = defaultdict(list)
    for name in FIELDS:
        if name in meanwhile and name not in mine:
            by[meanwhile[name].by].append(name)
    for who, names in by.items():
        yield f"Meanwhile {who} changed {labels(names)}."
