"""What production refuses to start with."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import Any

import pytest

from app import UnsafeSettings, create_app
from app.config import DEVELOPMENT_ENCRYPTION_KEY, DEVELOPMENT_SECRET, Settings

SAFE: dict[str, Any] = {
    "env": "production",
    "base_url": "https://onebooking.test",
    "secret_key": "s" * 32,
    "hash_key": "h" * 32,
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
        ("encryption_keys", ""),
        ("encryption_keys", " , "),
        ("encryption_keys", f"{SAFE['encryption_keys']},{DEVELOPMENT_ENCRYPTION_KEY}"),
        ("demo", True),
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
