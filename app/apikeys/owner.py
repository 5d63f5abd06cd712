"""Whose key it is: a website's or a partner's. What differs between the two is said here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement

from app.apikeys import rules
from app.apikeys.models import ApiKey, KeyScope


@dataclass(frozen=True)
class Owner:
    """A website, by its id, or a partner. `slug` begins the clear text of its keys."""

    website_id: str | None = None
    partner_id: UUID | None = None
    slug: str = ""
    at: str | None = None
    """The website whose people read of a partner's keys in their part of the log, if it is one."""

    @property
    def kind(self) -> str:
        """As the log says it."""
        return "partner" if self.partner_id else "website"

    @property
    def id(self) -> str:
        return str(self.partner_id or self.website_id)

    @property
    def scopes(self) -> tuple[KeyScope, ...]:
        """What a key may do when nobody says less."""
        return rules.PARTNER_SCOPES if self.partner_id else rules.WEBSITE_SCOPES

    @property
    def has_secrets(self) -> bool:
        """Whether its keys come with a second half."""
        return self.partner_id is not None

    def columns(self) -> dict[str, Any]:
        """What a row of `api_keys` says of it."""
        return {"website_id": self.website_id, "partner_id": self.partner_id}

    def clause(self) -> ColumnElement[bool]:
        """Condition that keeps only its keys."""
        if self.partner_id:
            return ApiKey.partner_id == self.partner_id
        return ApiKey.website_id == self.website_id


def owner_of(owner: Owner | str) -> Owner:
    """The owner; a text is the id of a website."""
    return owner if isinstance(owner, Owner) else Owner(website_id=owner, slug=owner, at=owner)
