"""What a JSON route says of itself, beside its view: the document is made from nothing else.

    @staff_api.get("/api/bookings")
    @requires(Permission.BOOKINGS_VIEW)
    @describes("Bookings", query=BookingQuery, answers={200: BookingsAnswer})
    def list_bookings() -> Response: ...

The summary is the first line of the view's docstring. What follows from elsewhere is not repeated:
who may call (`requires`), how often (`limits`), that a body can be faulty or too large.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel

from app.errors import HubError

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Link:
    """What an answer leads to: an operation, and its parameters as OpenAPI expressions."""

    operation: str
    parameters: Mapping[str, str]


@dataclass(frozen=True)
class Description:
    """One call, as `describes` was told."""

    group: str
    answers: Mapping[int, type[BaseModel] | None]
    """By status; None for an answer that is not JSON."""
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    errors: tuple[type[HubError], ...] = ()
    security: tuple[str, ...] = ()
    """Schemes of a public view that asks for something of its own."""
    repeatable: bool = False
    """Whether it honours `Idempotency-Key`."""
    examples: Mapping[str, Any] = field(default_factory=dict)
    """Bodies by what they show."""
    links: Mapping[str, Link] = field(default_factory=dict)
    """Of the first answer."""


def describes(
    group: str, *, answers: Mapping[int, type[BaseModel] | None], **more: Any
) -> Callable[[View], View]:
    """Say what a view takes and answers: the fields of `Description`."""

    def mark(view: View) -> View:
        view.description = Description(group, answers, **more)  # type: ignore[attr-defined]
        return view

    return mark


def described(view: Callable[..., Any]) -> Description | None:
    """What a view says of itself; None when nothing."""
    return getattr(view, "description", None)
