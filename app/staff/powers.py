"""What somebody can do, permission by permission, and which role each comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.staff.models import Membership
from app.staff.permissions import Permission

EVERYWHERE = "All websites"


def by_module() -> Iterator[tuple[str, list[Permission]]]:
    """The permissions, grouped: `bookings`, [`bookings:view`, …]."""
    modules: dict[str, list[Permission]] = {}
    for permission in Permission:
        modules.setdefault(permission.partition(":")[0], []).append(permission)
    yield from modules.items()


def words(permission: Permission) -> str:
    """`check_in` of `bookings:check_in`, as people say it."""
    if permission is Permission.CUSTOMERS_HEALTH:
        return "See medical notes"
    return permission.partition(":")[2].replace("_", " ").capitalize()


@dataclass(frozen=True)
class Powers:
    """A table: a column for each place, and for each permission the sources in each column."""

    columns: list[str]
    rows: dict[Permission, list[list[str]]]


def powers_of(memberships: Sequence[Membership], names: Mapping[str, str]) -> Powers:
    """Of these memberships. `names` are those of the websites by id."""
    ids = {m.website_id for m in memberships if m.website_id is not None}
    places: list[str | None] = [*sorted(ids, key=lambda website_id: names.get(website_id, ""))]
    if any(m.website_id is None for m in memberships):
        places.insert(0, None)
    columns = [EVERYWHERE if place is None else names.get(place, place) for place in places]
    rows = {
        permission: [_sources(memberships, permission, place) for place in places]
        for permission in Permission
    }
    return Powers(columns, rows)


def _sources(
    memberships: Sequence[Membership], permission: Permission, place: str | None
) -> list[str]:
    """Names of the roles that give it there; a role for all websites gives it everywhere."""
    return [
        m.role.name if m.website_id == place else f"{m.role.name} for all"
        for m in memberships
        if permission in m.role.grants and m.website_id in (place, None)
    ]
