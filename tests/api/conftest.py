"""A website with a key, and the source that posts for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, scoped_session
from werkzeug.test import TestResponse

from app.websites.models import Website
from tests.api.documented import faults_of
from tests.api.source import Source
from tests.factories import ApiKeyFactory, WebsiteFactory
from tests.harness.isolation import Client


@pytest.fixture(autouse=True)
def _answers_are_as_documented(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hold every answer of every test here to the document."""
    plain = Client.open
    faults: list[str] = []

    def held(client: Client, *args: Any, **kwargs: Any) -> TestResponse:
        response = plain(client, *args, **kwargs)
        found = faults_of(client.application, response)
        faults.extend(f"{response.request.method} {response.request.path}: {f}" for f in found)
        return response

    monkeypatch.setattr(Client, "open", held)
    yield
    assert faults == []


@pytest.fixture
def website(db_session: scoped_session[Session]) -> Website:
    """A website that is called back at a loopback address."""
    made: Website = WebsiteFactory.create(webhook_url="http://127.0.0.1:9/webhooks")
    ApiKeyFactory.create(website_id=made.id)
    return made


@pytest.fixture
def source(app: Flask, client: FlaskClient, website: Website) -> Source:
    """The website's own server."""
    return Source(client, f"{website.id}_sk_test")
