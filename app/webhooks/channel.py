"""The channel to websites and partners: each hears of every change it did not make itself."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Text, cast, select
from sqlalchemy.orm import Session, load_only

from app.bookings.models import Booking
from app.crypto import DataKey
from app.customers import queries as customers
from app.deliveries.channel import Channel, Claim, Meaning, Route, Unsendable, Unsent, Verdict
from app.deliveries.outcome import judge_http
from app.events.models import Event
from app.outbound import Answer, Outgoing
from app.partners.models import Partner
from app.staff.models import User
from app.webhooks import receivers
from app.webhooks.payload import body_of, outside, signed
from app.webhooks.receivers import Receiver, among, told
from app.webhooks.signing import in_turn, shows_one_of_two
from app.websites.models import Website

EVENTS = frozenset({"booking.created", "booking.updated", "booking.status_changed"})

NEEDED = (
    *(Event.uid, Event.name, Event.booking_id, Event.customer_id, Event.version, Event.changes),
    *(Event.website_id, Event.actor_kind, Event.actor_id, Event.actor_label, Event.occurred_at),
)


@dataclass(frozen=True)
class _Known:
    """What a batch of webhooks needs, read in five queries (for partners seven)."""

    events: Mapping[int, Event]
    receivers: Mapping[str, Receiver]
    ids: Mapping[UUID, tuple[UUID, UUID | None]]
    """Of each booking: its id at the source, and at its partner."""
    keys: Mapping[UUID, DataKey]
    emails: Mapping[str, str]
    names: Mapping[str, str]
    """Of the websites whose bookings partners are told about."""


class WebhookChannel(Channel):
    """Signed webhooks. Destination keys are the doors: `website:<id>`, `partner:<id>`."""

    name = "webhook"

    def route(self, session: Session, events: Sequence[Event]) -> Iterable[tuple[Event, Route]]:
        """The booking's website and its partner, but not whom the change came from."""
        wanted = [event for event in events if event.name in EVENTS and event.booking_id]
        websites = receivers.websites(session, {str(event.website_id) for event in wanted})
        partners = receivers.partners_of(session, {e.booking_id for e in wanted if e.booking_id})
        for event in wanted:
            website = websites.get(str(event.website_id))
            if website is not None and website.webhook_url and event.door != website.door:
                yield event, _route(event, website.door, website.name)
            partner = partners.get(event.booking_id) if event.booking_id else None
            if partner and event.door != partner.door and told(partner, event.changes):
                yield event, _route(event, partner.door, partner.name, shared=True)

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
        """Websites and partners that are switched off, or have nowhere to send to."""
        found = receivers.by_key(session, keys)
        reasons = {key: receivers.closed(key, found.get(key)) for key in keys}
        return {key: reason for key, reason in reasons.items() if reason}


def _route(event: Event, key: str, label: str, *, shared: bool = False) -> Route:
    lane, position = str(event.booking_id), event.version or 0
    return Route(key, label, event.website_id, lane, position, shared)


def _read(session: Session, claims: Sequence[Claim]) -> _Known:
    query = select(Event).options(load_only(*NEEDED))
    found = session.scalars(query.where(among(Event.id, [claim.event_id for claim in claims])))
    events = {event.id: event for event in found}
    booking_ids = {event.booking_id for event in events.values()}
    columns = (Booking.id, Booking.source_booking_id, Booking.partner_uuid)
    ids = session.execute(select(*columns).where(among(Booking.id, booking_ids)))
    sealed = {e.customer_id for e in events.values() if e.sealed_fields() and e.customer_id}
    users = {e.actor_id for e in events.values() if e.actor_kind == "user"}
    people = select(User.id, User.email).where(among(cast(User.id, Text), users))
    to_partners = any(claim.destination_key.startswith("partner:") for claim in claims)
    return _Known(
        events=events,
        receivers=receivers.by_key(session, {claim.destination_key for claim in claims}),
        ids={row.id: (row.source_booking_id, row.partner_uuid) for row in ids},
        keys=customers.data_keys(session, sealed) if sealed else {},
        emails={str(row.id): row.email for row in session.execute(people)} if users else {},
        names=_names(session, events.values()) if to_partners else {},
    )


def _names(session: Session, events: Collection[Event]) -> dict[str, str]:
    ids = {str(event.website_id) for event in events}
    query = select(Website.id, Website.name).where(among(Website.id, ids))
    return {row.id: row.name for row in session.execute(query)}


def _compose(claim: Claim, known: _Known) -> Outgoing | Unsendable:
    event, key = known.events[claim.event_id], claim.destination_key
    receiver = known.receivers.get(key)
    reason = receivers.closed(key, receiver)
    if receiver is None or reason:
        return Unsendable(Unsent.WAIT, reason or "")
    data = _data(event, known)
    if isinstance(receiver, Partner):
        data = {name: data[name] for name in sorted(told(receiver, data))}
    if not data or event.booking_id is None:
        return Unsendable(Unsent.NOTHING, "Nothing is left to say: the customer was erased.")
    message = body_of(
        event_id=event.uid,
        event=event.name,
        source_booking_id=_id_there(receiver, known.ids[event.booking_id], event.booking_id),
        booking_id=event.booking_id,
        version=event.version or 0,
        data=data,
        updated_at=event.occurred_at,
        updated_by=_author(receiver, event, known),
    )
    secrets = in_turn(receiver.signing_secrets(), claim.tries)
    return signed(str(receiver.webhook_url), secrets, message)


def _id_there(receiver: Receiver, ids: tuple[UUID, UUID | None], booking_id: UUID) -> UUID:
    """The id by which the receiver knows the booking."""
    at_source, at_partner = ids
    return (at_partner or booking_id) if isinstance(receiver, Partner) else at_source


def _author(receiver: Receiver, event: Event, known: _Known) -> str:
    """Who made the change; partners are told the business, never a person."""
    if isinstance(receiver, Partner):
        return known.names.get(str(event.website_id), "OneBooking")
    return known.emails.get(event.actor_id, event.actor_label)


def _data(event: Event, known: _Known) -> dict[str, Any]:
    """New values by field. What an erased customer's key had sealed is left out, not cleared."""
    key = known.keys.get(event.customer_id) if event.customer_id else None
    lost = event.sealed_fields() if key is None else set()
    return outside({n: pair[1] for n, pair in event.opened(key).items() if n not in lost})


def _says_failure(body: bytes) -> bool:
    try:
        answer = json.loads(body)
    except ValueError:  # also undecodable bytes
        return False
    return isinstance(answer, dict) and answer.get("success") is False
