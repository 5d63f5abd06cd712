"""The form of a key. What its values must look like is said in `rules`, for all doors."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from wtforms import DateField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import Optional

from app.apikeys import rules
from app.apikeys.models import ApiKey, KeyScope
from app.forms import Form, text


class KeyForm(Form):
    """What a key may do, from where and for how long. Days are those of the website's zone."""

    name = StringField("Name", description="Who uses it: Web server, Till at the gate.")
    scopes = SelectMultipleField("May", choices={scope.value: scope.label for scope in KeyScope})
    allowed_ips = TextAreaField(
        "Only from these addresses",
        description="Addresses or networks, one a line: 203.0.113.7, 2001:db8::/48.",
    )
    expires_on = DateField(
        "Last day", [Optional()], description="After it the key is refused. Empty: no end."
    )

    def __init__(
        self,
        zone: ZoneInfo,
        key: ApiKey | None = None,
        scopes: tuple[KeyScope, ...] = rules.WEBSITE_SCOPES,
    ) -> None:
        self._zone = zone
        self._key = key
        super().__init__(data=_shown(key, zone, scopes))
        if key is not None and key.replaced_at:
            del self.expires_on  # its end is settled

    def values(self) -> dict[str, Any]:
        """What was chosen, for the actions."""
        chosen: dict[str, Any] = {
            "name": text(self.name),
            "scopes": list(self.scopes.data or []),
            "allowed_ips": text(self.allowed_ips).replace(",", "\n").split("\n"),
        }
        if "expires_on" in self and self.expires_on.data != _last_day(self._key, self._zone):
            chosen["expires_at"] = self._end()
        return chosen

    def take_named(self, faults: Any) -> None:
        """Show what an action found wrong; the end of the key is a day here."""
        faults.details = [
            type(fault)("expires_on", fault.message) if fault.field == "expires_at" else fault
            for fault in faults.details
        ]
        self.take(faults)

    def _end(self) -> datetime | None:
        """Midnight after the last day."""
        day = self.expires_on.data
        if day is None or day.year > rules.LAST.year:
            return rules.LAST if day else None
        return datetime.combine(day + timedelta(days=1), time(), self._zone)


def _shown(key: ApiKey | None, zone: ZoneInfo, scopes: tuple[KeyScope, ...]) -> dict[str, Any]:
    if key is None:
        return {"scopes": [scope.value for scope in scopes]}
    return {
        "name": key.name,
        "scopes": key.scopes,
        "allowed_ips": "\n".join(key.allowed_ips),
        "expires_on": _last_day(key, zone),
    }


def _last_day(key: ApiKey | None, zone: ZoneInfo) -> Any:
    if key is None or key.expires_at is None:
        return None
    return (key.expires_at.astimezone(zone) - timedelta(microseconds=1)).date()
