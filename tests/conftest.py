"""What every test can use: see `tests/harness/`."""

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
