"""Users become customers: those of the hub where they are known, else new ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from app.customers.actions import Contact, new_row
from app.legacy.hub import Became
from app.legacy.people import CUSTOMER, Person, person, role
from app.legacy.work import Work
from app.tabular.files import Row
from app.tabular.values import Bad

SOURCE = "customer_app"
Described = list[tuple[Row, Person]]


def bring_users(work: Work, rows: Sequence[Row]) -> None:
    """A batch of users.csv."""
    described = _described(work, work.fresh(work.users, rows))
    traces = [one.trace for _, one in described]
    ids, new = _settled(work, described, work.hub.find(traces))
    made = work.hub.make_customers(list(new.values()))
    if len(made) < len(new):  # somebody came through another door just now
        again = work.hub.find(traces)
        ids = [
            there if one in new and one not in made and there else one
            for one, there in zip(ids, again, strict=True)
        ]
    became: list[Became] = []
    for (row, _), our_id in zip(described, ids, strict=True):
        is_ours = our_id in made
        made.discard(our_id)  # who has two accounts is made by the first
        became.append(Became("user", row.id, our_id, is_ours, row.digest))
        work.report.count(work.users, "new" if is_ours else "matched")
    work.hub.note(became)


def _described(work: Work, rows: Sequence[Row]) -> Described:
    """The customers among the users."""
    found: Described = []
    for row in rows:
        if role(row.values) != CUSTOMER:
            work.report.count(work.users, "other")
            continue
        try:
            one = person(row.values, work.hub.website.phone_region, work.hub.now)
        except Bad as reason:
            work.report.reject(work.users, row, str(reason))
        else:
            found.append((row, one))
    return found


def _settled(
    work: Work, described: Described, found: Sequence[UUID | None]
) -> tuple[list[UUID], dict[UUID, dict[str, Any]]]:
    """Who each of them is, and the rows of those who are new."""
    by_phone: dict[str | None, UUID] = {}
    by_email: dict[bytes | None, UUID] = {}
    ids: list[UUID] = []
    new: dict[UUID, dict[str, Any]] = {}
    for (_, one), there in zip(described, found, strict=True):
        trace = one.trace
        # A phone that somebody before in this batch brought was not known when `found` was asked.
        our_id = by_phone.get(trace.phone) or there or by_email.get(trace.email_hash)
        if our_id is None:
            row = _row(work, one)
            our_id = row["id"]
            new[our_id] = row
            if trace.phone:
                by_phone[trace.phone] = our_id
            if trace.email_hash:
                by_email.setdefault(trace.email_hash, our_id)
        ids.append(our_id)
    return ids, new


def _row(work: Work, one: Person) -> dict[str, Any]:
    trace = one.trace
    contact = Contact(name="", email=one.email, phone=one.phone or one.phone_raw, source=SOURCE)
    made = one.created_at or work.hub.now
    row = new_row(contact, trace.phone, trace.email_hash)
    row |= {"first_name": one.first_name, "last_name": one.last_name}
    return row | {"created_at": made, "updated_at": made}
