"""The key and the secret that the demo site shares with the hub.

The environment says them, else a file in the site's directory: the loader writes the webhook
secret there, and whoever rotates one in the hub enters the new one on the site.
"""

from __future__ import annotations

import os
from pathlib import Path

from demo.settings import SiteSettings


class Credentials:
    """Read afresh at every use, so that a rotation needs no restart."""

    def __init__(self, settings: SiteSettings) -> None:
        self._settings = settings
        self._key_file = settings.home / "api-key"
        self._secret_file = settings.home / "webhook-secret"

    @property
    def api_key(self) -> str:
        """What `X-API-Key` says."""
        given = self._settings.onebooking_api_key.get_secret_value()
        return given or _read(self._key_file) or f"{self._settings.website_id}_sk_demo"

    @property
    def webhook_secret(self) -> str | None:
        """What webhooks are signed with; None while nobody has told the site."""
        given = self._settings.onebooking_webhook_secret.get_secret_value()
        return given or _read(self._secret_file) or None

    @property
    def from_environment(self) -> bool:
        """Whether the environment decides: then entering another changes nothing."""
        settings = self._settings
        return bool(
            settings.onebooking_api_key.get_secret_value()
            or settings.onebooking_webhook_secret.get_secret_value()
        )

    def keep(self, *, api_key: str = "", webhook_secret: str = "") -> None:
        """Store what is not empty, for this user alone."""
        for file, value in ((self._key_file, api_key), (self._secret_file, webhook_secret)):
            if value:
                write_private(file, value + "\n")


def write_private(path: Path, text: str) -> None:
    """Replace a file whole: whoever reads it sees the old text or the new one. Mode 0600."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)


def _read(path: Path) -> str:
    return path.read_text().strip() if path.exists() else ""
