"""What every test can use: see `tests/harness/`."""

import os
import signal
from types import FrameType

import pytest

from tests.harness import network, servers

pytest_plugins = ["tests.harness.isolation", "tests.harness.live", "tests.harness.browser"]
_stay_on_this_machine = network._stay_on_this_machine


def _stop(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers once, in the controlling process."""
    network.install()
    options = config.option
    if hasattr(config, "workerinput") or options.collectonly or options.help:
        return
    signal.signal(signal.SIGTERM, _stop)  # `kill` cleans up like Ctrl-C
    servers.start(config)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests last: their event loop stays with the process that ran one."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say once more, above the closing line, which of the checks of `./test` failed."""
    if failed := _failed_checks():
        terminalreporter.write_sep("=", f"CHECKS FAILED: {failed}", red=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A failed check fails the whole run."""
    if _failed_checks() and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _failed_checks() -> str:
    return os.environ.get("FAILED_CHECKS", "").strip()
