"""A website with a key, and the source that posts for it."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, scoped_session

from app.websites.models import Website
from tests.api.source import Source
from tests.factories import ApiKeyFactory, WebsiteFactory


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
