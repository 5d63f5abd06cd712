"""What is known of a caller before they have said who they are."""

from __future__ import annotations

from dataclasses import dataclass

from app.events.models import Actor


@dataclass(frozen=True)
class Visitor:
    """A browser or program at the staff door."""

    ip: str
    user_agent: str = ""
    request_id: str = ""

    def stranger(self) -> Actor:
        """The actor of what a caller does who is not signed in."""
        return self._actor("anonymous", "", "Somebody")

    def invited(self, name: str) -> Actor:
        """The actor of somebody whose account is being made."""
        return self._actor("user", "", name)

    def person(self, user_id: object, name: str) -> Actor:
        """The actor of a person who has just proved who they are."""
        return self._actor("user", str(user_id), name)

    def _actor(self, kind: str, actor_id: str, label: str) -> Actor:
        return Actor(kind, actor_id, label, door="staff", request_id=self.request_id, ip=self.ip)
