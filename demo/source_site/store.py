"""The site's own small database: one JSON file, replaced whole, safe for several processes."""

from __future__ import annotations

import fcntl
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from demo.credentials import write_private

State = dict[str, Any]
"""`bookings` by source id, the `outbox` of sync calls, `webhooks` newest first, `seen` event ids,
`switches`, the `next_ref` number and a `revision` that grows with every change."""

MOST_WEBHOOKS = 60
MOST_SEEN = 5000


def empty_state() -> State:
    """A site on its first day."""
    return {
        "revision": 0,
        "next_ref": 1,
        "bookings": {},
        "outbox": [],
        "webhooks": [],
        "seen": [],
        "switches": {"mode": "ok", "seconds": 5},
    }


class Store:
    """Reads see the last whole state; changes run one at a time and are on disk when they end."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._file = directory / "store.json"
        self._lock = threading.RLock()

    def read(self) -> State:
        """The present state, a copy of one's own."""
        try:
            stored: State = json.loads(self._file.read_text())
        except FileNotFoundError:
            return empty_state()
        return empty_state() | stored

    @contextmanager
    def change(self) -> Iterator[State]:
        """The state to be changed in place; kept unless an exception leaves the block."""
        with self._alone():
            state = self.read()
            yield state
            self._write(state)

    def replace(self, state: State) -> None:
        """Start anew from this state."""
        with self._alone():
            self._write(state | {"revision": self.read()["revision"]})

    def _write(self, state: State) -> None:
        del state["webhooks"][MOST_WEBHOOKS:]
        del state["seen"][:-MOST_SEEN]
        state["revision"] += 1
        write_private(self._file, json.dumps(state, ensure_ascii=False))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One change at a time, in this process and beside others."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._lock, (self.directory / "store.lock").open("a") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
