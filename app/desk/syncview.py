"""What the address of the Sync page asks for, and the addresses of its neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import url_for

from app.deliveries.models import State
from app.deliveries.queries import RETRYING

TABS = {
    "": "Problems",
    "outbound": "Outbound",
    "inbound": "Inbound",
    "destinations": "Destinations",
}
STATES = {
    State.FAILED.value: "Failed",
    RETRYING: "Retrying",
    State.PARKED.value: "On hold",
    State.WAITING.value: "Waiting",
    State.READY.value: "Queued",
    State.SENDING.value: "Sending",
    State.DELIVERED.value: "Delivered",
    State.SKIPPED.value: "Skipped",
}
ANSWERS = {"failed": "Refused", "success": "Taken"}
PERIODS = {"hour": "Last hour", "day": "Last 24 hours", "week": "Last 7 days"}
_LENGTHS = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
}


@dataclass(frozen=True)
class SyncView:
    """The page as its address describes it. Words that nobody knows are left out."""

    tab: str = ""
    website: str = ""
    q: str = ""
    """Reference or id of a booking."""
    state: str = ""
    """Of outbound deliveries."""
    answer: str = ""
    """Of inbound calls."""
    period: str = ""
    destination: str = ""

    @classmethod
    def read(cls, args: Mapping[str, str]) -> SyncView:
        """From the query string."""
        tab = _known(args, "tab", TABS)
        return cls(
            tab=tab,
            website=args.get("website", ""),
            q=args.get("q", "").strip()[:100].replace("\x00", ""),
            state=_known(args, "state", STATES) if tab == "outbound" else "",
            answer=_known(args, "answer", ANSWERS) if tab == "inbound" else "",
            period=_known(args, "period", PERIODS),
            destination=_uuid(args.get("destination", "")),
        )

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but tab and website was chosen."""
        return bool(self.q or self.state or self.answer or self.period or self.destination)

    def since(self, now: datetime) -> datetime | None:
        """Where the period begins."""
        return now - _LENGTHS[self.period] if self.period else None

    def but(self, **changes: Any) -> SyncView:
        """The same page with something else chosen."""
        return replace(self, **changes)

    def args(self) -> dict[str, Any]:
        """The query string, without what is empty."""
        values = {spec.name: getattr(self, spec.name) for spec in fields(self)}
        return {name: value for name, value in values.items() if value}

    def url(self, endpoint: str = "sync.index", **more: Any) -> str:
        """The address of this page."""
        return url_for(endpoint, **self.args(), **more)

    def on(self, tab: str) -> str:
        """The address of another tab: what both understand stays."""
        return self.but(tab=tab, state="", answer="").url()

    def cleared(self) -> str:
        """The address without any filter but tab and website."""
        return SyncView(tab=self.tab, website=self.website).url()

    def chips(self, destination: str) -> list[tuple[str, str]]:
        """What no field of the form shows: each with the address without it."""
        if not self.destination:
            return []
        return [(f"To {destination}", self.but(destination="").url())]


def _known(args: Mapping[str, str], name: str, known: Any) -> str:
    value = args.get(name, "")
    return value if value in known else ""


def _uuid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        return ""
