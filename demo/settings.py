"""Where the demo source website lives; the hub's loader needs to know it as well."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

LOCAL = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (what a name for "all" means from here)


class SiteSettings(BaseSettings):
    """The environment of a source website, as the integration specification names it."""

    model_config = SettingsConfigDict(extra="ignore")

    host: str = "127.0.0.1"
    port: int = 8000
    """Of the hub."""
    demo_site_port: int = 0
    data_dir: Path = Path("var")
    website_id: str = "hanuman-world"
    onebooking_api_url: str = ""
    onebooking_api_key: SecretStr = SecretStr("")
    onebooking_webhook_secret: SecretStr = SecretStr("")

    @property
    def site_port(self) -> int:
        """The site's own port: one above the hub's, unless it is given."""
        return self.demo_site_port or self.port + 1

    @property
    def site_url(self) -> str:
        """Where the hub reaches the site."""
        host = LOCAL.get(self.host, self.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self.site_port}"

    @property
    def api_url(self) -> str:
        """Where the site reaches the hub."""
        return (self.onebooking_api_url or f"http://127.0.0.1:{self.port}").rstrip("/")

    @property
    def home(self) -> Path:
        """The directory of what the site keeps."""
        return self.data_dir / "demo-site"
