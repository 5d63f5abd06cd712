"""The system's Chromium for the browser tests. They fail where there is none; they never skip."""

import os
import shutil
from typing import Any, Literal

import pytest
from playwright.sync_api import Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")
FRAMES = """new Promise(done => {
    let left = 10;
    const frame = () => (left-- ? requestAnimationFrame(frame) : done());
    frame();
})"""


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


def show_in(page: Page, theme: Theme) -> None:
    """Wait until a page is drawn in a theme: all its colours, and nothing that moves."""
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    page.wait_for_selector(f"html[data-bs-theme={theme}]", state="attached")
    # A colour that is inherited changes a frame later than the one it comes from.
    page.evaluate(FRAMES)
