"""What production refuses to start with, and what the settings change in what is served."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient

from app import UnsafeSettings, create_app, flask_config
from app.config import DEVELOPMENT_ENCRYPTION_KEY, DEVELOPMENT_PEPPER, DEVELOPMENT_SECRET, Settings
from app.staff.guards import public
from tests.harness.isolation import dispose, make_app

SAFE: dict[str, Any] = {
    "env": "production",
    "base_url": "https://onebooking.test",
    "secret_key": "s" * 32,
    "hash_key": "h" * 32,
    "otp_pepper": "p" * 32,
    "encryption_keys": urlsafe_b64encode(b"o" * 32).decode(),
}


def test_production_starts_with_secrets_of_its_own() -> None:
    assert Settings(**SAFE).unsafe_settings() == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("secret_key", DEVELOPMENT_SECRET),
        ("secret_key", ""),
        ("secret_key", "x" * 31),
        ("hash_key", "development-only-hash-key"),
        ("hash_key", ""),
        ("otp_pepper", DEVELOPMENT_PEPPER),
        ("otp_pepper", "x" * 31),
        ("customer_token_keys", f"new={'k' * 32},old={'k' * 31}"),
        ("customer_token_keys", "k" * 32),
        ("encryption_keys", ""),
        ("encryption_keys", " , "),
        ("encryption_keys", f"{SAFE['encryption_keys']},{DEVELOPMENT_ENCRYPTION_KEY}"),
        ("demo", True),
        ("second_wall", False),
        ("base_url", "http://onebooking.test"),
    ],
)
def test_production_refuses_what_others_could_guess(name: str, value: Any) -> None:
    settings = Settings(**{**SAFE, name: value})
    (fault,) = settings.unsafe_settings()
    assert name.upper() in fault
    with pytest.raises(UnsafeSettings) as refused:
        create_app(settings)
    assert "not safe" in str(refused.value).lower()
    assert not value or str(value) not in fault, "a secret is not printed"


def test_cookies_of_an_installation_with_https(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sent over TLS alone, to us alone, and read by no script."""
    for name, value in flask_config(Settings(**SAFE), behind_wall=False).items():
        if name.startswith("SESSION_COOKIE"):
            monkeypatch.setitem(app.config, name, value)
    cookie = client.get("/login", base_url=SAFE["base_url"]).headers["Set-Cookie"]
    name, _, attributes = cookie.partition("=")
    assert name == "__Host-session"
    said = {each.strip() for each in attributes.split(";")[1:]}
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= said
    assert not any(each.startswith("Domain") for each in said)


@pytest.mark.parametrize(
    ("proxies", "secure", "address"),
    [(0, False, "127.0.0.1"), (1, True, "192.0.2.7"), (2, True, "198.51.100.9")],
)
def test_proxies_are_believed_as_far_as_is_set(
    app: Flask, redis_url: str, proxies: int, secure: bool, address: str
) -> None:
    """What a client says itself stands before what the proxies say, and counts for nothing."""
    url = app.extensions["settings"].database_url
    proxied = make_app(url, redis_url, trusted_proxies=proxies)
    told: dict[str, object] = {}

    @public("a view of the test")
    def tell() -> str:
        told.update(secure=request.is_secure, address=request.remote_addr)
        return "told"

    proxied.view_functions["staff.login"] = tell
    headers = {"X-Forwarded-For": "203.0.113.1, 198.51.100.9, 192.0.2.7"}
    headers["X-Forwarded-Proto"] = "https, https"
    answer = proxied.test_client().get("/login", headers=headers)
    assert told == {"secure": secure, "address": address}
    assert ("Strict-Transport-Security" in answer.headers) is secure
    dispose(proxied)
