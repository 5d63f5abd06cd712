"""One running installation for the browser tests of a module, and windows onto it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from app.extensions import db
from app.staff.models import User
from tests.browser.desk import Desk, fill, sign_in, watched, window
from tests.harness.live import Stack, StackFactory


@pytest.fixture(scope="module")
def stack(module_stack: StackFactory) -> Stack:
    """Web processes over a day's work; nobody sends anything out."""
    return module_stack(workers=0, fill=fill)


@pytest.fixture(scope="module")
def signed_in(browser: Browser, stack: Stack) -> Callable[[str], Any]:
    """The cookies of a person of the house, who signs in once."""
    states: dict[str, Any] = {}

    def cookies(name: str) -> Any:
        if name not in states:
            with stack.app.app_context():
                query = db.select(User.email).where(User.name.startswith(name))
                email = db.session.scalars(query).one()
            states[name] = sign_in(browser, stack, email)
        return states[name]

    return cookies


@pytest.fixture
def open_desk(
    browser: Browser, stack: Stack, signed_in: Callable[[str], Any]
) -> Iterator[Callable[..., Desk]]:
    """Opens windows; at the end nothing may have complained on any console (CSP, scripts)."""

    def open_one(who: str = "Cole", **options: Any) -> Desk:
        return window(browser, stack, signed_in(who), **options)

    with watched(open_one) as make:
        yield make


@pytest.fixture
def desk(open_desk: Callable[..., Desk]) -> Desk:
    """The window of the colleague at the desk."""
    return open_desk()
