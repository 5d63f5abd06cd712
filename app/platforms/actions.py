"""What people do with a connection: make, change, order, switch, ask for a pull, explain its words.

Whether the account works was asked before (`trying`): what is on has been tried. Removing one is in
`removing`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.crypto import new_token
from app.deliveries.actions import address_changed
from app.errors import Conflict, Fault, InvalidPayload
from app.events.actions import record
from app.events.models import Actor, NewEvent
from app.platforms import queries, registry, rules
from app.platforms.base import Capability
from app.platforms.drafts import draft, draft_of, needs_test
from app.platforms.models import PlatformConnection
from app.platforms.registry import label_of
from app.platforms.trying import Tested
from app.staff.scope import Scope
from app.venues.models import Venue


class NotWorking(InvalidPayload):
    """The platform does not take the account, so that it cannot be switched on."""


@dataclass(frozen=True)
class Connected:
    """A new connection; `secret` is what its webhook must bring, nowhere else in clear."""

    connection: PlatformConnection
    secret: str | None


def connect(
    session: Session,
    actor: Actor,
    scope: Scope,
    values: Mapping[str, Any],
    tested: Tested,
    *,
    with_secret: bool = False,
) -> Connected:
    """Connect a venue: it comes last in the venue's order. Off unless `is_enabled`.

    Raises as `draft`; NotWorking when it is to be on and the test failed; Conflict when the venue
    has such a connection.
    """
    made = draft(session, scope, values)
    there = queries.of_venue(session, made.venue_id)
    if any(each.platform_type == made.platform_type for each in there):
        raise Conflict(f"This venue is connected to {label_of(made.platform_type)} already.")
    made.is_enabled = bool(values.get("is_enabled", True))
    made.priority = max((each.priority for each in there), default=0) + 1
    _demand_tested(made, tested)
    made.webhook_secret = new_token() if with_secret else None
    session.add(made)
    _flush(session)
    _keep(session, actor, made, tested)
    kind = registry.KINDS[made.platform_type]
    changes = rules.for_log(kind, {}, made.configuration or {}) | _options_for_log(made, {})
    changes["is_enabled"] = [None, made.is_enabled]
    tell(session, actor, made, "platform.connected", changes, **_outcome(tested))
    return Connected(made, made.webhook_secret)


def edit(
    session: Session,
    actor: Actor,
    scope: Scope,
    connection_id: UUID,
    values: Mapping[str, Any],
    tested: Tested | None = None,
) -> PlatformConnection:
    """Change account, options, words, service, whether it is on, and its place (`priority`).

    `tested`: what came of the account as it will be; one that is on is not changed, nor switched
    on, without. No difference: nothing is written. Raises as `connect`.
    """
    if values.get("priority") is not None:  # the order is locked first, by everybody
        _order_of(session, queries.get(session, scope, connection_id).venue_id)
    found = queries.lock(session, scope, connection_id)
    wanted = draft_of(session, found, values)
    wanted.is_enabled = bool(values.get("is_enabled", found.is_enabled))
    if needs_test(found, wanted):
        _demand_tested(wanted, tested)
    changes = _changes(found, wanted)
    for name in ("configuration", "options", "statuses", "activity_id", "is_enabled"):
        setattr(found, name, getattr(wanted, name))
    if tested is not None:
        _keep(session, actor, found, tested)
    if changes:
        outcome = _outcome(tested) if tested else {}
        tell(session, actor, found, _name_of(changes), changes, **outcome)
    if values.get("priority") is not None:
        place(session, actor, scope, connection_id, values["priority"])
    session.flush()
    return found


def place(
    session: Session, actor: Actor, scope: Scope, connection_id: UUID, position: int
) -> PlatformConnection:
    """Its place in the order of its venue, from 1; beyond the ends it is the first or the last."""
    order = _order_of(session, queries.get(session, scope, connection_id).venue_id)
    found = queries.lock(session, scope, connection_id)
    before = order.index(found) + 1
    order.remove(found)
    order.insert(max(0, position - 1), found)
    after = order.index(found) + 1
    for number, each in enumerate(order, start=1):
        each.priority = number
    if before != after:
        session.flush()
        tell(session, actor, found, "platform.moved", {"priority": [before, after]})
    return found


def _order_of(session: Session, venue_id: UUID) -> list[PlatformConnection]:
    """A venue's connections in their order, which nobody else changes meanwhile."""
    query = select(Venue.id).where(Venue.id == venue_id)
    session.execute(query.with_for_update(key_share=True))
    return list(queries.of_venue(session, venue_id))


