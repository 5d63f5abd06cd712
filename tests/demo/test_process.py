"""The demo site as a process: it keeps what it holds, and ends at once when told."""

from __future__ import annotations

import http.client
import json
import os
import signal
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.demo.conftest import FORM
from tests.harness.processes import Daemon, free_port, python, until

pytestmark = pytest.mark.slow


def ask(port: int, method: str, path: str, body: str = "") -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Connection": "close"}
    connection.request(method, path, body, headers)
    return connection.getresponse()


def state(port: int) -> Any:
    return json.loads(ask(port, "GET", "/__state").read())


def answers(port: int) -> bool:
    try:
        return ask(port, "GET", "/").status == 200
    except OSError:
        return False


def test_it_survives_a_kill_and_ends_quickly(tmp_path: Path) -> None:
    port = free_port()
    environment = {
        **os.environ,
        "DATA_DIR": str(tmp_path),
        "DEMO_SITE_PORT": str(port),
        "ONEBOOKING_API_URL": "http://127.0.0.1:9",
    }
    site = Daemon(python("-m", "demo.source_site"), tmp_path / "site.log", environment)
    try:
        site.start()
        until(lambda: answers(port), 20, "no answer")
        assert ask(port, "POST", "/book", urlencode(FORM)).status == 303
        ask(port, "POST", "/switches", "mode=slow&seconds=30")
        before = state(port)
        site.kill(signal.SIGKILL)
        site.start()
        until(lambda: answers(port), 20, "no answer")
        after = state(port)
        assert [b["booking_ref"] for b in after["bookings"]] == ["HW-000001"]
        assert [c["event_id"] for c in after["outbox"]] == [c["event_id"] for c in before["outbox"]]
        begin = time.monotonic()
        assert site.kill(signal.SIGTERM) == 0
        assert time.monotonic() - begin < 2
    finally:
        site.stop()
    assert "ada@example.com" not in (tmp_path / "site.log").read_text()
