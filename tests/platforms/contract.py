"""What every platform owes the rest of the house is tried on each by `test_contract`; here is what
the suite must know of one: its stand-in, an account there, and how to read what it holds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

import httpx
from aiohttp import web

from app.outbound import Client
from app.platforms import registry
from app.platforms.base import Account, Kind, Platform, Reservation
from app.platforms.calling import Exchange, noting
from demo.standins.covermanager.book import Book, Restaurant
from demo.standins.covermanager.server import KEY, Standin
from demo.standins.restoo import anchor as restoo_anchor
from demo.standins.restoo import book as restoo_book
from demo.standins.restoo.server import Standin as RestooStandin
from tests.platforms import toy
from tests.standins.serving import serving

T = TypeVar("T")
HASTY = 0.6
"""Seconds that a test waits for an answer which does not come."""
SLUG = "the-anchor-demo"
HTTP = httpx.Client(trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))
"""What tests speak to stand-ins with: one, since each reads all certificates first."""


@dataclass(frozen=True)
class Case:
    """One platform. `held` reads `/__state`; `refusal` is a failure for good."""

    kind: Kind
    app: Callable[[], web.Application]
    secrets: Mapping[str, str]
    wrong: Mapping[str, str]
    held: Callable[[Any], list[Reservation]]
    refusal: Mapping[str, Any] = field(default_factory=lambda: {"mode": "refuse"})
    options: Mapping[str, str] = field(default_factory=dict)
    """What is chosen beside the recommended: what is off without it is to be tried too."""


@dataclass
class There:
    """A stand-in that runs, and the platform as it is reached through our own client."""

    case: Case
    url: str
    notes: list[Exchange] = field(default_factory=list)

    def account(self, **changed: str) -> Account:
        """`changed`: options, or secrets by their names."""
        kind = self.case.kind
        given = {**self.case.secrets, **changed}
        return Account(
            type=kind.type,
            connection_id=UUID(int=1),
            venue_id=UUID(int=2),
            timezone="Europe/Malta",
            region="MT",
            secrets={each.name: given[each.name] for each in kind.fields},
            options=registry.options_of(kind, {**self.case.options, **changed}),
            statuses=kind.statuses,
            base_url=self.url,
        )

    def do(self, act: Callable[[Platform], Any], account: Account | None = None) -> Any:
        """What `act` gives, or raises, with a client of its own."""

        async def run() -> Any:
            async with Client(HASTY, resolvers=1) as client:
                send = noting(client.send, self.notes.append)
                return await act(registry.platform_of(account or self.account(), send))

        return asyncio.run(run())

    def fail(self, **how: Any) -> None:
        HTTP.post(f"{self.url}/__fail", json=how).raise_for_status()

    def set(self, **how: Any) -> None:
        HTTP.post(f"{self.url}/__set", json=how).raise_for_status()

    def state(self) -> Any:
        return HTTP.get(f"{self.url}/__state").json()

    def held(self) -> list[Reservation]:
        """What is there, called off or not, in the order in which it was made."""
        return self.case.held(self.state())

    def live(self) -> list[Reservation]:
        return [each for each in self.held() if not self.account().is_off(each.raw_status)]


@contextmanager
def there(case: Case) -> Iterator[There]:
    """Serve its stand-in until the block ends."""
    with serving(case.app()) as url:
        yield There(case, url)


def _covermanager_app() -> web.Application:
    place = Restaurant(SLUG, "The Anchor", "Valletta")
    return Standin(Book({SLUG: place}), {KEY: True, "read-only": False}).app()


def _covermanager_held(state: Any) -> list[Reservation]:
    return [
        Reservation(
            external_id=each["id"],
            raw_status=each["status"],
            day=date.fromisoformat(each["date"]),
            time=each["hour"],
            party_size=each["people"],
            phone=f"+{each['said']['int_call_code']}{each['said']['phone']}",
            reference=each["said"]["ref"],
        )
        for each in state["reservations"]
    ]


def _restoo_app() -> web.Application:
    venue = restoo_book.Venue(restoo_anchor.ACCOUNT, restoo_anchor.KEY, "The Anchor")
    return RestooStandin(restoo_book.Book(venue)).app()


def _restoo_held(state: Any) -> list[Reservation]:
    return [
        Reservation(
            external_id=each["uuid"],
            raw_status=each["status"],
            day=date.fromisoformat(each["said"]["bookingAt"][:10]),
            time=each["said"]["bookingAt"][11:16],
            party_size=each["said"]["pax"],
            phone=each["said"]["customer"].get("phoneE164", ""),
            reference=each["said"]["bookingExternalId"].removeprefix("Hub-"),
        )
        for each in state["bookings"]
    ]


def _toy_held(state: Any) -> list[Reservation]:
    return [toy.read(row) for row in state["rows"]]


CASES = {
    "covermanager": Case(
        registry.KINDS["covermanager"],
        _covermanager_app,
        {"restaurant": SLUG, "api_key": KEY},
        {"api_key": "wrong-key-99"},
        _covermanager_held,
    ),
    "restoo": Case(
        registry.KINDS["restoo"],
        _restoo_app,
        {
            "account": restoo_anchor.ACCOUNT,
            "api_key": restoo_anchor.KEY,
            "partner_id": restoo_anchor.PARTNER,
            "base_url": "https://restoo.invalid",
        },
        {"api_key": "wrong-key-99"},
        _restoo_held,
        options={"availability": "get", "status_check": "partners"},
    ),
    "toy": Case(
        toy.KIND,
        toy.standin,
        {"token": "toy-token-11"},
        {"token": "wrong-token-99"},
        _toy_held,
    ),
}
"""A new platform gets a line here; `test_every_platform_is_tried` says so."""
