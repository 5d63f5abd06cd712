"""The pages of keys, the same for websites and partners: issue, edit, replace, revoke."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, request, url_for

from app.apikeys import actions, queries
from app.apikeys.actions import Issued
from app.apikeys.forms import KeyForm
from app.apikeys.owner import Owner
from app.errors import InvalidPayload
from app.extensions import db
from app.staff.context import current_actor, now, settings
from app.web import go, page, say

Crumb = tuple[str, str]
"""A name and its address."""


@dataclass(frozen=True)
class KeyPages:
    """The keys of one owner as pages: `blueprint` with `args` makes their addresses."""

    owner: Owner
    blueprint: str
    args: Mapping[str, Any]
    crumbs: tuple[Crumb, ...]
    """From the list of all owners to this one."""
    zone: ZoneInfo

    @property
    def home(self) -> str:
        return self.crumbs[-1][1]

    def url(self, verb: str, **more: Any) -> str:
        return url_for(f"{self.blueprint}.{verb}", **self.args, **more)

    def new(self) -> Response:
        """An empty form."""
        return self._form("apikeys/new.html", KeyForm(self.zone, scopes=self.owner.scopes))

    def issue(self) -> Response:
        """Make one more key, and show it once."""
        form = KeyForm(self.zone, scopes=self.owner.scopes)
        if not form.validate():
            return self._form("apikeys/new.html", form, 422)
        try:
            issued = actions.issue(db.session(), current_actor(), self.owner, **form.values())
        except InvalidPayload as error:
            db.session.rollback()
            form.take_named(error)
            return self._form("apikeys/new.html", form, 422)
        db.session.commit()
        return show_secrets(self.crumbs, "The new key", clear_parts(issued))

    def edit(self, key_id: UUID) -> Response:
        """Change what a key may do, from where and for how long."""
        key = queries.lock(db.session(), self.owner, key_id)
        form = KeyForm(self.zone, key)
        if request.method == "GET":
            return self._form("apikeys/edit.html", form, key=key)
        if not form.validate():
            return self._form("apikeys/edit.html", form, 422, key=key)
        try:
            actions.edit(db.session(), current_actor(), self.owner, key_id, form.values(), now())
        except InvalidPayload as error:
            db.session.rollback()
            form.take_named(error)
            return self._form("apikeys/edit.html", form, 422, key=key)
        db.session.commit()
        say("Saved.")
        return go(self.home)

    def rotate(self, key_id: UUID) -> Response:
        """Replace a key; the old one works on for a while."""
        hours = settings().secret_overlap_hours
        overlap = timedelta(hours=hours)
        issued = actions.rotate(db.session(), current_actor(), self.owner, key_id, overlap, now())
        db.session.commit()
        place = "on the website" if self.owner.website_id else "at the partner"
        note = f"The old key works for another {hours} hours. Replace it {place} until then."
        return show_secrets(self.crumbs, "The new key", clear_parts(issued), note)

    def revoke(self, key_id: UUID) -> Response:
        """End a key at once."""
        key = actions.revoke(db.session(), current_actor(), self.owner, key_id, now())
        db.session.commit()
        say(f"The key {key.prefix}… does not work any more.")
        return go(self.home)

    def _form(self, template: str, form: KeyForm, status: int = 200, **more: Any) -> Response:
        return page(template, None, status, pages=self, form=form, **more)


def clear_parts(issued: Issued) -> list[tuple[str, str]]:
    """What is shown of a new key, each part with its name."""
    parts = [("API key", issued.clear_text)]
    return [*parts, ("API secret", issued.second_half)] if issued.second_half else parts


def show_secrets(
    crumbs: tuple[Crumb, ...], title: str, secrets: list[tuple[str, str]], note: str = ""
) -> Response:
    """The one page on which secrets are in clear. `page` forbids keeping it."""
    return page("apikeys/secrets.html", crumbs=crumbs, title=title, secrets=secrets, note=note)
