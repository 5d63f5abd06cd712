"""What staff do with a booking: edit it, move its status."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.bookings import queries
from app.bookings.amounts import PRICED, editable
from app.bookings.claims import Terms
from app.bookings.fields import EDITABLE, FIELDS, difference, values_of
from app.bookings.models import Booking
from app.bookings.stamps import load, set_by_staff
from app.bookings.status import Status
from app.bookings.writing import STATED, write
from app.customers import queries as customers
from app.errors import Conflict, Fault, InvalidPayload
from app.events.models import Actor
from app.plain import plain
from app.staff.permissions import Permission
from app.staff.scope import Scope


def edit(
    session: Session,
    actor: Actor,
    scope: Scope,
    booking_id: UUID,
    changes: Mapping[str, Any],
    version: int,
    *,
    merge: bool = False,
    overbook: bool = False,
) -> Booking:
    """Set fields of a booking that was read at `version`.

    Raises Conflict when it has moved on; with `merge`, only when somebody else changed one of the
    same fields to something else. Raises NotFound, Forbidden, InvalidPayload for fields that staff
    may not set, and SlotUnavailable where there is no room: `overbook` takes it all the same, from
    who has the permission.
    """
    booking = queries.lock(session, scope, booking_id, Permission.BOOKINGS_EDIT)
    _demand_sight(scope, booking, changes)
    _check_edit(session, booking, changes, version, merge=merge)
    terms = terms_for(scope, booking.website_id, overbook=overbook)
    _write(session, actor, booking, dict(changes), terms)
    return booking


def move(
    session: Session,
    actor: Actor,
    scope: Scope,
    booking_id: UUID,
    status: Status,
    *,
    reason: str | None = None,
    version: int | None = None,
    overbook: bool = False,
) -> Booking:
    """Bring a booking into another status. Moving it where it is already does nothing.

    Raises Conflict when the move is not allowed from where the booking stands (any more), and
    SlotUnavailable when the place of a cancelled one was sold meanwhile.
    """
    booking = queries.lock_to_move(session, scope, booking_id, status)
    terms = terms_for(scope, booking.website_id, overbook=overbook)
    _write(session, actor, booking, _moved(booking, status, reason, version), terms)
    return booking


def change(
    session: Session,
    actor: Actor,
    scope: Scope,
    booking_id: UUID,
    changes: Mapping[str, Any],
    status: Status,
    version: int,
    *,
    reason: str | None = None,
    overbook: bool = False,
) -> Booking:
    """Both at once, as one version and one event. Raises what `edit` and `move` raise."""
    booking = queries.lock_to_move(session, scope, booking_id, status)
    scope.demand(Permission.BOOKINGS_EDIT, booking.website_id, seen_with=queries.VIEW)
    _demand_sight(scope, booking, changes)
    _check_edit(session, booking, changes, version)
    moved = _moved(booking, status, reason, version)
    terms = terms_for(scope, booking.website_id, overbook=overbook)
    _write(session, actor, booking, {**changes, **moved}, terms)
    return booking


def terms_for(scope: Scope, website_id: str, *, overbook: bool) -> Terms:
    """On what terms staff take places. Raises Forbidden for overbooking without the permission."""
    if not overbook:
        return Terms.DESK
    scope.demand(Permission.BOOKINGS_OVERBOOK, website_id, seen_with=queries.VIEW)
    return Terms.OVERBOOK


def _moved(
    booking: Booking, status: Status, reason: str | None, version: int | None
) -> dict[str, Any]:
    """What a move sets; nothing where the booking stands there already."""
    if booking.status == status:
        return {}
    stale = version is not None and booking.version != version
    if stale or not booking.can_move_to(status):
        pair = {"yours": status.value, "current": booking.status}
        shown = booking.status.replace("_", " ")
        raise Conflict(f"The booking is {shown} now.", [], {"status": pair}, booking.version)
    changes: dict[str, Any] = {STATED: status.value}
    if status is Status.CANCELLED:
        changes["cancellation_reason"] = reason or None
    elif booking.status == Status.CANCELLED and status is Status.CONFIRMED:
        changes["cancellation_reason"] = None
    return changes


def _check_edit(
    session: Session,
    booking: Booking,
    changes: Mapping[str, Any],
    version: int,
    *,
    merge: bool = False,
) -> None:
    _check_fields(booking, changes)
    if booking.version != version:
        _check_conflict(session, booking, changes, version, merge=merge)


def _demand_sight(scope: Scope, booking: Booking, changes: Mapping[str, Any]) -> None:
    """Nobody sets an amount that they may not see. Raises InvalidPayload."""
    unseen = sorted(changes.keys() - editable(scope, booking.website_id))
    faults = [Fault(name, "Is for who may see payments.") for name in unseen if name in PRICED]
    if faults:
        raise InvalidPayload("Your role does not include amounts.", faults)


def _check_fields(booking: Booking, changes: Mapping[str, Any]) -> None:
    faults = [Fault(name, "Cannot be changed here.") for name in changes if name not in EDITABLE]
    for name, value in changes.items():
        if name in EDITABLE and FIELDS[name].required and value in (None, ""):
            faults.append(Fault(name, "Is required."))
    if not booking.can_edit and set(changes) - {"admin_notes"}:
        faults.append(Fault("status", "A refunded or expired booking takes only staff notes."))
    if faults:
        raise InvalidPayload("The booking cannot be changed like this.", faults)


def _check_conflict(
    session: Session, booking: Booking, changes: Mapping[str, Any], version: int, *, merge: bool
) -> None:
    since = queries.changed_since(session, booking, version)
    current = values_of(booking)
    differing = difference(current, changes)
    clashing = set(differing) & set(since) if merge else set(changes)
    if merge and not clashing and version < booking.version:
        return
    fields = {
        name: {"yours": plain(changes[name]), "current": plain(current[name])}
        for name in sorted(clashing)
    }
    raise Conflict("Somebody else changed this booking meanwhile.", [], fields, booking.version)


def _write(
    session: Session, actor: Actor, booking: Booking, changes: dict[str, Any], terms: Terms
) -> None:
    now = datetime.now(UTC)
    changed = {n for n, v in changes.items() if plain(getattr(booking, n)) != plain(v)}
    if not changed:
        return
    stamps = set_by_staff(load(booking.field_times), changed, now)
    key = customers.data_key(session, booking.customer_id)
    website = queries.website_of(session, booking)
    columns = {name: changes[name] for name in changed}
    write(session, actor, website, booking, columns, stamps, key=key, now=now, terms=terms)
