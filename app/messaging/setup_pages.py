"""What the pages of a website's templates and settings show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import g, request, url_for
from sqlalchemy import select

from app.apikeys.pages import Crumb
from app.bookings import references
from app.bookings.models import Booking
from app.errors import NotFound, WebsiteNotFound
from app.extensions import db
from app.messaging.builtin import Words
from app.messaging.languages import FALLBACK, LANGUAGES, known
from app.messaging.logview import MEDIA
from app.messaging.models import Kind, Medium, MessageTemplate
from app.messaging.rendering import Order, Press, Rendering
from app.messaging.sandbox import Unusable
from app.messaging.segments import Segments, measure
from app.messaging.template_actions import Which, settings_of
from app.messaging.templates import Chosen, check, choose
from app.messaging.variables import (
    EXPLAINED,
    GUEST_KINDS,
    LABELS,
    REGULAR,
    STAFF_KINDS,
    SUNDAY_LUNCH,
    media_of,
    of_kind,
    variants_of,
)
from app.staff.context import current_scope, now
from app.staff.permissions import Permission
from app.venues.models import Activity, Venue
from app.websites.context import zone_of
from app.websites.models import Website

VIEW = Permission.MESSAGES_VIEW
MANAGE = Permission.MESSAGES_MANAGE
VARIANT_LABELS = {REGULAR: "All bookings", SUNDAY_LUNCH: "Sunday lunch"}
TO_CHOOSE = 12
"""Bookings offered for a preview."""


@dataclass(frozen=True)
class Cell:
    """A message by one medium, as the list shows it."""

    medium: Medium
    is_on: bool
    is_own: bool
    languages: Sequence[str]
    """In which the website has words of its own."""


@dataclass(frozen=True)
class Line:
    """A message in one variant."""

    kind: Kind
    variant: str
    label: str
    explained: str
    cells: Sequence[Cell]


@dataclass(frozen=True)
class Preview:
    """Words on a booking, or what is wrong with them."""

    shown: Rendering | None
    size: Segments | None
    faults: Sequence[str]
    booking: str
    """Reference of the booking; empty: examples."""


def website_of(website_id: str) -> Website:
    """The website whose messages this person may manage.

    Raises WebsiteNotFound when its messages are out of sight, Forbidden when only that.
    """
    scope, website = current_scope(), db.session().get(Website, website_id)
    if website is None or not (scope.can(VIEW, website_id) or scope.can(MANAGE, website_id)):
        raise WebsiteNotFound("This website does not exist.")
    scope.demand(MANAGE, website_id, seen_with=VIEW)
    return website


def crumbs(website: Website) -> tuple[Crumb, ...]:
    """The way to a page below this website's templates."""
    start: Crumb = ("Messages", url_for("messages.index", website=website.id))
    return (start, (website.name, url_for("templates.index", website_id=website.id)))


def lines(website: Website, own: Sequence[MessageTemplate]) -> list[Line]:
    """Every message of a website; Sunday lunch where it is served, or has words already."""
    return [
        Line(
            kind,
            variant,
            LABELS[kind] if variant == REGULAR else VARIANT_LABELS[variant],
            EXPLAINED[kind] if variant == REGULAR else "",
            [_cell(own, kind, variant, medium) for medium in media_of(kind)],
        )
        for kind in (*GUEST_KINDS, *STAFF_KINDS)
        for variant in variants_shown(website, own, kind)
    ]


def variants_shown(website: Website, own: Sequence[MessageTemplate], kind: Kind) -> tuple[str, ...]:
    """The variants of a kind that mean something to this website."""
    used = any(row.variant == SUNDAY_LUNCH for row in own) or _serves_lunch(website.id)
    return variants_of(kind) if used else (REGULAR,)


def which_of(website: Website, kind: str, medium: str, args: Mapping[str, str]) -> Which:
    """The template that an address names. Raises NotFound."""
    kinds = [each.value for each in (*GUEST_KINDS, *STAFF_KINDS)]
    if kind not in kinds or medium not in media_of(Kind(kind)):
        raise NotFound("There is no such message.")
    variant = args.get("variant", REGULAR)
    settings = settings_of(db.session(), website.id)
    language = known(args.get("language")) or known(settings.language if settings else None)
    return Which(
        website_id=website.id,
        kind=Kind(kind),
        medium=Medium(medium),
        variant=variant if variant in variants_of(Kind(kind)) else REGULAR,
        language=language or FALLBACK,
    )


def words_of(own: Sequence[MessageTemplate], which: Which) -> Chosen:
    """The words as they are now, for the editor."""
    return choose(own, which.kind, which.medium, which.variant, [which.language])


