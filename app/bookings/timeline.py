"""The history of a booking in words: who, through which door, from what to what, and where to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from app.bookings import payment_words
from app.bookings.arrivals import COUNT, by_name
from app.bookings.fields import FIELDS
from app.bookings.status import Status
from app.bookings.wording import labels, shown
from app.crypto import DataKey
from app.deliveries.models import State
from app.deliveries.status import Trip
from app.events.models import Event

ERASED = "erased"
Say = Callable[[str, Any], str | None]
"""A field's value in words, for this reader."""
_MOVED = {
    Status.PENDING: "set it back to pending",
    Status.CONFIRMED: "confirmed it",
    Status.CHECKED_IN: "checked it in",
    Status.COMPLETED: "completed it",
    Status.CANCELLED: "cancelled it",
    Status.REFUNDED: "refunded it",
    Status.NO_SHOW: "marked it as no-show",
    Status.EXPIRED: "let it expire",
}
_WANTED = {
    "reminder": "put a reminder on its way",
    "review_request": "put a request for a review on its way",
    "place_offered": "offered the place to who waited for it",
}
"""Messages that came due by themselves."""
_OTHERS = {
    "request.made": "asked for a change",
    "request.withdrawn": "withdrew a request",
    "request.answered": "answered the guest's request",
    "reservation.refused": "could not reserve it at {label}",
    "reservation.unclear": "does not know whether it is reserved at {label}",
    "reservation.wanted": "sent it to {label} again",
    "reservation.found": "found it at {label}",
}
_LOST = {
    "message.failed": "could not deliver the {kind} by {medium}",
    "message.unclear": "does not know whether the {kind} by {medium} was sent",
}
_TAKEN_BACK = {
    Status.CHECKED_IN: "took the check-in back",
    Status.NO_SHOW: "took the no-show back",
    Status.CANCELLED: "reinstated it",
}


def lines(
    events: Sequence[Event],
    keys: Mapping[UUID, DataKey],
    currency: str,
    sent: Mapping[int, Sequence[dict[str, Any]]],
    *,
    amounts: bool,
) -> list[dict[str, Any]]:
    """The events as the timeline macro takes them. `sent`: the deliveries of each event.
    `keys`: of the customers, by id; a booking may have been somebody else's before.

    `amounts`: the reader may see them.
    """
    say = partial(shown, currency=currency, amounts=amounts)
    return [
        _line(
            event,
            keys.get(event.customer_id) if event.customer_id else None,
            say,
            sent.get(event.id, ()),
        )
        for event in events
    ]


def _line(
    event: Event, key: DataKey | None, say: Say, sent: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    opened = by_name(event.opened(key))
    is_conflict = event.name == "booking.conflict"
    pairs = [] if is_conflict else _changes(event, opened, say)
    return {
        "at": event.occurred_at,
        "actor": event.actor_label,
        "kind": event.actor_kind,
        "door": _door(event),
        "summary": _summary(event, opened, say),
        "changes": pairs,
        "note": (_refused if is_conflict else payment_words.note)(event, opened, say),
        "deliveries": sent,
    }


def sent(
    trips: Mapping[int, Sequence[Trip]], undispatched: Collection[int], *, linked: bool
) -> dict[int, list[dict[str, Any]]]:
    """Where each event went, by its id. `linked`: the reader may open the deliveries."""
    found = {event: [_trip(trip, linked) for trip in those] for event, those in trips.items()}
    for event in undispatched:
        found[event] = [{"destination": "Not handed out yet", "state": "queued"}]
    return found


def _trip(trip: Trip, linked: bool) -> dict[str, Any]:
    trouble = trip.state in (State.FAILED, State.SKIPPED) or (
        trip.state is State.READY and trip.attempts
    )
    detail = trip.last_error if trouble else trip.waits_because
    if trip.state is State.WAITING:
        detail = "behind an earlier change"
    return {
        "destination": trip.destination,
        "state": trip.state.value,
        "detail": detail,
        "attempts": trip.attempts,
        "at": trip.finished_at,
        "next_at": trip.due_at if trip.state is State.READY and trip.attempts else None,
        "href": f"/sync/deliveries/{trip.delivery_id}" if linked else None,
    }


def _door(event: Event) -> str:
    kind, _, _ = event.door.partition(":")
    words = {"staff": "the desk", "website": "its website", "partner": "the partner door"}
    return words.get(kind, kind.replace("_", " "))


def _summary(event: Event, opened: Mapping[str, list[Any]], say: Say) -> str:
    if event.name in payment_words.SAID:
        return payment_words.said(event, opened, say)
    if event.name in _OTHERS:
        return _OTHERS[event.name].format(label=event.meta.get("label", "the platform"))
    if event.name == "message.wanted":
        return _WANTED.get(opened["kind"][1], "put a message on its way")
    if event.name in _LOST:
        return _LOST[event.name].format(**_message(event, opened))
    if event.name == "booking.created":
        return "made the booking"
    if event.name == "booking.conflict":
        return "sent what staff had changed meanwhile"
    if opened.keys() == {COUNT}:
        return "marked who has arrived"
    if "status" not in opened:
        return f"changed {labels(_in_order(opened))}"
    old, new = opened["status"]
    if new == Status.CONFIRMED and old in _TAKEN_BACK:
        return _TAKEN_BACK[old]
    return _MOVED[Status(new)]


def _message(event: Event, opened: Mapping[str, list[Any]]) -> dict[str, str]:
    """What kind of message it was, and how it was to travel."""
    kind = str(opened.get("kind", [None, "message"])[1]).replace("_", " ")
    return {"kind": kind, "medium": "SMS" if event.meta.get("medium") == "sms" else "e-mail"}


def _changes(
    event: Event, opened: Mapping[str, list[Any]], say: Say
) -> list[dict[str, str | None]]:
    """What was made is above; what changed is listed."""
    if event.name in ("booking.created", "message.wanted", *_LOST, *payment_words.SAID):
        return []
    lost = _erased(event, opened)
    return [
        {
            "label": FIELDS[name].label,
            "old": ERASED if name in lost else say(name, opened[name][0]),
            "new": ERASED if name in lost else say(name, opened[name][1]),
        }
        for name in _in_order(opened)
        if FIELDS[name].shown
    ]


def _refused(event: Event, opened: Mapping[str, list[Any]], say: Say) -> str:
    lost = _erased(event, opened)
    said = []
    for name in _in_order(opened):
        kept, refused = (
            ERASED if name in lost else say(name, value) or "nothing" for value in opened[name]
        )
        label = FIELDS[name].label
        said.append(f"{label}: kept {kept}, refused {refused}.")
    return " ".join(said)


def _erased(event: Event, opened: Mapping[str, list[Any]]) -> set[str]:
    return {name for name in event.sealed_fields() if opened.get(name) == [None, None]}


def _in_order(names: Mapping[str, Any]) -> list[str]:
    """In the order of the field table."""
    return [name for name in FIELDS if name in names]
