"""What the fields of a website must look like."""

from typing import Any

import pytest

from app.errors import InvalidPayload
from app.websites import choices, rules


@pytest.mark.parametrize(
    ("name", "value", "stored"),
    [
        ("id", "hanuman-world", "hanuman-world"),
        ("name", "  Hanuman World ", "Hanuman World"),
        ("domain", "https://HanumanWorld.com/", "hanumanworld.com"),
        ("domain", "localhost:8001", "localhost:8001"),
        ("timezone", "Asia/Kathmandu", "Asia/Kathmandu"),
        ("timezone", "UTC", "UTC"),
        ("currency", "npr", "NPR"),
        ("phone_region", "th", "TH"),
        ("webhook_url", "https://example.com:8443/hook?x=1", "https://example.com:8443/hook?x=1"),
        ("webhook_url", "", None),
        ("logo_url", None, None),
        ("is_active", False, False),
    ],
)
def test_what_is_stored(name: str, value: Any, stored: Any) -> None:
    assert rules.clean({name: value}, https_only=True) == {name: stored}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", "Hanuman World"),
        ("id", "a--b"),
        ("id", "-a"),
        ("id", "x"),
        ("id", "a\n"),
        ("name", "   "),
        ("name", "x" * 101),
        ("name", 7),
        ("name", "a\x00b"),
        ("domain", "not a domain"),
        ("domain", "-bad.example.com"),
        ("domain", "example.com/path"),
        ("timezone", "Asia/Atlantis"),
        ("timezone", "../etc/passwd"),
        ("currency", "XYZ"),
        ("currency", "DEM"),
        ("phone_region", "ZZ"),
        ("webhook_url", "javascript:alert(1)"),
        ("webhook_url", "https://"),
        ("webhook_url", "https://user:secret@example.com/"),
        ("webhook_url", "https://example.com:99999/"),
        ("webhook_url", "https://example.com/a b"),
        ("webhook_url", "https://[::1"),
        ("webhook_url", "http://example.com/"),
        ("is_active", "yes"),
    ],
)
def test_what_is_refused(name: str, value: Any) -> None:
    with pytest.raises(InvalidPayload) as refused:
        rules.clean({name: value}, https_only=True)
    assert [fault.field for fault in refused.value.details] == [name]


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(InvalidPayload) as refused:
        rules.clean({"id": "", "name": "", "currency": "?"}, https_only=True)
    assert {fault.field for fault in refused.value.details} == {"id", "name", "currency"}


def test_plain_http_is_for_trying_out() -> None:
    url = "http://127.0.0.1:8001/hook"
    assert rules.clean({"webhook_url": url}, https_only=False) == {"webhook_url": url}


def test_the_choices_are_today_s() -> None:
    assert {"THB", "NPR", "EUR", "USD"} <= choices.currencies().keys()
    assert not {"DEM", "XAU", "XXX"} & choices.currencies().keys()
    assert "Asia/Bangkok" in choices.timezones()
    assert choices.regions()["TH"] == "Thailand"
