"""The secrets of an installation: made once, kept in DATA_DIR, passed on in the environment."""

import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from cryptography.fernet import Fernet

MAKERS: dict[str, Callable[[], str]] = {
    "SECRET_KEY": lambda: secrets.token_urlsafe(48),
    "ENCRYPTION_KEYS": lambda: Fernet.generate_key().decode(),
    "HASH_KEY": lambda: secrets.token_urlsafe(48),
    "OTP_PEPPER": lambda: secrets.token_urlsafe(48),
}
HEAD = """\
# The secrets of this installation. Keep a copy with the backups of its database:
# without them, what is encrypted there is lost.
"""


def load_keys(path: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """The secrets: from the environment, else from the file, else new ones that the file keeps."""
    stored = _read(path)
    missing = [name for name in MAKERS if not environment.get(name) and name not in stored]
    if missing:
        stored |= {name: MAKERS[name]() for name in missing}
        _write(path, stored)
    return {name: environment.get(name) or stored[name] for name in MAKERS}


def _read(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    lines = (line.strip() for line in path.read_text().splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def _write(path: Path, values: Mapping[str, str]) -> None:
    """Replace the file whole; on disk before it counts, as encrypted data follows at once."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    text = HEAD + "".join(f"{name}={value}\n" for name, value in values.items())
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)
