"""The channel to the source websites: a source hears of every change it did not make itself."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Text, any_, cast, literal, select
from sqlalchemy.orm import Session, load_only, undefer

from app.bookings.models import Booking
from app.crypto import DataKey
from app.customers import queries as customers
from app.deliveries.channel import Claim, Meaning, Route, Unsendable, Unsent, Verdict
from app.deliveries.outcome import judge_http
from app.events.models import Event
from app.outbound import Answer, Outgoing
from app.staff.models import User
from app.webhooks.payload import body_of, signed
from app.webhooks.signing import in_turn, shows_one_of_two
from app.websites.models import Website

EVENTS = frozenset({"booking.created", "booking.updated", "booking.status_changed"})

NEEDED = (
    *(Event.uid, Event.name, Event.booking_id, Event.customer_id, Event.version, Event.changes),
    *(Event.actor_kind, Event.actor_id, Event.actor_label, Event.occurred_at),
)


@dataclass(frozen=True)
class _Known:
    """What a batch of webhooks needs, read in five queries."""

    events: Mapping[int, Event]
    websites: Mapping[str, Website]
    source_ids: Mapping[UUID, UUID]
    keys: Mapping[UUID, DataKey]
    emails: Mapping[str, str]


class WebhookChannel:
    """Signed webhooks to websites. Destination keys are the doors: `website:<id>`."""

    name = "webhook"

    def route(self, session: Session, events: Sequence[Event]) -> Iterable[tuple[Event, Route]]:
        """One destination each: the booking's website, unless the change came from it."""
        wanted = [event for event in events if event.name in EVENTS and event.booking_id]
        websites = _websites(session, {str(event.website_id) for event in wanted})
        for event in wanted:
            website = websites.get(str(event.website_id))
            if website is None or not website.webhook_url or event.door == website.door:
                continue
            lane, position = str(event.booking_id), event.version or 0
            yield event, Route(website.door, website.name, website.id, lane, position)

    def compose(
        self, session: Session, claims: Sequence[Claim]
    ) -> Mapping[int, Outgoing | Unsendable]:
        """The signed requests, with the website's address and secrets as they are now."""
        known = _read(session, claims)
        return {claim.id: _compose(claim, known) for claim in claims}

    def judge(self, answer: Answer, sent: Outgoing) -> Verdict:
        """By status; but the receiver can also say in a 2xx that it did not take it.

        While a secret is rotated, a refused signature is tried again with the other one.
        """
        if answer.status in (401, 403) and shows_one_of_two(sent.headers):
            message = f"Answered {answer.status}: it may still hold the other secret."
            return Verdict(Meaning.RETRY, message)
        verdict = judge_http(answer)
        if verdict.meaning is Meaning.DELIVERED and _says_failure(answer.body):
            message = f"Answered {answer.status}, but with success: false."
            return Verdict(Meaning.RETRY, message)
        return verdict

    def closed(self, session: Session, keys: Collection[str]) -> Mapping[str, str]:
        """Websites that are switched off, or have nowhere to send to."""
        websites = _websites(session, {key.partition(":")[2] for key in keys})
        reasons = {key: _closed(websites.get(key.partition(":")[2])) for key in keys}
        return {key: reason for key, reason in reasons.items() if reason}


def _among(column: Any, values: Collection[Any]) -> ColumnElement[bool]:
    """`IN` as one array: the statement is the same whatever the number, so it is prepared once."""
    condition: ColumnElement[bool] = column == any_(literal(list(values), ARRAY(column.type)))
    return condition


def _websites(session: Session, ids: Collection[str]) -> dict[str, Website]:
    secrets = (undefer(Website.webhook_secret), undefer(Website.old_webhook_secret))
    query = select(Website).options(*secrets).where(_among(Website.id, ids))
    return {website.id: website for website in session.scalars(query)}


def _closed(website: Website | None) -> str | None:
    if website is None:
        return "The website does not exist any more."
    if not website.is_active:
        return "The website is switched off."
    if not website.webhook_url:
        return "The website has no webhook address."
    if not website.webhook_secret:
        return "The website has no webhook secret."
    return None


def _read(session: Session, claims: Sequence[Claim]) -> _Known:
    query = select(Event).options(load_only(*NEEDED))
    found = session.scalars(query.where(_among(Event.id, [claim.event_id for claim in claims])))
    events = {event.id: event for event in found}
    booking_ids = {event.booking_id for event in events.values()}
    sources = select(Booking.id, Booking.source_booking_id).where(_among(Booking.id, booking_ids))
    sealed = {e.customer_id for e in events.values() if e.sealed_fields() and e.customer_id}
    users = {e.actor_id for e in events.values() if e.actor_kind == "user"}
    people = select(User.id, User.email).where(_among(cast(User.id, Text), users))
    return _Known(
        events=events,
        websites=_websites(session, {str(claim.website_id) for claim in claims}),
        source_ids={row.id: row.source_booking_id for row in session.execute(sources)},
        keys=customers.data_keys(session, sealed) if sealed else {},
        emails={str(row.id): row.email for row in session.execute(people)} if users else {},
    )


def _compose(claim: Claim, known: _Known) -> Outgoing | Unsendable:
    event, website = known.events[claim.event_id], known.websites.get(str(claim.website_id))
    reason = _closed(website)
    if website is None or reason:
        return Unsendable(Unsent.WAIT, reason or "")
    data = _data(event, known)
    if not data or event.booking_id is None:
        return Unsendable(Unsent.NOTHING, "Nothing is left to say: the customer was erased.")
    secrets = in_turn(website.signing_secrets(), claim.tries)
    message = body_of(
        event_id=event.uid,
        event=event.name,
        source_booking_id=known.source_ids[event.booking_id],
        booking_id=event.booking_id,
        version=event.version or 0,
        data=data,
        updated_at=event.occurred_at,
        updated_by=known.emails.get(event.actor_id, event.actor_label),
    )
    return signed(str(website.webhook_url), secrets, message)


def _data(event: Event, known: _Known) -> dict[str, Any]:
    """New values by field. What an erased customer's key had sealed is left out, not cleared."""
    key = known.keys.get(event.customer_id) if event.customer_id else None
    lost = event.sealed_fields() if key is None else set()
    return {name: pair[1] for name, pair in event.opened(key).items() if name not in lost}


def _says_failure(body: bytes) -> bool:
    try:
        answer = json.loads(body)
    except ValueError:  # also undecodable bytes
        return False
    return isinstance(answer, dict) and answer.get("success") is False
