"""Play the demo's stories through the hub's own actions."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.api.schemas.sync import parse, translate, wire_details
from app.apikeys.spelling import prefix_of
from app.bookings import actions, partnering
from app.bookings.holds import free_up
from app.bookings.models import Booking
from app.bookings.partnering import Change
from app.bookings.receiving import receive
from app.bookings.status import Status
from app.deliveries.models import SyncLog
from app.errors import HubError, error_body
from app.events.models import Actor
from app.partners.models import Partner
from app.staff.scope import EVERYTHING
from app.websites.models import Website
from demo.backdate import Clock
from demo.catalogue import Brand
from demo.lives import APP, PARTNER, PLATFORM, WEBSITE, Act, Step, Story
from demo.memory import EVENTS, Memory
from demo.partners import agency_of, hand_over, speaker

OTHERS = {
    PLATFORM: Actor("platform", "covermanager", "CoverManager", "platform:covermanager"),
    APP: Actor("customer", "app", "Guest (app)", "customer"),
}
"""Who speaks at the doors of platforms and guests; for phone, walk-in and direct it is the desk."""


def key_of(brand: Brand) -> str:
    """The brand's public API key."""
    return "test_sk_xxxxx" if brand.id == "test-website" else f"{brand.id}_sk_demo"


class Player:
    """Plays steps, each dated by its own time. Play them in the order of time."""

    def __init__(
        self,
        session: Session,
        clock: Clock,
        desk: dict[str, Actor],
        partners: dict[str, Partner],
    ) -> None:
        self.memory = Memory()
        self._session = session
        self._clock = clock
        self._desk = desk
        self._partners = partners
        # Held, so that the session does not read them anew for every step.
        self._websites = {website.id: website for website in session.scalars(select(Website))}
        self._bookings: dict[uuid.UUID, uuid.UUID] = {}

    def play(self, step: Step) -> None:
        """Do it, as of its time."""
        self._clock.set(step.at)
        if step.story.source != WEBSITE and step.act in (Act.UPDATE, Act.CANCEL):
            self._change_through(step, self._actor(step.story))
        elif step.act in EVENTS:
            answer = self.call(step.story, self.memory.say(step), at=step.at)
            booking_id = uuid.UUID(answer["booking_id"])
            self._bookings[step.story.source_id] = booking_id
            self.memory.heard(step, booking_id)
            if step.act is Act.CREATE and step.story.source == PARTNER:
                booking, partner = self._booking(step.story), self._partner(step.story)
                hand_over(self._session, booking, partner, step.story)
        elif step.act is Act.EDIT:
            self._edit(step)
        elif step.act is Act.CONFIRM:
            booking, actor = self._booking(step.story), self._actor(step.story)
            to = Status.CONFIRMED
            partnering.change(self._session, actor, booking, Change(), step.at, status=to)
        elif step.act is Act.LAPSE:
            self._lapse(self._booking(step.story), step.at)
        else:
            self._move(step)

    def call(self, story: Story, content: dict[str, Any], at: datetime) -> dict[str, Any]:
        """What a source says reaches the hub as the JSON that it would send. Returns the answer."""
        self._clock.set(at)
        raw = json.dumps(content, ensure_ascii=False)
        notes: list[str] = []
        try:
            status, answer = self._receive(story, raw, notes)
        except HubError as error:
            error.details = wire_details(error.details)
            status, answer = error.status, error_body(error)
        if story.source == WEBSITE:
            self._log(story, content, raw, status, answer, notes)
        return answer

    def _receive(self, story: Story, raw: str, notes: list[str]) -> tuple[int, dict[str, Any]]:
        website = self._websites[story.brand.id]
        body = parse(raw.encode())
        if ignored := body.ignored():
            notes.append(f"Ignored unknown fields: {', '.join(ignored)}")
        message = translate(body, datetime.now(UTC), website.currency)
        message = replace(message, source=story.source)
        received = receive(self._session, self._actor(story), website, message)
        notes += received.notes
        answer = {"booking_id": str(received.booking_id), "message": received.message}
        return (201 if received.created else 200), {"success": True, **answer}

    def _partner(self, story: Story) -> Partner:
        return self._partners[agency_of(story).short]

    def _actor(self, story: Story) -> Actor:
        website = self._websites[story.brand.id]
        if story.source == PARTNER:
            return speaker(self._partner(story))
        if story.source == WEBSITE:
            return Actor("website", website.id, website.name, website.door)
        return OTHERS.get(story.source) or self._desk[website.id]

    def _change_through(self, step: Step, actor: Actor) -> None:
        """What partners, platforms and guests change of their own bookings."""
        booking = self._booking(step.story)
        if step.act is Act.UPDATE:
            changes, version = step.changes, booking.version
            self._apply(actor, booking, changes, version)
        elif booking.can_move_to(Status.CANCELLED):
            gone, reason = Status.CANCELLED, step.changes.get("reason")
            actions.move(self._session, actor, EVERYTHING, booking.id, gone, reason=reason)

    def _edit(self, step: Step) -> None:
        booking = self._booking(step.story)
        actor = self._desk[booking.website_id]
        self._apply(actor, booking, step.changes, booking.version)

    def _apply(self, actor: Actor, booking: Booking, changes: dict[str, Any], version: int) -> None:
        """Change it, also where it then is one guest too many: stories do not count places."""
        args = (self._session, actor, EVERYTHING, booking.id, changes, version)
        actions.edit(*args, overbook=True)

    def _lapse(self, booking: Booking, at: datetime) -> None:
        if booking.activity_id and booking.slot_key:
            where = booking.activity_id, booking.activity_date, booking.slot_key
            free_up(self._session, *where, at)

    def _move(self, step: Step) -> None:
        """Move it, unless it has gone elsewhere meanwhile."""
        booking, status = self._booking(step.story), Status(step.changes["status"])
        if booking.can_move_to(status):
            actor, reason = self._desk[booking.website_id], step.changes.get("reason")
            actions.move(self._session, actor, EVERYTHING, booking.id, status, reason=reason)

    def _booking(self, story: Story) -> Booking:
        return self._session.get_one(Booking, self._bookings[story.source_id])

    def _log(
        self,
        story: Story,
        content: dict[str, Any],
        raw: str,
        status: int,
        answer: dict[str, Any],
        notes: list[str],
    ) -> None:
        """The sync log row that a website's call leaves."""
        made = answer.get("booking_id")
        row = {
            "direction": "inbound",
            "website_id": story.brand.id,
            "booking_id": uuid.UUID(made) if made else None,
            "source_event_id": content.get("event_id"),
            "event_type": content["event"],
            "door": f"website:{story.brand.id}",
            "status": "success" if status < 400 else "failed",
            "http_status": status,
            "code": answer.get("code"),
            "error_message": answer.get("error"),
            "notes": notes,
            "request_headers": {
                "Content-Type": "application/json",
                "X-API-Key": f"{prefix_of(key_of(story.brand))}…",
            },
            "request_body": raw,
            "response_body": json.dumps(answer),
            "url": "/api/bookings/sync",
            "duration_ms": 6 + len(raw) % 17,
        }
        self._session.execute(insert(SyncLog), row)
