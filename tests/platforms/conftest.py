"""Platforms are called on this machine only."""

from collections.abc import Iterator

import pytest

from app.config import Settings
from app.outbound import policy


@pytest.fixture(autouse=True)
def _loopback() -> Iterator[None]:
    policy.configure(Settings(env="test", outbound_allow="127.0.0.0/8"))
    yield
    policy.configure(Settings(env="test"))
