"""What every test can use: see `tests/harness/`."""

import gc
import os
import signal
from types import FrameType

import pytest
from hypothesis import HealthCheck, settings

from tests.harness import network, servers

pytest_plugins = [f"tests.harness.{name}" for name in ("isolation", "live", "browser", "sharing")]
_stay_on_this_machine = network._stay_on_this_machine
# No test fails because the machine is busy.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


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


def pytest_collection_finish() -> None:
    """What is loaded by now lives as long as the run: the collector need not look at it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


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
