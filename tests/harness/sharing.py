"""Which tests go to one process together, and in which order tests run.

xdist's own groups ride on the id of a test, which this pytest no longer lets a plugin change:
they do nothing, without a word. So the processes write the groups down, and the controlling one
hands them out whole.
"""

import json
import os
from functools import cached_property
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler.loadscope import LoadScopeScheduling

from tests.harness.servers import HOME

GROUP = "xdist_group"
BY_ALL = {"loaded": "demo"}
SHARED = {"module_stack", *BY_ALL}
"""Fixtures that take seconds to make: shared by the tests of a module, or by all that use them."""


class Whole(LoadScopeScheduling):  # type: ignore[misc]  # the library ships no types
    """Hands out tests one by one, and those of a group together."""

    def _split_scope(self, nodeid: str) -> str:
        return self._groups.get(nodeid, nodeid)

    @cached_property
    def _groups(self) -> dict[str, str]:
        found: dict[str, str] = json.loads(_file().read_text())
        return found


def pytest_xdist_auto_num_workers() -> int | None:
    """One process more than there are cores: some tests wait, for a lease to end or a page to ask.

    None leaves it to xdist, where its own variable says how many.
    """
    given = os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS")
    return None if given else len(os.sched_getaffinity(0)) + 1


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Whole | None:
    """Ours, unless the command line asks for another."""
    return Whole(config, log) if config.getvalue("dist") == "loadgroup" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests first, so that none is begun when the rest is done; those of a browser last.

    The event loop of a browser stays with the process that ran one.
    """
    for item in items:
        for name in SHARED.intersection(getattr(item, "fixturenames", ())):
            group = BY_ALL.get(name) or item.nodeid.partition("::")[0]
            item.add_marker(getattr(pytest.mark, GROUP)(group))
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> tuple[bool, bool, bool]:
    marked = {mark.name for mark in item.iter_markers()}
    return "browser" in marked, GROUP not in marked, "slow" not in marked


@pytest.hookimpl(tryfirst=True)  # before xdist says that this process is ready
def pytest_collection_finish(session: pytest.Session) -> None:
    """Tell the controlling process; all processes find, and write, the same."""
    if not hasattr(session.config, "workerinput"):
        return
    marks = {item.nodeid: item.get_closest_marker(GROUP) for item in session.items}
    groups = {nodeid: mark.args[0] for nodeid, mark in marks.items() if mark}
    part = _file().with_suffix(f".{os.getpid()}")
    part.write_text(json.dumps(groups))
    part.rename(_file())


def _file() -> Path:
    return Path(os.environ[HOME]) / "groups.json"
