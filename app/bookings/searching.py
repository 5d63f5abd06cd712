"""A search is looked up first, by itself, and then the list is made of its hits.

Left to one query, PostgreSQL guesses how common a prefix is, and for a rare one may walk every
day's bookings in order until it meets the single hit. So: at most MANY hits by the search index;
where there are more, they are so common that walking the list in order soon fills a page.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.bookings.filters import Filters, search_condition
from app.bookings.models import Booking
from app.wall import lifted

MANY = 2000


def looked_up(session: Session, filters: Filters) -> Filters:
    """The filters with the hits of their search, unless there are more than MANY."""
    if not filters.q.strip() or filters.found is not None:
        return filters
    query = select(Booking.id).where(search_condition(filters.q)).limit(MANY + 1)
    # A policy goes before a text search, which is not leakproof: no index would serve. The list
    # that is made of the hits has its scope, and the wall.
    with lifted(session, by_index=True):
        found = tuple(session.scalars(query))
    return filters if len(found) > MANY else replace(filters, found=found)
