"""Reading websites."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from app.errors import WebsiteNotFound
from app.staff.permissions import Permission
from app.staff.scope import Scope
from app.websites.models import Website

VIEW = Permission.WEBSITES_VIEW


@dataclass(frozen=True)
class WebsiteName:
    """What a menu or a filter needs of a website."""

    id: str
    name: str
    timezone: str


def names(scope: Scope) -> ColumnElement[Any]:
    """The websites somebody has anything to do with, by name: `[[id, name, timezone]]`, null for
    none. A part of every page's frame."""
    mine = true() if scope.everywhere else Website.id.in_(sorted(scope.by_website))
    one = func.json_build_array(Website.id, Website.name, Website.timezone)
    query = select(func.json_agg(aggregate_order_by(one, Website.name))).where(mine)
    return query.scalar_subquery()


def page(
    session: Session, scope: Scope, after: str = "", limit: int = 100
) -> tuple[Sequence[Website], str | None]:
    """The websites somebody may look at, by id; and the cursor of the next stretch."""
    query = select(Website).where(scope.clause(Website.id, VIEW), Website.id > after)
    rows = session.scalars(query.order_by(Website.id).limit(limit + 1)).all()
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None


def get(session: Session, scope: Scope, website_id: str, permission: Permission = VIEW) -> Website:
    """One website. Raises WebsiteNotFound when it is not visible, Forbidden when only that."""
    website = session.get(Website, website_id)
    return _checked(website, scope, permission)


def lock(session: Session, scope: Scope, website_id: str, permission: Permission) -> Website:
    """The same, with the row locked until the transaction ends."""
    query = select(Website).where(Website.id == website_id).with_for_update()
    website = session.scalar(query.execution_options(populate_existing=True))
    return _checked(website, scope, permission)


def _checked(website: Website | None, scope: Scope, permission: Permission) -> Website:
    if website is None or not scope.can(VIEW, website.id):
        raise WebsiteNotFound("This website does not exist.")
    scope.demand(permission, website.id, seen_with=VIEW)
    return website
