"""A demo database that is started as production: refused, until it is put right."""

from __future__ import annotations

import os
import subprocess
import sys
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, update
from sqlalchemy.orm import Session

from app import UnsafeSettings
from app.apikeys.models import ApiKey
from app.config import Settings
from app.runtime.production import refuse_unsafe_data, unsafe_data
from app.staff.models import User
from app.websites.models import Website
from tests.harness.processes import ROOT


def test_production_refuses_what_everybody_knows(
    hub: Session, loaded: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A demo database that became a real one: each key and login must be put away first."""
    faults = unsafe_data(hub)
    for owner in ("hanuman-world", "Reef Travel", "Lagoon Tours"):
        assert any(f"API key of {owner}" in fault for fault in faults)
    for email in ("owner@onebooking.test", "reef@onebooking.test"):
        assert any(fault.startswith(email) for fault in faults)
    assert any("webhook address of hanuman-world" in fault for fault in faults)
    refuse_unsafe_data(loaded)  # a test, like development, may run on it
    production = loaded.extensions["settings"].model_copy(update={"env": "production"})
    monkeypatch.setitem(loaded.extensions, "settings", production)
    with pytest.raises(UnsafeSettings, match="not safe for production"):
        refuse_unsafe_data(loaded)


@pytest.mark.parametrize("ended", [{"revoked_at": func.now()}, {"expires_at": func.now()}])
def test_production_takes_a_demo_that_was_tidied_up(hub: Session, ended: dict[str, Any]) -> None:
    hub.execute(update(ApiKey).values(**ended))
    hub.execute(update(User).values(is_active=False))
    hub.execute(update(Website).values(webhook_url="https://park.example.com/hook"))
    assert unsafe_data(hub) == []


def started(command: list[str], settings: Settings, **changes: str) -> tuple[int, str]:
    """Start a program as production; its exit code, and what it said."""
    environment = {
        "PATH": os.environ["PATH"],
        "ENV": "production",
        "BASE_URL": "https://desk.example.com",
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "SECRET_KEY": "s" * 32,
        "HASH_KEY": "h" * 32,
        "OTP_PEPPER": "p" * 32,
        "ENCRYPTION_KEYS": urlsafe_b64encode(b"o" * 32).decode(),
    } | changes
    program = [sys.executable, *command]
    done = subprocess.run(
        program, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("command", [["-c", "import wsgi"], ["-m", "app.runtime.prepare"]])
def test_nothing_starts_on_it_in_production(loaded: Flask, command: list[str]) -> None:
    """Also not `gunicorn wsgi:app` alone, without `./run`."""
    code, said = started(command, loaded.extensions["settings"])
    assert code == 1, said
    assert "API key of hanuman-world works" in said


def test_a_web_process_starts_while_its_database_is_away(loaded: Flask) -> None:
    away = "postgresql://nobody@127.0.0.1:9/nothing"
    code, said = started(["-c", "import wsgi"], loaded.extensions["settings"], DATABASE_URL=away)
    assert code == 0, said
    assert "database not checked" in said
