"""Messages in words: `render` for one, a `Press` for many.

A website's own template that fails after all (it was checked when saved) is replaced by the
built-in words: a guest is told in any case, and `problem` says why.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.logs import get_logger
from app.messaging import letter, markup
from app.messaging.builtin import Words
from app.messaging.calendar import calendar_file
from app.messaging.gathering import Gathering
from app.messaging.languages import FALLBACK, known
from app.messaging.models import Kind, Medium
from app.messaging.sandbox import Unusable, fill
from app.messaging.segments import measure
from app.messaging.templates import Chosen, choose
from app.messaging.values import Occasion, Subject, of_alert, values_of
from app.messaging.variables import REGULAR, REQUIRED, VARIABLES, VARIANTS, examples

LONGEST_SMS, LONGEST_SUBJECT = 1600, 200
"""Characters. An SMS provider refuses more."""
LONGEST_IN_SMS = 240
"""Characters of one value, but for links: a party's wishes do not fill the text."""
WITH_CALENDAR = (Kind.CONFIRMATION, Kind.CHANGE, Kind.CANCELLATION, Kind.REMINDER)

log = get_logger()


@dataclass(frozen=True)
class Rendering:
    """A message in words. `segments` and `cost` of an SMS; `html`, `calendar` of an e-mail."""

    subject: str
    text: str
    html: str
    calendar: str | None
    segments: int | None
    is_on: bool
    language: str = FALLBACK
    cost: Decimal | None = None
    body_html: str = ""
    """What is inside of `html`: without the page around it."""
    problem: str | None = None
    """Why the website's own words could not be used."""


@dataclass(frozen=True)
class Order:
    """One message that is wanted. `extra`: `event` (its name), `changed` (fields), `meta`."""

    website_id: str
    kind: Kind
    medium: Medium
    audience: str
    language: str | None
    booking_id: UUID | None
    extra: Mapping[str, Any]


def render(
    session: Session,
    website_id: str,
    kind: Kind,
    medium: Medium,
    audience: str,
    language: str | None,
    booking_id: UUID | None,
    extra: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> Rendering:
    """One message about a booking (or, without one, an alert of the installation), as it would
    be written now. Raises NoResultFound for a booking that is not there."""
    order = Order(website_id, kind, medium, audience, language, booking_id, extra or {})
    return Press(session, [booking_id] if booking_id else [], now).render(order)


class Press:
    """Renders messages about these bookings, reading what they need in few queries."""

    def __init__(
        self, session: Session, booking_ids: Collection[UUID], now: datetime | None = None
    ) -> None:
        self._found = Gathering(session, booking_ids)
        self._now = now or datetime.now(UTC)

    def render(self, order: Order) -> Rendering:
        """As `render` above."""
        subject = self._found.subject(order.booking_id) if order.booking_id else None
        return self._with(order, subject, self._choose(order, subject))

    def preview(self, order: Order, words: Words) -> Rendering:
        """The same in words that are not saved; examples stand for what is not there (yet), or
        without a booking for everything. Raises Unusable."""
        subject = self._found.subject(order.booking_id) if order.booking_id else None
        shown = examples(order.kind)
        if subject is not None:
            real = self._values(order, subject, words.language)
            shown |= {n: real[n] for n in shown if real[n] or VARIABLES[n].may_be_empty}
        return self._written(order, subject, Chosen(words, is_on=True), shown)

    def _choose(self, order: Order, subject: Subject | None) -> Chosen:
        own = self._found.templates(order.website_id)
        return choose(own, order.kind, order.medium, _variant(subject), self._languages(order))

    def _languages(self, order: Order) -> list[str]:
        settings = self._found.settings(order.website_id)
        asked = (order.language, settings.language if settings else None)
        return [code for code in map(known, asked) if code]

    def _with(self, order: Order, subject: Subject | None, chosen: Chosen) -> Rendering:
        values = self._values(order, subject, chosen.words.language)
        needed = REQUIRED.get(order.kind)
        if needed and not values[needed]:
            chosen = replace(chosen, is_on=False)  # it would say nothing
        try:
            return self._written(order, subject, chosen, values)
        except Unusable as error:
            if not chosen.words.is_own:
                raise
            log.warning("template unusable", website=order.website_id, kind=order.kind.value)
            ours = choose([], order.kind, order.medium, _variant(subject), self._languages(order))
            values = self._values(order, subject, ours.words.language)
            instead = Chosen(ours.words, chosen.is_on)
            return self._written(order, subject, instead, values, problem=str(error))

    def _written(
        self,
        order: Order,
        subject: Subject | None,
        chosen: Chosen,
        values: Mapping[str, Any],
        problem: str | None = None,
    ) -> Rendering:
        if order.medium is Medium.SMS:
            return self._text(order, chosen, values, problem)
        return self._mail(order, subject, chosen, values, problem)

    def _values(self, order: Order, subject: Subject | None, language: str) -> dict[str, Any]:
        event = str(order.extra.get("event", ""))
        if subject is None:
            return of_alert(order.extra.get("meta") or {}, event, language)
        changed = tuple(order.extra.get("changed") or ())
        occasion = Occasion(self._now, event, changed, to_guest=order.audience == "guest")
        return values_of(subject, occasion, language)

    def _text(
        self, order: Order, chosen: Chosen, values: Mapping[str, Any], problem: str | None
    ) -> Rendering:
        filled = fill(chosen.words.body, _shortened(values), guard=False)
        text = "\n".join(" ".join(line.split()) for line in filled.strip().split("\n"))
        size = measure(text[:LONGEST_SMS])
        settings = self._found.settings(order.website_id)
        return Rendering(
            subject="",
            text=text[:LONGEST_SMS],
            html="",
            calendar=None,
            segments=size.count,
            is_on=chosen.is_on,
            language=chosen.words.language,
            cost=size.cost(settings.segment_price if settings else None),
            problem=problem,
        )

    def _mail(
        self,
        order: Order,
        subject: Subject | None,
        chosen: Chosen,
        values: Mapping[str, Any],
        problem: str | None,
    ) -> Rendering:
        words = chosen.words
        title = " ".join(fill(words.subject, values, guard=False).split())[:LONGEST_SUBJECT]
        source = fill(words.body, values, guard=True)
        body = markup.to_html(source)
        with_file = order.kind in WITH_CALENDAR and order.audience == "guest"
        return Rendering(
            subject=title,
            text=markup.to_text(source),
            html=letter.page(title, body, self._sender(order, subject), words.language),
            calendar=calendar_file(subject, words.language, self._now)
            if subject is not None and with_file
            else None,
            segments=None,
            is_on=chosen.is_on,
            language=words.language,
            body_html=body,
            problem=problem,
        )

    def _sender(self, order: Order, subject: Subject | None) -> letter.Sender:
        name = self._found.website(order.website_id).name
        if subject is None:
            return letter.Sender(name)
        address = (subject.venue.address if subject.venue else None) or ""
        return letter.Sender(name, address, subject.contact_phone)


def _variant(subject: Subject | None) -> str:
    found = subject.booking.booking_type if subject else None
    return found if found in VARIANTS else REGULAR


def _shortened(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _short(name, value) for name, value in values.items()}


def _short(name: str, value: Any) -> Any:
    if not isinstance(value, str) or name.endswith("_link") or len(value) <= LONGEST_IN_SMS:
        return value
    return value[: LONGEST_IN_SMS - 3].rstrip() + "..."
