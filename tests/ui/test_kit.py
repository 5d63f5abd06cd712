"""The UI kit: what the CSP forbids is nowhere, colours are readable, macros say the right words."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
VENDORED = ROOT / "static" / "vendor"
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def kit() -> Environment:
    env = Environment(
        loader=FileSystemLoader(ROOT / "templates"), autoescape=True, undefined=StrictUndefined
    )
    env.globals.update(asset=lambda path: f"/static/{path}", csrf_token=lambda: "token")
    return env


def render(kit: Environment, file: str, call: str, **values: Any) -> str:
    """The text of one macro call, without its tags."""
    name = call.partition("(")[0]
    source = f'{{% from "ui/{file}.html" import {name} %}}{{{{ {call} }}}}'
    markup = kit.from_string(source).render(**values)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", markup).replace("&nbsp;", " ")).strip()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_template_has_nothing_that_the_csp_refuses(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"<style|\sstyle=|\shx-on|javascript:|\son[a-z]+=[\"']", text)
    for script in re.findall(r"<script([^>]*)>", text):
        assert "src=" in script
    assert not re.search(r"(?:\ssrc|<link[^>]* href)=[\"'](?:https?:)?//", text)


def test_every_icon_that_is_named_is_in_the_sprite() -> None:
    sprite = set(re.findall(r'<symbol id="([^"]+)"', (ROOT / "static/icons.svg").read_text()))
    used = {
        name
        for path in TEMPLATES
        for name in re.findall(r'\bicon\("([a-z0-9-]+)"', path.read_text())
    }
    assert used
    assert used <= sprite


def test_vendored_files_are_the_ones_that_were_checked() -> None:
    listed = dict(
        re.findall(
            r"`([\w.-]+\.(?:css|js))`.*`([0-9a-f]{64})`", (VENDORED / "VENDORED.md").read_text()
        )
    )
    present = {p.name: p.read_bytes() for p in VENDORED.iterdir() if p.suffix in {".css", ".js"}}
    assert listed == {name: hashlib.sha256(data).hexdigest() for name, data in present.items()}
    assert not any(b"sourceMappingURL" in data for data in present.values())


def luminance(colour: str) -> float:
    """Relative luminance of #rgb or #rrggbb (WCAG 2.2)."""
    digits = colour.lstrip("#")
    digits = "".join(d * 2 for d in digits) if len(digits) == 3 else digits
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def pairs(name: str) -> list[tuple[str, str]]:
    """(light, dark) of every definition of a variable in app.css."""
    css = (ROOT / "static/app.css").read_text()
    return re.findall(rf"(?<![\w-]){name}: light-dark\((#\w+), (#\w+)\)", css)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_every_tone_is_readable(theme: int) -> None:
    grounds, texts = pairs("--bg"), pairs("--fg")
    assert len(grounds) == len(texts) >= 10
    for ground, text in zip(grounds, texts, strict=True):
        assert contrast(ground[theme], text[theme]) >= 4.5, (ground, text)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    "text", ["--tblr-body-color", "--tblr-secondary", "--tblr-link-color", "--wrong"]
)
def test_text_is_readable_on_every_surface(text: str, theme: int) -> None:
    for ground in ("--tblr-body-bg", "--tblr-bg-surface", "--hover", "--current"):
        assert contrast(pairs(text)[0][theme], pairs(ground)[0][theme]) >= 4.5, ground


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (3490, "3,490 THB"),
        (Decimal("3490.00"), "3,490 THB"),
        (Decimal("17450.5"), "17,450.50 THB"),
        (-350, "−350 THB"),
        (0, "0 THB"),
        (None, "–"),
    ],
)
def test_money(kit: Environment, amount: Decimal | int | None, text: str) -> None:
    assert render(kit, "money", 'money(amount, "THB")', amount=amount) == text


@pytest.mark.parametrize(
    ("away", "text"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=5), "5 min ago"),
        (timedelta(minutes=-30), "in 30 min"),
        (timedelta(hours=3), "3 h ago"),
        (timedelta(hours=13), "Today, 06:00"),
        (timedelta(hours=20), "Yesterday, 23:00"),
        (timedelta(days=3), "17 Nov, 19:00"),
        (timedelta(days=365), "20 Nov 2025, 19:00"),
    ],
)
def test_how_long_ago_in_the_zone_of_the_venue(
    kit: Environment, away: timedelta, text: str
) -> None:
    values = {"dt": NOW - away, "tz": ZoneInfo("Asia/Bangkok"), "now": NOW}
    assert render(kit, "when", "ago(dt, tz, now)", **values) == text


@pytest.mark.parametrize(
    ("days", "text"),
    [(0, "Today"), (1, "Tomorrow"), (-1, "Yesterday"), (9, "Sun 29 Nov"), (90, "Thu 18 Feb 2027")],
)
def test_days_have_names(kit: Environment, days: int, text: str) -> None:
    today = date(2026, 11, 20)
    assert render(kit, "when", "day(d, today)", d=today + timedelta(days), today=today) == text


def test_what_a_website_sent_is_never_markup(kit: Environment) -> None:
    event = {
        "at": NOW, "actor": "<b>x</b>", "kind": "website", "summary": "changed", "door": "<i>",
        "changes": [{"label": "Note", "old": "<script>", "new": '"><img>'}],
    }  # fmt: skip
    source = '{% from "ui/timeline.html" import timeline %}{{ timeline([event], now=now) }}'
    markup = kit.from_string(source).render(event=event, now=NOW)
    assert not re.search(r"<(?:b|i|script|img)>", markup)
    assert "&lt;script&gt;" in markup
