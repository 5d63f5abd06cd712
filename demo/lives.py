"""What becomes of a booking after it was made: a list of steps in the order of time. Pure."""

from __future__ import annotations

import enum
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from demo import texts
from demo.catalogue import Brand

WEBSITE, PARTNER, PLATFORM, APP = "website", "partner", "platform", "customer_app"
PHONE, WALK_IN, DIRECT = "phone", "walk_in", "direct"

COMPLETED, ARRIVED, NO_SHOW, LATE = "completed", "arrived", "no_show", "late"
CANCELLED, REFUNDED, EXPECTED = "cancelled", "refunded", "expected"

FATES_AHEAD = {EXPECTED: 84, CANCELLED: 11, REFUNDED: 5}
FATES_BEHIND = {ARRIVED: 76, NO_SHOW: 8, CANCELLED: 11, REFUNDED: 5}


class Act(enum.StrEnum):
    """One step of a story."""

    CREATE = "create"
    UPDATE = "update"
    CLASH = "clash"
    """The source changes just now what staff have changed and it has not heard of."""
    CANCEL = "cancel"
    REFUND = "refund"
    EDIT = "edit"
    MOVE = "move"
    CONFIRM = "confirm"
    """A partner makes what it held firm."""
    LAPSE = "lapse"
    """A hold runs out."""


@dataclass(frozen=True)
class Step:
    """Something that happened at `at`.

    EDIT and MOVE are done at the desk; the other acts are said by the source.
    """

    at: datetime
    act: Act
    story: Story
    changes: dict[str, Any] = field(default_factory=dict)
    """Fields by their names; `status` and `reason` of a MOVE, `refund_amount` of a REFUND."""


@dataclass
class Story:
    """One booking and its life. `fields` are those of the first message."""

    brand: Brand
    source: str
    source_id: uuid.UUID
    fields: dict[str, Any]
    starts: datetime
    booked: datetime
    steps: list[Step] = field(default_factory=list)
    held_until: datetime | None = None
    """Of a partner's hold: until when it waits to be confirmed."""
    days: int = 1
    """How many it takes, the first and the last counted."""

    def then(self, at: datetime, act: Act, **changes: Any) -> None:
        """Add a step; never before the last one."""
        latest = self.steps[-1].at + timedelta(seconds=2) if self.steps else at
        self.steps.append(Step(max(at, latest), act, self, changes))

    @property
    def total(self) -> Any:
        """The total as the steps so far have left it."""
        said = [self.fields, *(step.changes for step in self.steps)]
        return next(each["total_amount"] for each in reversed(said) if "total_amount" in each)

    @property
    def is_remote(self) -> bool:
        """Whether a source speaks for it, and not only the desk."""
        return self.source in (WEBSITE, PARTNER, PLATFORM, APP)


def live(story: Story, random: Random, now: datetime, fate: str | None = None) -> None:
    """Fill `story.steps`, from the booking until now."""
    story.then(story.booked, Act.CREATE)
    until = min(now - timedelta(minutes=2), story.starts)
    if fate is None:
        fate = _fate(story, random, now)
    if story.fields["status"] == "pending" and (fate != EXPECTED or random.random() < 0.4):
        paid = Act.UPDATE if story.source == WEBSITE else Act.MOVE
        story.then(_between(random, story.booked, until), paid, status="confirmed")
    if random.random() < 0.16 and story.is_remote:
        _source_update(story, random, _between(random, story.booked, until))
    if random.random() < 0.22:
        note = random.choice(texts.NOTES)
        story.then(_between(random, story.booked, until), Act.EDIT, admin_notes=note)
    _ENDS[fate](story, random, now)


def clash(story: Story, now: datetime, ours: str, theirs: str) -> None:
    """Staff move a booking, and its source, not having heard of it, moves it elsewhere."""
    story.then(now - timedelta(minutes=4), Act.EDIT, time_slot=ours)
    story.then(now, Act.CLASH, time_slot=theirs)


def _fate(story: Story, random: Random, now: datetime) -> str:
    if story.source == WALK_IN:
        return ARRIVED
    odds = FATES_AHEAD if story.starts > now - timedelta(minutes=20) else FATES_BEHIND
    return random.choices(list(odds), list(odds.values()))[0]


def _between(random: Random, start: datetime, end: datetime) -> datetime:
    return start + max(timedelta(0), end - start) * random.uniform(0.1, 0.9)


def _source_update(story: Story, random: Random, at: datetime) -> None:
    fields = story.fields
    more = fields["guest_count"] + 1
    changes = random.choice(
        (
            {"guest_count": more, "total_amount": fields["total_amount"] + fields["package_price"]},
            {"special_requests": random.choice(texts.requests(story.brand))},
            {"room_number": str(random.randint(201, 824))},
        )
    )
    story.then(at, Act.UPDATE, **changes)


def _expected(story: Story, random: Random, now: datetime) -> None:
    """Still to come, or late: nothing has happened."""


def _arrived(story: Story, random: Random, now: datetime) -> None:
    """Checked in about its time; completed after some hours."""
    long_ago = now - story.starts > timedelta(days=1.5)
    if long_ago and story.source == WEBSITE and story.brand.id == "hanuman-world":
        story.then(story.starts + timedelta(hours=4), Act.UPDATE, status="completed")
        return
    at = story.starts + timedelta(minutes=random.randint(-14, 6))
    story.then(min(at, now - timedelta(minutes=1)), Act.MOVE, status="checked_in")
    last_day = timedelta(days=story.days - 1)
    done = story.starts + last_day + timedelta(hours=3, minutes=random.randint(0, 60))
    if done < now:
        story.then(done, Act.MOVE, status="completed")


def _completed(story: Story, random: Random, now: datetime) -> None:
    story.then(min(story.starts, now) - timedelta(minutes=5), Act.MOVE, status="checked_in")
    story.then(now - timedelta(minutes=3), Act.MOVE, status="completed")


def _no_show(story: Story, random: Random, now: datetime) -> None:
    at = min(story.starts + timedelta(minutes=45), now - timedelta(minutes=1))
    story.then(at, Act.MOVE, status="no_show")


def _cancelled(story: Story, random: Random, now: datetime) -> None:
    at = _between(random, story.booked, min(now, story.starts))
    if story.is_remote and random.random() < 0.6:
        story.then(at, Act.CANCEL, reason=random.choice(texts.GUEST_REASONS))
    else:
        reason = random.choice(texts.STAFF_REASONS)
        story.then(at, Act.MOVE, status="cancelled", reason=reason)


def _refunded(story: Story, random: Random, now: datetime) -> None:
    """In full after a cancellation, or a part of it while the booking stands."""
    if story.source != WEBSITE:
        return _cancelled(story, random, now)
    if random.random() < 0.35:
        part = story.fields["total_amount"] // 5
        at = _between(random, story.booked, min(now, story.starts))
        return story.then(at, Act.REFUND, refund_amount=part)
    gone = _between(random, story.booked, min(now, story.starts))
    story.then(gone, Act.CANCEL, reason=random.choice(texts.GUEST_REASONS))
    at = min(story.steps[-1].at + timedelta(hours=2), now)
    return story.then(at, Act.REFUND, refund_amount=story.total)


_ENDS = {
    EXPECTED: _expected,
    LATE: _expected,
    ARRIVED: _arrived,
    COMPLETED: _completed,
    NO_SHOW: _no_show,
    CANCELLED: _cancelled,
    REFUNDED: _refunded,
}
