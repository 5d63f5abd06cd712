"""The system's Chromium for the browser tests. They fail where there is none; they never skip."""

import os
import shutil
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str | None:
    """The browser's program: `CHROMIUM`, else the first that is installed."""
    given = os.environ.get("CHROMIUM")
    return given or next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """How Playwright starts the browser."""
    program = chromium()
    if program is None:
        pytest.fail("No Chromium. Run: sudo apt-get install chromium, or set CHROMIUM.")
    return {**browser_type_launch_args, "executable_path": program, "args": FLAGS}
