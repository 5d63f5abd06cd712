"""The rules of the team: who may give whom what, and that somebody can always do everything."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import Select, column, func, select, table
from sqlalchemy.orm import Session

from app.errors import Refused, WebsiteNotFound
from app.staff.models import Membership, Role, User
from app.staff.permissions import Permission
from app.staff.scope import Scope

VIEW = Permission.TEAM_VIEW
MANAGE = Permission.TEAM_MANAGE
SUPERADMIN = "superadmin"
LAST = "This is the last superadmin. Make somebody else one first."
ALL_WEBSITES = "*"
"""In forms: no website has this id."""
# Any number that nothing else in the database uses as an advisory lock.
TEAM_LOCK = 7_266_173_002
# Websites live on a floor above; here it is enough that they exist.
_WEBSITES = table("websites", column("id"), column("name"))


def one_at_a_time(session: Session) -> None:
    """Changes of people and roles wait for each other, until the end of the transaction.

    So that two superadmins cannot remove each other, and no role grows while it is being given.
    """
    session.execute(select(func.pg_advisory_xact_lock(TEAM_LOCK)))


def may_give(scope: Scope, role: Role, place: str | None) -> bool:
    """Whether somebody may give this role for the website (None: for all), or take it away.

    They manage the team there, and hold themselves all that the role gives.
    """
    return scope.can(MANAGE, place) and scope.holds(role.grants, place)


def demand_place(session: Session, scope: Scope, place: str | None) -> None:
    """Raises NotFound for a website out of sight, Forbidden for one that is not theirs to manage.

    For all websites (None): Refused, unless they manage everybody.
    """
    if place is None:
        if not scope.can(MANAGE):
            raise Refused("Only who manages the team of all websites may give a role for all.")
        return
    scope.demand(MANAGE, place, seen_with=VIEW)
    if session.scalar(select(_WEBSITES.c.id).where(_WEBSITES.c.id == place)) is None:
        raise WebsiteNotFound("This website does not exist.")


def demand_giving(scope: Scope, role: Role, place: str | None) -> None:
    """Raises Refused when they do not hold what the role gives."""
    if not may_give(scope, role, place):
        raise Refused(f"The role {role.name} can do more than you: you cannot give or take it.")


def website_names(session: Session, wanted: Collection[str] | None) -> dict[str, str]:
    """Names of these websites (None: all) by id, in the order of the names."""
    query: Select[tuple[str, str]] = select(_WEBSITES.c.id, _WEBSITES.c.name)
    if wanted is not None:
        query = query.where(_WEBSITES.c.id.in_(sorted(wanted)))
    return {row.id: row.name for row in session.execute(query.order_by(_WEBSITES.c.name))}


def offered_places(scope: Scope, names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Where somebody may give roles, as choices of a form."""
    places = [(place, name) for place, name in names.items() if scope.can(MANAGE, place)]
    return [(ALL_WEBSITES, "All websites"), *places] if scope.can(MANAGE) else places


def offered_roles(
    scope: Scope, roles: Iterable[Role], places: Iterable[tuple[str, str]]
) -> list[Role]:
    """The roles that somebody may give at one of these places."""
    keys = [None if place == ALL_WEBSITES else place for place, _ in places]
    return [role for role in roles if any(may_give(scope, role, key) for key in keys)]


def is_superadmin(membership: Membership) -> bool:
    """Whether it lets its person do everything, everywhere."""
    return membership.website_id is None and membership.role.name == SUPERADMIN


def superadmins(session: Session) -> int:
    """How many people may do everything, everywhere, and are not switched off."""
    query = (
        select(func.count(Membership.user_id.distinct()))
        .join(Membership.role)
        .join(Membership.user)
        .where(Membership.website_id.is_(None), Role.name == SUPERADMIN, User.is_active)
    )
    return session.scalar(query) or 0


def is_last_superadmin(session: Session, user: User) -> bool:
    """Whether nobody else could do everything. The memberships must have been loaded."""
    is_one = user.is_active and any(map(is_superadmin, user.memberships))
    return is_one and superadmins(session) == 1


def keep_a_superadmin(session: Session) -> None:
    """After a superadmin went: raises Refused when it was the last."""
    session.flush()
    if superadmins(session) == 0:
        raise Refused(LAST)
