"""Talking with a platform while somebody waits: a page that checks an account, a pull, a question
about free tables. What is sent because of a booking leaves by the delivery machine instead.

No transaction should be open meanwhile: the other side may take seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from app.deliveries import pace
from app.deliveries.models import SyncLog
from app.logs import get_logger
from app.outbound import Client
from app.platforms import registry
from app.platforms.base import Account, Platform, PlatformError
from app.platforms.calling import Exchange, noting
from app.platforms.models import PlatformConnection

log = get_logger()
T = TypeVar("T")
GRACE = 0.2
"""Seconds in which a conversation that is over may close what it opened."""


@dataclass
class Conversation:
    """Calls to one account, and what was said in them; `write` puts them into the sync log."""

    account: Account = field(repr=False)
    event_type: str
    """`platform.check`, `platform.pull`, `platform.availability`: how the log speaks of them."""
    said: list[tuple[Exchange, str]] = field(default_factory=list)
    """Each with what was wrong about it, or nothing."""

    def hold(self, work: Callable[[Platform], Awaitable[T]], seconds: float) -> T:
        """Do `work` with the platform and wait for it, `seconds` at most in all.

        Raises PlatformError: also when the time is over, or when `work` met what nobody thought
        of. May be called again for the next part.
        """

        async def talk() -> T:
            async with Client(seconds, resolvers=1) as client, asyncio.timeout(seconds):
                return await work(registry.platform_of(self.account, noting(client.send, note)))

        def note(exchange: Exchange) -> None:
            self.said.append((exchange, ""))

        try:
            # In a thread of its own: the caller's may have a running loop. A name server that
            # hangs keeps that thread, and not the caller.
            thread = ThreadPoolExecutor(1, "platform")
            waiting = thread.submit(asyncio.run, talk())
            thread.shutdown(wait=False)
            return waiting.result(seconds + GRACE)
        except TimeoutError:
            label = registry.KINDS[self.account.type].label
            error = PlatformError(f"{label} gave no answer in {seconds:g} seconds.", code="timeout")
            self._failed(error)
            raise error from None
        except PlatformError as error:
            self._failed(error)
            raise
        except Exception as fault:
            label = registry.KINDS[self.account.type].label
            log.error("platform answer", exc_info=fault)
            senseless = PlatformError(
                f"{label} gave an answer that makes no sense.", code="unreadable"
            )
            self._failed(senseless)
            raise senseless from None

    def write(
        self, session: Session, connection: PlatformConnection, booking_id: UUID | None = None
    ) -> None:
        """Into the sync log, and off the pace of what is sent there, in the caller's transaction;
        what is written is not kept here."""
        pace.charge(session, connection.key, len(self.said))
        session.add_all(
            SyncLog(
                website_id=connection.website_id,
                booking_id=booking_id,
                event_type=self.event_type,
                door=connection.key,
                error_message=error or None,
                **columns_of(exchange, failed=bool(error)),
            )
            for exchange, error in self.said
        )
        self.said = []

    def _failed(self, error: PlatformError) -> None:
        """It was the last call that went wrong; without any there is nothing to blame it on."""
        if self.said:
            self.said[-1] = (self.said[-1][0], error.message)


def columns_of(exchange: Exchange, *, failed: bool) -> dict[str, Any]:
    """The columns of the sync log that say what went out and what came back."""
    return {
        "direction": "outbound",
        "status": "failed" if failed or exchange.fault else "success",
        "http_status": exchange.status,
        "code": exchange.fault or None,
        "url": exchange.name,
        "request_body": exchange.request or None,
        "response_body": exchange.response or None,
        "duration_ms": exchange.duration_ms,
    }
