"""The scope of a query: for which websites somebody holds which permission."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, false, true

from app.errors import Forbidden, NotFound
from app.staff.permissions import ALL, Permission


@dataclass(frozen=True)
class Scope:
    """Permissions held everywhere, and those held for single websites.

    A query never runs without one. What it does not cover does not exist (NotFound); what it shows
    but does not allow is Forbidden.
    """

    everywhere: frozenset[str] = frozenset()
    by_website: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, grants: Iterable[tuple[str | None, Iterable[str]]]) -> Scope:
        """From (website id or None for all, permissions) of each membership."""
        everywhere: set[str] = set()
        by_website: dict[str, set[str]] = {}
        for website_id, permissions in grants:
            if website_id is None:
                everywhere |= set(permissions)
            else:
                by_website.setdefault(website_id, set()).update(permissions)
        frozen = {website: frozenset(held) for website, held in by_website.items()}
        return cls(frozenset(everywhere), frozen)

    def can(self, permission: Permission, website_id: str | None = None) -> bool:
        """Whether the permission is held for the website; without one: held for all."""
        if permission in self.everywhere:
            return True
        return website_id is not None and permission in self.by_website.get(website_id, ())

    def can_somewhere(self, permission: Permission) -> bool:
        """Whether the permission is held for at least one website."""
        return permission in self.everywhere or any(
            permission in held for held in self.by_website.values()
        )

    def can_at_all(self, permission: Permission, websites: Collection[str]) -> bool:
        """Whether it is held for each of these websites; with none of them: held for all."""
        if permission in self.everywhere:
            return True
        return bool(websites) and all(self.can(permission, website) for website in websites)

    def websites(self, permission: Permission) -> frozenset[str] | None:
        """The websites for which the permission is held; None means all."""
        if permission in self.everywhere:
            return None
        return frozenset(w for w, held in self.by_website.items() if permission in held)

    def anywhere(self) -> frozenset[str] | None:
        """The websites for which anything is held; None means all."""
        return None if self.everywhere else frozenset(self.by_website)

    def holds(self, permissions: Iterable[str], website_id: str | None) -> bool:
        """Whether all of them are held for the website; for all websites when it is None."""
        held = self.everywhere | self.by_website.get(website_id or "", frozenset())
        return held.issuperset(permissions)

    def __and__(self, other: Scope) -> Scope:
        """What both may do."""
        shared = {
            website: (self.everywhere | self.by_website.get(website, frozenset()))
            & (other.everywhere | other.by_website.get(website, frozenset()))
            for website in {*self.by_website, *other.by_website}
        }
        kept = {website: held for website, held in shared.items() if held}
        return Scope(self.everywhere & other.everywhere, kept)

    def clause(self, column: Any, permission: Permission) -> ColumnElement[bool]:
        """SQL condition that keeps only rows of those websites."""
        websites = self.websites(permission)
        if websites is None:
            return true()
        condition: ColumnElement[bool] = column.in_(sorted(websites)) if websites else false()
        return condition

    def demand(self, permission: Permission, website_id: str, *, seen_with: Permission) -> None:
        """Raise NotFound when the website is not visible, Forbidden when only visible."""
        if self.can(permission, website_id):
            return
        if self.can(seen_with, website_id):
            raise Forbidden("You may not do this here. Ask a manager for the permission.")
        raise NotFound("It does not exist.")


EVERYTHING = Scope(everywhere=frozenset(ALL))
NOTHING = Scope()
