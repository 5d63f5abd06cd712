"""One call to a platform: its JSON, or a PlatformError that says what may have happened.

Some platforms take their key in the address, and most calls carry a guest. So a call has a name
(`covermanager:reserv/reserv`) by which it is spoken of: neither its address nor a value that is
not on the platform's list of plain ones gets into an error or a log.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, NoReturn

from app.deliveries.retry import LONGEST_WISH, read_retry_after
from app.outbound import Answer, Outgoing, Unreachable
from app.platforms.base import PlatformError, Send
from app.platforms.taming import HIDDEN, impersonal, json_of

LONGEST_WORDS = 160
"""Characters of what a platform says that are shown."""
LONGEST_LIST = 20
"""Items of a list that are noted."""
MOST_NAMES = 100
"""Values of an object that are noted."""
LONGEST_NOTE = 20_000
"""Characters of a body that are noted."""
MAYBE = " It may have done it all the same."


@dataclass(frozen=True)
class Complaint:
    """What a platform says is wrong, in its own words."""

    text: str
    code: str = "refused"
    permanent: bool | None = None
    """None: as the HTTP status says; with a 2xx it is."""
    only_explains: bool = False
    """It tells why the HTTP status is an error; with a 2xx it means nothing."""


@dataclass(frozen=True)
class Line:
    """How one platform is called and read."""

    send: Send = field(repr=False)
    type: str
    label: str
    complaint: Callable[[Any], Complaint | None]
    """Finds what is wrong in the JSON of any answer; None: nothing."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """What may not show even in the platform's own words."""
    plain: frozenset[str] = frozenset()
    """Names of values that are neither a guest's nor a credential: these are noted."""

    async def ask(self, outgoing: Outgoing, method: str, *, changes: bool = False) -> Any:
        """The JSON of a 2xx without complaint. Raises PlatformError.

        `changes`: it does something there, so that no clear answer means that it may be done.
        """
        named = Named(f"{self.type}:{method}", self)
        answer = await self.send(replace(outgoing, context=named))
        if isinstance(answer, Unreachable):
            self._unreachable(answer, changes)
        data = json_of(answer.body)
        complaint = None if data is None else self.complaint(data)
        is_well = 200 <= answer.status < 300
        if complaint is not None and not (is_well and complaint.only_explains):
            self._complained(answer, complaint, changes)
        if not is_well:
            self._refused(answer, "", changes)
        if data is None:
            cut = len(answer.body) >= outgoing.limit
            self.unreadable("is too long" if cut else "is not JSON", changes=changes)
        return data

    def unreadable(self, how: str, *, changes: bool = False) -> NoReturn:
        """The answer cannot be understood: `how`, in a few words. Raises PlatformError."""
        message = f"The answer of {self.label} {how}.{MAYBE if changes else ''}"
        raise PlatformError(message, unclear=changes, code="unreadable")

    def _unreachable(self, answer: Unreachable, changes: bool) -> NoReturn:
        unclear = changes and answer.arrived
        message = f"{self.label} cannot be reached. {answer.message}{MAYBE if unclear else ''}"
        raise PlatformError(
            message, permanent=answer.kind == "address", unclear=unclear, code=answer.kind
        )

    def _complained(self, answer: Answer, said: Complaint, changes: bool) -> NoReturn:
        words = self.cleaned(said.text)
        if said.permanent is None and not 200 <= answer.status < 300:
            self._refused(answer, words, changes)
        message = f"{self.label} says: {words}" if words else f"{self.label} refused it."
        raise PlatformError(
            message,
            permanent=said.permanent is not False,
            code=said.code,
            retry_after=_wish(answer),
        )

    def _refused(self, answer: Answer, words: str, changes: bool) -> NoReturn:
        """By the status alone."""
        status = answer.status
        unclear = changes and (status >= 500 or status == 408)
        again = status >= 500 or status in (408, 409, 425, 429)
        message = f"{self.label} answered {status}{_MEANS.get(status, '')}."
        raise PlatformError(
            message + (f" It says: {words}" if words else "") + (MAYBE if unclear else ""),
            permanent=not again,
            unclear=unclear,
            code=str(status),
            retry_after=_wish(answer),
        )

    def cleaned(self, text: str) -> str:
        """Words of a platform without credentials, addresses, e-mails and numbers of people."""
        words = impersonal(self._without_secrets(text))
        return words if len(words) <= LONGEST_WORDS else words[:LONGEST_WORDS] + HIDDEN

    def noted(self, body: bytes) -> str:
        """A body for the log: its shape, with the plain values alone."""
        data = json_of(body)
        if data is None:
            return f"({len(body)} bytes)" if body else ""
        text = json.dumps(self._masked(data, ""), ensure_ascii=False)
        return text if len(text) <= LONGEST_NOTE else text[:LONGEST_NOTE] + HIDDEN

    def _without_secrets(self, text: str) -> str:
        for secret in sorted(filter(None, self.secrets), key=len, reverse=True):
            text = text.replace(secret, HIDDEN)
        return text

    def _masked(self, value: Any, name: str) -> Any:
        if isinstance(value, dict):
            some = islice(value.items(), MOST_NAMES)
            noted = {self.cleaned(key): self._masked(each, key) for key, each in some}
            more = len(value) - MOST_NAMES
            return {**noted, HIDDEN: f"{more} more"} if more > 0 else noted
        if isinstance(value, list):
            shown = [self._masked(each, name) for each in value[:LONGEST_LIST]]
            more = len(value) - LONGEST_LIST
            return [*shown, f"… {more} more"] if more > 0 else shown
        if value is None or isinstance(value, bool) or value == "":
            return value
        if name not in self.plain:
            return HIDDEN
        if not isinstance(value, str):
            return value
        is_words = " " in value or "@" in value or len(value) > 40
        return self.cleaned(value) if is_words else self._without_secrets(value)


