"""What must hold before anything starts."""

import os
from pathlib import Path

import pytest

from app.runtime.checks import make_directories
from app.runtime.plan import StartError, read_plan


@pytest.fixture
def moved(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The place of the sockets when the path of DATA_DIR is too long for them."""
    plan = read_plan({"DATA_DIR": str(tmp_path / ("deep" * 20))})
    assert plan.sockets.parent == Path("/tmp")  # noqa: S108
    monkeypatch.setenv("DATA_DIR", str(plan.data))
    return plan.sockets


def test_sockets_in_a_shared_directory_are_for_us_alone(moved: Path) -> None:
    make_directories(read_plan(os.environ))
    try:
        assert moved.stat().st_mode & 0o777 == 0o700
    finally:
        moved.rmdir()


def test_a_place_that_others_can_write_is_refused(moved: Path) -> None:
    moved.mkdir()
    moved.chmod(0o777)
    try:
        with pytest.raises(StartError, match="shorter DATA_DIR"):
            make_directories(read_plan(os.environ))
    finally:
        moved.rmdir()


def test_a_link_laid_by_somebody_is_refused(moved: Path, tmp_path: Path) -> None:
    moved.symlink_to(tmp_path)
    try:
        with pytest.raises(StartError, match="shorter DATA_DIR"):
            make_directories(read_plan(os.environ))
    finally:
        moved.unlink()
