"""Whether an account works, asked of the platform before anything is saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from app.platforms import drafts, registry, rules
from app.platforms.base import Checked, Platform, PlatformError
from app.platforms.conversing import Conversation
from app.platforms.models import PlatformConnection

PATIENCE = 8.0
"""Seconds that somebody waits for it."""


@dataclass(frozen=True)
class Tested:
    """What came of it, and the account that was tried."""

    works: bool
    is_sure: bool
    """Whether that is proven: of some platforms no call is known that tells it."""
    message: str
    """A sentence for staff."""
    at: datetime
    talk: Conversation = field(repr=False)
    configuration: Mapping[str, Any] = field(repr=False)
    options: Mapping[str, Any]

    def is_of(self, connection: PlatformConnection) -> bool:
        """Whether it was this account that was tried."""
        there = (connection.configuration or {}, connection.options)
        return (self.configuration, self.options) == there


def tried(session: Session, connection: PlatformConnection) -> Tested:
    """Ask the platform; the connection need not be saved. Ends the transaction first, so that
    none is open meanwhile: whoever calls has written nothing, or has it committed.

    Raises InvalidPayload for a platform that this installation does not have.
    """
    rules.kind_of(connection.platform_type)
    account = registry.account_of(session, connection)
    configuration, options = dict(connection.configuration or {}), dict(connection.options)
    session.commit()
    talk = Conversation(account, "platform.check")
    try:
        checked = talk.hold(_check, PATIENCE)
    except PlatformError as error:
        checked = Checked(False, error.message)
    said = (checked.works, checked.is_sure, checked.message)
    return Tested(*said, datetime.now(UTC), talk, configuration, options)


def tried_for(
    session: Session, stored: PlatformConnection, values: Mapping[str, Any]
) -> Tested | None:
    """What comes of the account as it will be after these changes; None where it stays as it is
    and need not be tried. Ends the transaction as `tried` does. Raises InvalidPayload."""
    wanted = drafts.draft_of(session, stored, values)
    wanted.is_enabled = bool(values.get("is_enabled", stored.is_enabled))
    is_other = drafts.is_other_account(stored, wanted)
    return tried(session, wanted) if is_other or drafts.needs_test(stored, wanted) else None


async def _check(platform: Platform) -> Checked:
    return await platform.check_auth()
