"""CoverManager, as several clients of its API describe it: nothing here was checked against it.

A GET carries the key in its address, a POST in a header. Both outcomes come with HTTP 200; `resp`
tells them apart. Where the sources disagree there is an option (docs/platforms.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import count
from typing import Any
from urllib.parse import quote

from app.outbound import Outgoing
from app.platforms.base import (
    Account,
    Availability,
    Capability,
    Checked,
    Kind,
    Page,
    Platform,
    PlatformError,
    Reservation,
    Send,
    Wanted,
    made,
)
from app.platforms.calling import Line, post
from app.platforms.covermanager_choices import FIELDS, HOSTS, LANGUAGES, OPTIONS, STATUSES
from app.platforms.covermanager_wire import (
    DENIED,
    complaint_of,
    free_times,
    reservation_of,
    rows_of,
    split_phone,
    text_of,
)

Rows = Sequence[Mapping[str, Any]]

LONG = 8 * 1024 * 1024
"""Bytes: a page of the list holds a thousand reservations."""
MOST_PAGES = 20
"""Of one day."""
PLAIN = frozenset(
    (
        *("restaurant", "date", "hour", "time", "people", "number_people", "for", "discount"),
        *("product_type", "pending", "not_notify", "source", "language", "ref", "id_reserv"),
        *("resp", "status", "meal_shift", "availability", "headerFormat", "int_call_code"),
    )
)


class CoverManager(Platform):
    """One restaurant at CoverManager."""

    platform_name = "CoverManager"
    capabilities = frozenset(
        {Capability.AVAILABILITY, Capability.UPDATE, Capability.LIST, Capability.FORCE}
    )

    def __init__(self, account: Account, send: Send) -> None:
        self._account = account
        self._options = account.options
        self._key = account.secrets["api_key"]
        self._slug = account.secrets["restaurant"]
        self._base = account.base_url or HOSTS[self._options["host"]]
        self._line = Line(
            send, KIND.type, self.platform_name, complaint_of, secrets=(self._key,), plain=PLAIN
        )
        self._told: set[str] = set()

    async def check_auth(self) -> Checked:
        """The key must list the restaurant. Whether it may write shows with the first booking."""
        try:
            said = await self._get("restaurant/list", "")
        except PlatformError as error:
            if not error.permanent:
                raise
            return Checked(False, error.message)
        known = [str(each.get("restaurant", "")) for each in rows_of(said, "restaurants")]
        if self._slug in known:
            return Checked(True, f"The key works, and {self._slug} is among its restaurants.")
        named = ", ".join(self._line.cleaned(name) for name in known[:5])
        few = named + (" …" if len(known) > 5 else "") if known else "none"
        return Checked(False, f"The key works, but not for {self._slug}. Its restaurants: {few}.")

    async def check_availability(self, day: date, time: str, party_size: int) -> Availability:
        """Every time of the day for this party: what is not named is not free."""
        said = await self._post(
            "reserv/availability",
            {
                "restaurant": self._slug,
                "date": day.isoformat(),
                "discount": "all",
                "product_type": "0",
                "number_people": str(party_size),
            },
        )
        if "availability" not in said:
            self._line.unreadable("tells no availability")
        return Availability(sorted(free_times(said["availability"], party_size)))

    async def create_reservation(self, wanted: Wanted, *, force: bool = False) -> Reservation:
        """An identical booking may be answered with the reservation that is there."""
        path = self._options["force_path"] if force else "reserv"
        said = await self._post(f"reserv/{path}", self._body(wanted), changes=True)
        external_id = said.get("id_reserv")
        if not isinstance(external_id, str | int) or not str(external_id).strip():
            self._line.unreadable("tells no id", changes=True)
        return made(wanted, str(external_id), text_of(said, "status"))

    async def update_reservation(self, external_id: str, wanted: Wanted) -> Reservation:
        """Day, time, party and words; it takes no other name or phone."""
        body = {
            "restaurant": self._slug,
            "id_reserv": external_id,
            "date": wanted.day.isoformat(),
            "hour": wanted.time,
            "people": str(wanted.party_size),
            "commentary": wanted.requests,
            "not_notify": self._options["not_notify"],
            "ref": wanted.reference,
        }
        said = await self._post("reserv/update_reserv", body, changes=True)
        return made(wanted, external_id, text_of(said, "status"))

    async def cancel_reservation(
        self, external_id: str, reason: str = "", day: date | None = None
    ) -> Reservation:
        """It takes no reason. Refused: what it lists on that day decides."""
        body = {"id_reserv": external_id, "headerFormat": 0}
        try:
            await self._post("reserv/cancel_client", body, changes=True)
        except PlatformError as error:
            if not error.permanent or error.code in DENIED or day is None:
                raise
            there = {each.external_id: each for each in await self._all_of(day)}.get(external_id)
            if there is not None and not self._account.is_off(there.raw_status):
                raise
            return there or Reservation(external_id, "", day)
        return Reservation(external_id, "", day)

    async def find_reservation(self, wanted: Wanted) -> Reservation | None:
        """By our reference; where it tells none, by phone (or name), time and party."""
        listed = [
            each
            for each in await self._all_of(wanted.day)
            if not self._account.is_off(each.raw_status)
        ]
        for each in listed:
            if each.reference and each.reference == wanted.reference:
                return each
        return next((each for each in listed if _is_alike(each, wanted)), None)

    async def list_reservations(self, first: date, last: date, page: int | None = None) -> Page:
        """A page; the last is the one that tells nothing new, whatever the size of pages is."""
        number = int(self._options["first_page"]) if page is None else page
        if page is None:
            self._told.clear()
        if number == 0:
            number, rows = await self._begin(first, last)
        else:
            rows = await self._listed(first, last, number)
        fresh = self._fresh(rows)
        goes_on = fresh or (rows and number == 1)  # where page 0 was page 1, it tells nothing new
        return Page(fresh, number + 1 if goes_on else None)

    async def _begin(self, first: date, last: date) -> tuple[int, Rows]:
        """Sources disagree on which page is the first: 0, or 1 where that is empty or refused."""
        fault: PlatformError | None = None
        rows: Rows = []
        try:
            rows = await self._listed(first, last, 0)
        except PlatformError as error:
            if not error.permanent or error.code in DENIED:
                raise
            fault = error
        if rows:
            return 0, rows
        try:
            return 1, await self._listed(first, last, 1)
        except PlatformError as error:
            if fault is not None:
                raise fault from None
            if not error.permanent:
                raise
            return 0, []  # page 0 was the first, it is empty, and there is no other

    def _fresh(self, rows: Rows) -> list[Reservation]:
        found = []
        for row in rows:
            each = reservation_of(row, self._account.region)
            if each is not None and each.external_id not in self._told:
                self._told.add(each.external_id)
                found.append(each)
        return found

    async def _all_of(self, day: date) -> list[Reservation]:
        found: list[Reservation] = []
        page: int | None = None
        for number in count(1):
            some = await self.list_reservations(day, day, page)
            found += some.reservations
            page = some.next_page
            if page is None:
                break
            if number == MOST_PAGES:
                self._line.unreadable("has no end")
        return found

    async def _listed(self, first: date, last: date, number: int) -> Rows:
        rest = f"{quote(self._slug, safe='')}/{first:%Y-%m-%d}/{last:%Y-%m-%d}/{number}/0"
        said = await self._get("restaurant/get_reservs", rest)
        if "reservs" not in said:  # taken for an empty list, it would call off all that is there
            self._line.unreadable("tells no list")
        return rows_of(said, "reservs")

    def _body(self, wanted: Wanted) -> dict[str, str]:
        code, national = split_phone(wanted.phone)
        plus = "+" if code and self._options["call_code"] == "plus" else ""
        return {
            "restaurant": self._slug,
            "date": wanted.day.isoformat(),
            "hour": wanted.time,
            "people": str(wanted.party_size),
            "first_name": wanted.first_name,
            "last_name": wanted.last_name,
            "email": wanted.email,
            "int_call_code": plus + code,
            "phone": national,
            "source": self._options["source"],
            "commentary": wanted.requests,
            "language": self._language(wanted.language),
            "pending": "0",
            "discount": "0",
            "not_notify": self._options["not_notify"],
            "ref": wanted.reference,
        }

    def _language(self, language: str) -> str:
        code = language[:2].lower()
        code = code if code in LANGUAGES else "en"
        return LANGUAGES[code] if self._options["language"] == "names" else code.upper()

    async def _get(self, method: str, rest: str) -> Mapping[str, Any]:
        url = f"{self._base}/api/{method}/{quote(self._key, safe='')}/{rest}"
        return await self._ask(Outgoing(url, {}, b"", "GET", limit=LONG), method, False)

    async def _post(
        self, method: str, body: Mapping[str, Any], *, changes: bool = False
    ) -> Mapping[str, Any]:
        outgoing = post(f"{self._base}/api/{method}", {"apikey": self._key}, body)
        return await self._ask(outgoing, method, changes)

    async def _ask(self, outgoing: Outgoing, method: str, changes: bool) -> Mapping[str, Any]:
        said = await self._line.ask(outgoing, method, changes=changes)
        if not isinstance(said, dict):
            self._line.unreadable("is no object", changes=changes)
        return said


def _is_alike(there: Reservation, wanted: Wanted) -> bool:
    """Whether one without a reference can only be this one."""
    if there.reference or (there.time, there.party_size) != (wanted.time, wanted.party_size):
        return False
    if wanted.phone:
        return there.phone == wanted.phone
    name = f"{wanted.first_name} {wanted.last_name}".split()
    return bool(name) and there.name.casefold().split() == " ".join(name).casefold().split()


KIND = Kind(
    type="covermanager",
    label="CoverManager",
    fields=FIELDS,
    options=OPTIONS,
    statuses=STATUSES,
    open=CoverManager,
    per_minute=50,
)
