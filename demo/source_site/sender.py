"""The sync service: posts the queued calls to the hub, again and again until it has taken them.

A call that cannot be delivered is tried after 1 s, 5 s, 30 s and 5 minutes, then every 5 minutes.
The calls of one booking leave in order. The queue is part of the store, so nothing is lost when
the hub is away or this site is restarted.
"""

from __future__ import annotations

import http.client
import json
import logging
import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from demo.credentials import Credentials
from demo.source_site.orders import PENDING, REFUSED, note
from demo.source_site.store import State, Store
from demo.source_site.wire import FIELDS, body, instant

RETRY_DELAYS = (1.0, 5.0, 30.0, 300.0)
"""Seconds; the last one repeats."""
PATH = "/api/bookings/sync"
TIMEOUT = 10
WORTH_ANOTHER_TRY = frozenset({401, 403, 408, 425, 429})
"""Beside 5xx: the key may be put right, and the hub may have had enough for the moment."""

log = logging.getLogger("demo_site.sync")
Call = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What came back; status 0: nothing did."""

    status: int
    body: dict[str, Any]
    retry_after: float = 0.0

    @property
    def accepted(self) -> bool:
        return 200 <= self.status < 300 and self.body.get("success") is not False

    @property
    def final(self) -> bool:
        """Sending the same again would be refused again."""
        return 400 <= self.status < 500 and self.status not in WORTH_ANOTHER_TRY

    @property
    def error(self) -> str:
        said = self.body.get("error") or "no answer"
        return f"{self.status}: {said}" if self.status else str(said)


class Sender:
    """The queue's background thread. `flush` does the work and can be called without it."""

    def __init__(self, store: Store, credentials: Credentials, api_url: str) -> None:
        self._store = store
        self._credentials = credentials
        self._url = api_url + PATH
        self._wake = threading.Event()
        self._stopping = False

    def start(self) -> None:
        """Start the thread; it ends with the process, or with `stop`."""
        threading.Thread(target=self._run, name="sender", daemon=True).start()

    def stop(self) -> None:
        """Send nothing more after the call that is under way."""
        self._stopping = True
        self._wake.set()

    def wake(self) -> None:
        """There is something new to send."""
        self._wake.set()

    def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                pause = self.flush()
            except Exception:
                log.exception("the queue could not be worked on")
                pause = RETRY_DELAYS[0]
            self._wake.wait(pause)

    def flush(self) -> float | None:
        """Send all that is due. Returns the seconds until the next call is due; None: never."""
        while not self._stopping:
            heads = _heads(self._store.read())
            due = [call for call in heads if call["next_at"] <= time.time()]
            if not due:
                later = [call["next_at"] - time.time() for call in heads]
                return max(0.05, min(later)) if later else None
            for call in due:
                answer = post(self._url, self._credentials.api_key, call["body"])
                with self._store.change() as state:
                    _finish(state, call["event_id"], answer)
        return None


def post(url: str, api_key: str, content: dict[str, Any]) -> Answer:
    """One sync call. Never raises for what can go wrong on the way."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    headers = {"Content-Type": "application/json", "X-API-Key": api_key, "User-Agent": "demo-site"}
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT)
    try:
        connection.request("POST", parts.path, json.dumps(content).encode(), headers)
        response = connection.getresponse()
        text = response.read(64 * 1024)
        wish = response.headers.get("Retry-After", "")
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        return Answer(0, {"error": f"{type(error).__name__}: the hub does not answer"})
    finally:
        connection.close()
    return Answer(response.status, _json(text), float(wish) if wish.isdecimal() else 0.0)


def _json(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _heads(state: State) -> list[Call]:
    """The oldest pending call of each booking."""
    heads: dict[str, Call] = {}
    for call in state["outbox"]:
        if call["state"] == PENDING:
            heads.setdefault(call["source_booking_id"], call)
    return list(heads.values())


def _finish(state: State, event_id: str, answer: Answer) -> None:
    """Write down what became of a call."""
    call = next((each for each in state["outbox"] if each["event_id"] == event_id), None)
    if call is None:
        return
    booking = state["bookings"][call["source_booking_id"]]
    call["attempts"] += 1
    log.info("%s %s: %s", call["event"], event_id, answer.status or "no answer")
    sync = {"event": call["event"], "attempts": call["attempts"], "at": instant(), "error": None}
    if answer.accepted:
        state["outbox"].remove(call)
        booking["onebooking_id"] = answer.body.get("booking_id")
        note(booking, f"OneBooking took {call['event']}: {answer.body.get('message', '')}")
        booking["sync"] = sync | {"state": "synced"}
    elif answer.status == 404 and call["fields"] != list(FIELDS):
        _send_in_full(call, booking)
    elif answer.final:
        call["state"] = REFUSED
        booking["sync"] = sync | {"state": "refused", "error": answer.error}
    else:
        delay = RETRY_DELAYS[min(call["attempts"], len(RETRY_DELAYS)) - 1]
        call["next_at"] = time.time() + max(delay, answer.retry_after)
        due = {"state": "retrying", "error": answer.error, "next_at": call["next_at"]}
        booking["sync"] = sync | due


def _send_in_full(call: Call, booking: dict[str, Any]) -> None:
    """The hub does not know this booking: the same event again, with everything."""
    extra = {name: call["body"][name] for name in ("reason",) if name in call["body"]}
    call["fields"] = list(FIELDS)
    call["body"] = body(booking, call["event"], call["event_id"]) | extra
