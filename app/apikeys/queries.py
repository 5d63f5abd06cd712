"""Reading API keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import LargeBinary, bindparam, func, select, update
from sqlalchemy.orm import Session

from app.apikeys.models import ApiKey
from app.apikeys.owner import Owner, owner_of
from app.crypto import hash_secret
from app.errors import NotFound
from app.wall import PEOPLE, WEBSITES, opened_by_key
from app.websites.models import Website

_FIND = (
    # Opens the second wall in the same round trip.
    select(
        ApiKey,
        Website,
        func.set_config(WEBSITES, func.coalesce(ApiKey.website_id, ""), True),
        func.set_config(PEOPLE, "all", True),
    )
    .join(Website, Website.id == ApiKey.website_id, isouter=True)
    .where(ApiKey.key_hash == bindparam("key_hash", type_=LargeBinary))
)
TOUCH_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Caller:
    """A presented key and the website it speaks for. The key may have ended: see `works_at`."""

    key: ApiKey
    website: Website | None

    def works_at(self, now: datetime) -> bool:
        """The key is good and its website is switched on."""
        switched_on = self.website is None or self.website.is_active
        return self.key.works_at(now) and switched_on


def find(session: Session, clear_text: str) -> Caller | None:
    """The caller behind a key, in one query. Looked up by its SHA-256: no timing to measure."""
    row = session.execute(_FIND, {"key_hash": hash_secret(clear_text)}).one_or_none()
    if row is None:
        return None
    opened_by_key(session, frozenset({row[1].id} if row[1] else ()))
    return Caller(row[0], row[1])


def of_website(session: Session, website_id: str) -> Sequence[ApiKey]:
    """A website's keys, newest first."""
    return of_owner(session, website_id)


def of_owner(session: Session, owner: Owner | str) -> Sequence[ApiKey]:
    """The keys of a website or a partner, newest first."""
    query = select(ApiKey).where(owner_of(owner).clause())
    return session.scalars(query.order_by(ApiKey.created_at.desc(), ApiKey.id.desc())).all()


def lock(session: Session, owner: Owner | str, key_id: UUID) -> ApiKey:
    """One key of a website or a partner, with its row locked. Raises NotFound."""
    owner = owner_of(owner)
    query = select(ApiKey).where(ApiKey.id == key_id, owner.clause())
    key = session.scalar(query.with_for_update().execution_options(populate_existing=True))
    if key is None:
        raise NotFound(f"This {owner.kind} has no such key.")
    return key


def touch(session: Session, key: ApiKey, now: datetime) -> None:
    """Note that a key was used, at most once a minute: it is read by people, not by rules.

    Calls that arrive together do not wait for each other: one of them notes it.
    """
    if key.last_used_at is not None and now - key.last_used_at < TOUCH_EVERY:
        return
    free = select(ApiKey.id).where(ApiKey.id == key.id).with_for_update(skip_locked=True)
    session.execute(
        update(ApiKey)
        .where(ApiKey.id.in_(free))
        .values(last_used_at=now)
        .execution_options(synchronize_session=False)
    )
