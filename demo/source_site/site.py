"""What one running demo site consists of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import current_app

from demo.catalogue import BY_ID, Brand
from demo.credentials import Credentials
from demo.settings import SiteSettings
from demo.source_site.sender import Sender
from demo.source_site.store import Store


@dataclass(frozen=True)
class Site:
    """The parts that views need."""

    settings: SiteSettings
    store: Store
    credentials: Credentials
    sender: Sender

    @property
    def brand(self) -> Brand:
        """What is sold here; another WEBSITE_ID than the demo's sells the same."""
        return BY_ID.get(self.settings.website_id, BY_ID["hanuman-world"])


def site() -> Site:
    """The site that answers the request."""
    return cast(Site, current_app.extensions["site"])
