"""Who may do what: one enum, one table.

A permission is `module:action`. It is held through a membership, so always for one website or for
all of them.
"""

from __future__ import annotations

import enum


class Permission(enum.StrEnum):
    """`module:action`, as stored in roles and declared on routes."""

    BOOKINGS_VIEW = "bookings:view"
    BOOKINGS_CREATE = "bookings:create"
    BOOKINGS_EDIT = "bookings:edit"
    BOOKINGS_CANCEL = "bookings:cancel"
    BOOKINGS_CHECK_IN = "bookings:check_in"
    BOOKINGS_OVERBOOK = "bookings:overbook"
    BOOKINGS_EXPORT = "bookings:export"
    BOOKINGS_MANAGE = "bookings:manage"
    CUSTOMERS_VIEW = "customers:view"
    CUSTOMERS_EDIT = "customers:edit"
    CUSTOMERS_EXPORT = "customers:export"
    CUSTOMERS_ERASE = "customers:erase"
    CUSTOMERS_HEALTH = "customers:health"
    PARTNERS_VIEW = "partners:view"
    PARTNERS_MANAGE = "partners:manage"
    WEBSITES_VIEW = "websites:view"
    WEBSITES_MANAGE = "websites:manage"
    VENUES_VIEW = "venues:view"
    VENUES_MANAGE = "venues:manage"
    PLATFORMS_VIEW = "platforms:view"
    PLATFORMS_MANAGE = "platforms:manage"
    MESSAGES_VIEW = "messages:view"
    MESSAGES_MANAGE = "messages:manage"
    PAYMENTS_VIEW = "payments:view"
    PAYMENTS_REFUND = "payments:refund"
    SYNC_VIEW = "sync:view"
    SYNC_REPLAY = "sync:replay"
    REPORTS_VIEW = "reports:view"
    TEAM_VIEW = "team:view"
    TEAM_MANAGE = "team:manage"
    AUDIT_VIEW = "audit:view"
    AUDIT_EXPORT = "audit:export"
    SETTINGS_MANAGE = "settings:manage"


ALL = frozenset(Permission)

BUILT_IN_ROLES: dict[str, frozenset[Permission]] = {
    "superadmin": ALL,
    "admin": ALL - {Permission.SETTINGS_MANAGE},
    "staff": frozenset(
        {
            Permission.BOOKINGS_VIEW,
            Permission.BOOKINGS_CREATE,
            Permission.BOOKINGS_EDIT,
            Permission.BOOKINGS_CANCEL,
            Permission.BOOKINGS_CHECK_IN,
            Permission.CUSTOMERS_VIEW,
            Permission.VENUES_VIEW,
        }
    ),
}
