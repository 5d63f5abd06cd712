"""What a batch of messages needs to be decided on and written: few queries, whatever the number."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Text, any_, func, literal, or_, select
from sqlalchemy.orm import Session, selectinload

from app.bookings.models import Booking
from app.customers.models import Customer
from app.deliveries.channel import Claim
from app.events.models import Event
from app.messaging.accounts import Account, account_of, codes_by
from app.messaging.deciding import OF_ALERTS, OF_BOOKINGS, WHEN_AND_WHERE, Place
from app.messaging.models import Medium, Message, MessageSettings
from app.staff.models import Membership, User
from app.staff.permissions import Permission
from app.venues.models import Venue
from app.websites.models import Website

MOST_MANAGERS = 30


@dataclass(frozen=True)
class Visit:
    """A booking with its guest and the clock of its place."""

    booking: Booking
    customer: Customer
    place: Place


@dataclass(frozen=True)
class Facts:
    """Read once for a batch of claims."""

    events: Mapping[int, Event]
    visits: Mapping[UUID, Visit]
    settings: Mapping[str, MessageSettings]
    messages: Mapping[tuple[int, str], Message]
    """By event and audience."""
    changed_later: Mapping[UUID, int] = field(default_factory=dict)
    """Of each booking the newest version that changed time or place."""
    managers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Addresses of who looks after a website."""

    def account(self, website_id: str | None, medium: Medium) -> Account | None:
        return account_of(self.settings.get(str(website_id)), medium)


def read(session: Session, claims: Sequence[Claim], medium: Medium) -> Facts:
    """Everything about these deliveries."""
    event_ids = [claim.event_id for claim in claims]
    events = {e.id: e for e in session.scalars(select(Event).where(among(Event.id, event_ids)))}
    websites = {claim.website_id for claim in claims if claim.website_id}
    written = select(Message).where(
        among(Message.event_id, event_ids), Message.medium == medium.value
    )
    alerts = {c.website_id for c in claims if c.event_name in OF_ALERTS and c.website_id}
    booking_ids = {event.booking_id for event in events.values() if event.booking_id}
    return Facts(
        events=events,
        visits=visits(session, booking_ids),
        settings=settings_of(session, websites),
        messages={
            (row.event_id, row.audience): row
            for row in session.scalars(written.execution_options(populate_existing=True))
        },
        changed_later=_changed_later(session, booking_ids),
        managers=managers_of(session, alerts) if alerts else {},
    )


def among(column: Any, values: Collection[Any]) -> ColumnElement[bool]:
    """`IN` as one array: the statement is the same whatever the number, so it is prepared once."""
    condition: ColumnElement[bool] = column == any_(literal(list(values), ARRAY(column.type)))
    return condition


def settings_of(session: Session, websites: Collection[str]) -> dict[str, MessageSettings]:
    """How these websites send, by website; those that send nothing are missing."""
    query = select(MessageSettings).where(among(MessageSettings.website_id, websites))
    return {row.website_id: row for row in session.scalars(query)} if websites else {}


def doors(session: Session, websites: Collection[str]) -> list[str]:
    """Keys of the destinations by which these websites send messages."""
    found = settings_of(session, websites).values()
    made = [(account_of(settings, medium), medium) for settings in found for medium in Medium]
    keys = {account.key for account, _ in made if account}
    codes = {codes_by(account) for account, medium in made if account and medium is Medium.SMS}
    return sorted(keys | codes)


def visits(session: Session, booking_ids: Collection[UUID]) -> dict[UUID, Visit]:
    """Bookings with their guests and places, in one query."""
    if not booking_ids:
        return {}
    query = (
        select(
            *(Booking, Customer, Website.timezone),
            Venue.timezone.label("zone"),
            *(Venue.quiet_from, Venue.quiet_until),
        )
        .join(Customer, Customer.id == Booking.customer_id)
        .join(Website, Website.id == Booking.website_id)
        .outerjoin(Venue, Venue.id == Booking.venue_id)
        .where(among(Booking.id, booking_ids))
        .execution_options(populate_existing=True)
    )
    return {
        row.Booking.id: Visit(
            row.Booking,
            row.Customer,
            Place(row.zone or row.timezone, row.quiet_from, row.quiet_until),
        )
        for row in session.execute(query)
    }


def _changed_later(session: Session, booking_ids: Collection[UUID]) -> dict[UUID, int]:
    if not booking_ids:
        return {}
    touched = Event.changes.has_any(literal(sorted(WHEN_AND_WHERE), ARRAY(Text)))
    query = (
        select(Event.booking_id, func.max(Event.version))
        .where(among(Event.booking_id, booking_ids), Event.name.in_(OF_BOOKINGS), touched)
        .group_by(Event.booking_id)
    )
    return {row[0]: row[1] for row in session.execute(query) if row[0] and row[1]}


def managers_of(session: Session, websites: Collection[str]) -> dict[str, list[str]]:
    """Addresses of the people who may manage each of these websites, by name."""
    loaded = selectinload(User.memberships).joinedload(Membership.role)
    query = (
        select(User)
        .join(Membership, Membership.user_id == User.id)
        .where(
            User.is_active,
            User.partner_id.is_(None),
            or_(Membership.website_id.is_(None), Membership.website_id.in_(websites)),
        )
        .options(loaded)
        .order_by(User.name, User.id)
        .distinct()
    )
    people = session.scalars(query).all()
    wanted = Permission.WEBSITES_MANAGE
    return {
        website: [p.email for p in people if p.scope.can(wanted, website)][:MOST_MANAGERS]
        for website in websites
    }


def website_for_all(session: Session) -> str | None:
    """The website by whose account the installation's own alerts go: the first that can e-mail."""
    query = select(MessageSettings).where(MessageSettings.email_by != "off")
    for settings in session.scalars(query.order_by(MessageSettings.website_id)):
        if account_of(settings, Medium.EMAIL):
            return settings.website_id
    return None


def known_ids(session: Session, message: Message) -> frozenset[str]:
    """Ids at the provider of other messages that went to the same guest."""
    query = select(Message.provider_id).where(
        Message.provider_id.is_not(None),
        Message.id != message.id,
        or_(
            Message.booking_id == message.booking_id,
            Message.customer_id == message.customer_id,
        ),
    )
    newest = query.order_by(Message.created_at.desc()).limit(200)
    return frozenset(str(found) for found in session.scalars(newest))