def editor(
    website: Website, which: Which, own: Sequence[MessageTemplate], subject: str, body: str
) -> dict[str, Any]:
    """The two texts, what becomes of them, and what stands around them."""
    row = _row(own, which)
    choices = bookings_to_choose(which)
    asked = request.values.get("booking", choices[0][0] if choices else "")
    has_variants = which.variant != REGULAR or len(variants_shown(website, own, which.kind)) > 1
    return {
        "w": website,
        "which": which,
        "subject": subject,
        "body": body,
        "preview": preview(which, subject, body, request.values.get("reference") or asked),
        "is_own": row is not None and bool(row.body),
        "row": row,
        "label": LABELS[which.kind],
        "explained": EXPLAINED[which.kind],
        "variables": of_kind(which.kind),
        "languages": LANGUAGES,
        "variants": VARIANT_LABELS if has_variants else {},
        "media": {medium.value: MEDIA[medium.value] for medium in media_of(which.kind)},
        "choices": choices,
        "chosen": asked,
        "tz": zone_of(website.id),
        "website": website.id,
        "website_action": url_for("message_setup.index"),
    }


def preview(which: Which, subject: str, body: str, asked: str) -> Preview:
    """These words on a booking (its id or reference); on examples where there is none such."""
    if faults := check(which.kind, which.medium, subject, body):
        return Preview(None, None, [fault.message for fault in faults], "")
    session, booking = db.session(), _chosen(which, asked)
    audience = "guest" if which.kind in GUEST_KINDS else "manager"
    order = Order(
        *(which.website_id, which.kind, which.medium, audience, which.language),
        booking.id if booking else None,
        {"event": "booking.updated", "changed": ("activity_date", "time_slot")},
    )
    words = Words(subject, body, which.language, is_own=True)
    try:
        shown = Press(session, [booking.id] if booking else [], now()).preview(order, words)
    except Unusable as error:
        return Preview(None, None, [str(error)], "")
    size = measure(shown.text) if which.medium is Medium.SMS else None
    return Preview(shown, size, (), booking.booking_ref if booking else "")


def bookings_to_choose(which: Which) -> list[tuple[str, str]]:
    """The next bookings of the website, for who may see them: (id, how it is called)."""
    if not current_scope().can(Permission.BOOKINGS_VIEW, which.website_id):
        return []
    today = now().astimezone(zone_of(which.website_id)).date()
    query = select(Booking).where(
        Booking.website_id == which.website_id, Booking.activity_date >= today
    )
    if which.variant == SUNDAY_LUNCH:
        query = query.where(Booking.booking_type == SUNDAY_LUNCH)
    ordered = query.order_by(Booking.activity_date, Booking.time_slot, Booking.id)
    return [
        (str(b.id), f"{b.booking_ref} · {b.customer_name} · {b.activity_date:%d %b} {b.time_slot}")
        for b in db.session().scalars(ordered.limit(TO_CHOOSE))
    ]


def _chosen(which: Which, asked: str) -> Booking | None:
    """The booking that was chosen or typed, of this website and visible; else none."""
    asked = asked.strip()[:100]
    if not asked or not current_scope().can(Permission.BOOKINGS_VIEW, which.website_id):
        return None
    found = references.find(db.session(), [which.website_id], asked.replace("\x00", ""))
    return db.session().get(Booking, found[0]) if found else None


def _cell(own: Sequence[MessageTemplate], kind: Kind, variant: str, medium: Medium) -> Cell:
    rows = [row for row in own if (row.kind, row.variant, row.medium) == (kind, variant, medium)]
    written = [row.language for row in rows if row.body]
    return Cell(medium, all(row.is_on for row in rows), bool(written), sorted(written))


def _row(own: Sequence[MessageTemplate], which: Which) -> MessageTemplate | None:
    key = (which.kind, which.variant, which.medium, which.language)
    found = (row for row in own if (row.kind, row.variant, row.medium, row.language) == key)
    return next(found, None)


def _serves_lunch(website_id: str) -> bool:
    if "serves_lunch" not in g:
        g.serves_lunch = _asks_for_lunch(website_id)
    return bool(g.serves_lunch)


def _asks_for_lunch(website_id: str) -> bool:
    query = (
        select(Activity.id)
        .join(Venue, Venue.id == Activity.venue_id)
        .where(Venue.website_id == website_id, Activity.booking_type == SUNDAY_LUNCH)
    )
    return db.session().scalar(query.limit(1)) is not None