@dataclass(frozen=True)
class Named:
    """What a call of a platform bears as its context: how to speak of it."""

    name: str
    line: Line = field(repr=False)


@dataclass(frozen=True)
class Exchange:
    """A call that was made, as it may be written down."""

    name: str
    """In the place of the address."""
    request: str
    response: str
    status: int | None
    fault: str
    """Kind of `Unreachable`, or empty."""
    duration_ms: int


def noting(send: Send, note: Callable[[Exchange], None]) -> Send:
    """`send`, where `note` hears of every call of a platform."""

    def heard(outgoing: Outgoing, answer: Answer | Unreachable) -> None:
        if isinstance(outgoing.context, Named):
            note(exchange_of(outgoing, outgoing.context, answer))

    async def sending(outgoing: Outgoing) -> Answer | Unreachable:
        started = time.perf_counter()
        try:
            answer = await send(outgoing)
        except asyncio.CancelledError:
            took = round((time.perf_counter() - started) * 1000)
            heard(outgoing, Unreachable("timeout", "Nobody waited any longer.", took))
            raise
        heard(outgoing, answer)
        return answer

    return sending


def within(send: Send, seconds: float) -> Send:
    """`send`, where an answer that takes longer is none."""

    async def sending(outgoing: Outgoing) -> Answer | Unreachable:
        try:
            async with asyncio.timeout(seconds):
                return await send(outgoing)
        except TimeoutError:
            return Unreachable("timeout", f"No complete answer within {seconds:g} seconds.")

    return sending


def exchange_of(outgoing: Outgoing, named: Named, answer: Answer | Unreachable) -> Exchange:
    """What went out and came back, without the address, guests and credentials."""
    request, took = named.line.noted(outgoing.body), answer.duration_ms
    if isinstance(answer, Unreachable):
        return Exchange(named.name, request, "", None, answer.kind, took)
    response = named.line.noted(answer.body)
    return Exchange(named.name, request, response, answer.status, "", took)


def post(url: str, headers: Mapping[str, str], body: Mapping[str, Any]) -> Outgoing:
    """A call that carries JSON."""
    said = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return Outgoing(url, {**headers, "Content-Type": "application/json"}, said)


_MEANS = {
    401: ": it does not know the key",
    403: ": the key may not do this",
    404: ": it knows no such thing",
    429: ": it is called too often",
}


def _wish(answer: Answer) -> float | None:
    wish = read_retry_after(answer.headers.get("retry-after"))
    return None if wish is None else min(wish, LONGEST_WISH)
