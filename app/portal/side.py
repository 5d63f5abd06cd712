"""Whose portal it is."""

from __future__ import annotations

from dataclasses import dataclass

from app.partners.models import Partner
from app.staff.permissions import Permission
from app.staff.scope import Scope

_STATEMENT = frozenset({Permission.PARTNERS_VIEW, Permission.PAYMENTS_VIEW})


@dataclass(frozen=True)
class Side:
    """A partner, and the websites of the venues at which it may book."""

    partner: Partner
    websites: frozenset[str]

    @property
    def scope(self) -> Scope:
        """What a query of the partner's own statement takes; the person's own scope is NOTHING."""
        return Scope(by_website=dict.fromkeys(self.websites, _STATEMENT))