def note_test(
    session: Session, actor: Actor, scope: Scope, connection_id: UUID, tested: Tested
) -> PlatformConnection:
    """Keep what came of a test of the account as it is saved. Raises Conflict when it was changed
    meanwhile, NotFound and Forbidden."""
    found = queries.lock(session, scope, connection_id)
    if not tested.is_of(found):
        raise Conflict("Somebody changed this connection meanwhile. Test it again.")
    _keep(session, actor, found, tested)
    tell(session, actor, found, "platform.checked", {}, **_outcome(tested))
    return found


def want_pull(
    session: Session, actor: Actor, scope: Scope, connection_id: UUID
) -> PlatformConnection:
    """Ask for a pull at once. Raises Conflict where none can be, NotFound and Forbidden."""
    found = queries.lock(session, scope, connection_id)
    account = registry.account_of(session, found)
    if Capability.LIST not in registry.capabilities_of(account):
        label = label_of(found.platform_type)
        raise Conflict(f"{label} does not tell its reservations: nothing can be pulled.")
    if not found.is_enabled:
        raise Conflict("Switch the connection on first.")
    if found.sync_wanted_at is None:
        found.sync_wanted_at = datetime.now(UTC)
        tell(session, actor, found, "platform.pull_asked", {})
    return found


def new_secret(session: Session, actor: Actor, scope: Scope, connection_id: UUID) -> str:
    """Replace what its webhook must bring; the old one ends at once. Raises as `queries.lock`."""
    found = queries.lock(session, scope, connection_id)
    found.webhook_secret = new_token()
    tell(session, actor, found, "platform.webhook_secret_replaced", {})
    return found.webhook_secret


def tell(
    session: Session,
    actor: Actor,
    connection: PlatformConnection,
    name: str,
    changes: dict[str, list[Any]],
    **meta: Any,
) -> None:
    """Record one event of a connection; no secret may be among the changes."""
    venue = session.get_one(Venue, connection.venue_id)
    told = {"connection": f"{venue.name}, {label_of(connection.platform_type)}", **meta}
    subject = ("platform", str(connection.id))
    record(session, actor, NewEvent(name, *subject, changes, told, connection.website_id))


def _demand_tested(wanted: PlatformConnection, tested: Tested | None) -> None:
    if not wanted.is_enabled:
        return
    if tested is None or not tested.is_of(wanted):
        raise Conflict("Somebody changed this connection meanwhile. Try again.")
    if not tested.works:
        fault = Fault("is_enabled", "Correct it, or save it switched off.")
        raise NotWorking(tested.message, [fault])


def _keep(session: Session, actor: Actor, connection: PlatformConnection, tested: Tested) -> None:
    """What came of a test, and what was said in it. What waited for a working account leaves."""
    if tested.works:
        address_changed(session, actor, connection.key)
    connection.checked_at = tested.at
    connection.check_error = None if tested.works else tested.message
    tested.talk.write(session, connection)


def _outcome(tested: Tested) -> dict[str, Any]:
    return {"works": tested.works, "said": tested.message}


def _name_of(changes: Mapping[str, Any]) -> str:
    if set(changes) == {"is_enabled"}:
        return "platform.enabled" if changes["is_enabled"][1] else "platform.disabled"
    return "platform.words_changed" if set(changes) == {"statuses"} else "platform.changed"


def _changes(found: PlatformConnection, wanted: PlatformConnection) -> dict[str, list[Any]]:
    """What will be otherwise, as the log may hold it."""
    kind = registry.KINDS[found.platform_type]
    changes = rules.for_log(kind, found.configuration or {}, wanted.configuration or {})
    changes |= _options_for_log(wanted, found.options)
    for name in ("activity_id", "is_enabled"):
        old, new = getattr(found, name), getattr(wanted, name)
        if old != new:
            changes[name] = [_plain(old), _plain(new)]
    if found.statuses != wanted.statuses:
        changes["statuses"] = [_said(found.statuses), _said(wanted.statuses)]
    return changes


def _options_for_log(wanted: PlatformConnection, before: Mapping[str, Any]) -> dict[str, list[Any]]:
    """By label, in the words of the form."""
    changed = {}
    for each in registry.KINDS[wanted.platform_type].options:
        words = dict(each.choices)
        pair = [str(chosen.get(each.name) or each.default) for chosen in (before, wanted.options)]
        if pair[0] != pair[1]:
            changed[each.label] = [words.get(value, value) for value in pair]
    return changed


def _said(statuses: Mapping[str, str]) -> Sequence[str]:
    return [f"{word}: {status or 'nothing'}" for word, status in sorted(statuses.items())]


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value


def _flush(session: Session) -> None:
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict("This venue is connected to this platform already.") from error
