"""What managers do with the words of a website: write, take back, switch on and off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.errors import InvalidPayload
from app.events.actions import record
from app.events.models import Actor, NewEvent
from app.messaging.builtin import builtin
from app.messaging.models import Kind, Medium, MessageSettings, MessageTemplate
from app.messaging.templates import check

CHANGED, SWITCHED = "messages.template_changed", "messages.template_switched"


@dataclass(frozen=True)
class Which:
    """One template of a website."""

    website_id: str
    kind: Kind
    medium: Medium
    variant: str
    language: str


def save(session: Session, actor: Actor, which: Which, subject: str, body: str) -> bool:
    """Use these words from now on; the built-in ones, word for word, take the own ones back.

    Returns whether anything changed. Raises InvalidPayload that names what is wrong.
    """
    subject, body = subject.strip(), body.replace("\r\n", "\n").strip()
    if which.medium is Medium.SMS:
        subject = ""
    if faults := check(which.kind, which.medium, subject, body):
        raise InvalidPayload("These words cannot be used.", faults)
    ours = builtin(which.kind, which.medium, which.variant, which.language)
    if ours is not None and (ours.subject, ours.body) == (subject, body):
        return reset(session, actor, which)
    return _write(session, actor, which, subject, body)


def reset(session: Session, actor: Actor, which: Which) -> bool:
    """Back to the built-in words. Returns whether anything changed."""
    return _write(session, actor, which, "", "")


def switch(session: Session, actor: Actor, which: Which, on: bool) -> bool:
    """Send this message or not, in whatever language. Returns whether anything changed."""
    rows = [row for row in _rows(session, which) if row.variant == which.variant]
    before = all(row.is_on for row in rows)
    if before == on:
        return False
    if not rows:
        rows = [_new(which, actor)]
        session.add_all(rows)
    for row in rows:
        row.is_on = on
    session.flush()
    _record(session, actor, SWITCHED, which, {"is_on": [before, on]}, language=None)
    return True


def of_website(session: Session, website_id: str) -> list[MessageTemplate]:
    """All own templates of a website."""
    query = select(MessageTemplate).where(MessageTemplate.website_id == website_id)
    return list(session.scalars(query.order_by(MessageTemplate.id)))


def settings_of(session: Session, website_id: str) -> MessageSettings | None:
    """How a website sends; None where nobody has said."""
    return session.get(MessageSettings, website_id)


def _write(session: Session, actor: Actor, which: Which, subject: str, body: str) -> bool:
    rows = _rows(session, which)
    row = next(
        (r for r in rows if (r.variant, r.language) == (which.variant, which.language)), None
    )
    if row is None:
        if not body:
            return False
        row = _new(which, actor)
        row.is_on = all(r.is_on for r in rows if r.variant == which.variant)
        session.add(row)
    before = (row.subject or "", row.body or "")
    if before == (subject, body):
        return False
    row.subject, row.body, row.updated_by = subject, body, actor.label
    session.flush()
    named = zip(("subject", "body"), before, (subject, body), strict=True)
    changes = {name: [old or None, new or None] for name, old, new in named if old != new}
    _record(session, actor, CHANGED, which, changes, language=which.language)
    return True


def _rows(session: Session, which: Which) -> list[MessageTemplate]:
    """The rows of this kind and medium, while nobody else changes any of this website's."""
    lock = func.hashtextextended(f"templates:{which.website_id}", text("0"))
    session.execute(select(func.pg_advisory_xact_lock(lock)))
    query = select(MessageTemplate).where(
        MessageTemplate.website_id == which.website_id,
        MessageTemplate.kind == which.kind.value,
        MessageTemplate.medium == which.medium.value,
    )
    return list(session.scalars(query.execution_options(populate_existing=True)))


def _new(which: Which, actor: Actor) -> MessageTemplate:
    return MessageTemplate(
        website_id=which.website_id,
        kind=which.kind.value,
        variant=which.variant,
        medium=which.medium.value,
        language=which.language,
        is_on=True,
        subject="",
        body="",
        updated_by=actor.label,
    )


def _record(
    session: Session,
    actor: Actor,
    name: str,
    which: Which,
    changes: dict[str, list[Any]],
    language: str | None,
) -> None:
    meta = {"kind": which.kind.value, "medium": which.medium.value, "variant": which.variant}
    if language:
        meta["language"] = language
    event = NewEvent(name, "messages", which.website_id, changes, meta, website_id=which.website_id)
    record(session, actor, event)
