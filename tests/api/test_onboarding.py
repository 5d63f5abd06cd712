"""The guide for partners: what it shows works."""

from __future__ import annotations

import re
import time
from html import unescape
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser

from app.api.onboarding import PYTHON
from app.webhooks.receivers import TOLD
from app.webhooks.signing import signature_headers
from tests.api import partner_house
from tests.api.documented import document_of
from tests.harness.live import StackFactory


def blocks(client: FlaskClient) -> list[str]:
    page = client.get("/docs/partners").text
    return [unescape(text) for text in re.findall(r"<pre[^>]*>(.*?)</pre>", page, re.DOTALL)]


def test_every_call_it_shows_exists(app: Flask, client: FlaskClient, db_session: object) -> None:
    shown = {
        re.sub(r"\$\w+", "x", path).partition("?")[0]
        for text in blocks(client)
        for path in re.findall(r"https?://[^/\s]+(/[^\s\"']+)", text)
    }
    assert len(shown) >= 5
    known = [re.sub(r"\{\w+\}", "[^/]+", path) for path in document_of(app)["paths"]]
    known.append("/octo/products")
    for path in shown:
        assert any(re.fullmatch(pattern, path) for pattern in known), path


def test_the_first_booking_is_one(app: Flask, client: FlaskClient, db_session: object) -> None:
    piers = partner_house.build(app)
    (shown,) = [text for text in blocks(client) if "Idempotency-Key" in text]
    body = re.search(r"-d '(\{.*\})'", shown, re.DOTALL)
    assert body is not None
    sent = body[1].replace("'$LOCATION'", str(piers.first.id))
    headers = {"Authorization": f"Bearer {piers.reef.key}", "Content-Type": "application/json"}
    answer = client.post("/api/partner/bookings", data=sent, headers=headers)
    assert answer.status_code == 201, answer.text


def test_the_check_of_signatures_is_right() -> None:
    code: dict[str, Any] = {}
    exec(PYTHON, code)  # noqa: S102
    raw, now = b'{"event": "booking.updated"}', int(time.time())
    headers = signature_headers(["whsec_c2VjcmV0"], "m1", now, raw)
    assert code["is_genuine"]("whsec_c2VjcmV0", headers, raw)
    assert not code["is_genuine"]("whsec_b3RoZXI=", headers, raw)
    assert not code["is_genuine"]("whsec_c2VjcmV0", headers, raw + b" ")
    old = signature_headers(["whsec_c2VjcmV0"], "m1", now - 1000, raw)
    assert not code["is_genuine"]("whsec_c2VjcmV0", old, raw)


def test_the_webhook_it_shows_tells_what_is_told(client: FlaskClient, db_session: object) -> None:
    (shown,) = [text for text in blocks(client) if '"updated_fields"' in text]
    named = set(re.findall(r'"(\w+)"', shown[shown.index("updated_fields") : shown.index("]")]))
    assert named - {"updated_fields"} <= TOLD


@pytest.mark.browser
@pytest.mark.slow
def test_the_guide_is_clean_in_a_browser(live_stack: StackFactory, browser: Browser) -> None:
    stack = live_stack(workers=0)
    for theme in ("light", "dark"):
        viewport: Any = {"width": 390, "height": 900}
        page = browser.new_page(viewport=viewport, color_scheme=theme)
        page.goto(f"{stack.url}/docs/partners")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        found = Axe().run(page)
        assert found.violations_count == 0, f"{theme}: {found.generate_report()}"
        page.close()
