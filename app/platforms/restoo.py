"""Restoo, as one client of its API calls it: no documentation was seen, nothing was tried.

It makes and cancels, and tells nothing that it holds: a create whose answer is lost can be looked
up by people alone. What is not known is an option, and off (docs/platforms.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import quote, urlencode

from app.outbound import Outgoing
from app.platforms.base import (
    Account,
    Availability,
    Capability,
    Checked,
    Kind,
    Platform,
    PlatformError,
    Reservation,
    Send,
    Wanted,
    made,
    unable,
)
from app.platforms.calling import Line, post, within
from app.platforms.restoo_choices import FIELDS, OPTIONS, STATUSES
from app.platforms.restoo_wire import (
    booking_at,
    complaint_of,
    customer_of,
    external_id,
    free_times,
    marks_around,
    number_of,
    reason_for,
    text_of,
)

LONGEST_WAIT = 15.0
"""Seconds."""
PLAIN = frozenset(
    ("bookingExternalId", "bookingAt", "pax", "cancelReason", "uuid", "status", "available", "time")
)
UNPROVEN = (
    "Restoo answers at this address. Whether account, API key and partner ID are right cannot be "
    "told without making a booking: the first one will show."
)
NO_OBJECTION = (
    "Restoo answered the status call and had nothing against the account and the key. What this "
    "call looks at is not known: the first booking will show whether they are right."
)
PERHAPS_THERE = "It may hold this booking already. Look there before it is sent again."


class Restoo(Platform):
    """One venue at Restoo."""

    platform_name = "Restoo"

    def __init__(self, account: Account, send: Send) -> None:
        self._account, self._options = account, account.options
        said = {name: value.strip() for name, value in account.secrets.items()}
        self._missing = [f.label for f in FIELDS if f.name != "base_url" and not said[f.name]]
        self._base = (account.base_url or said["base_url"]).rstrip("/")
        self._partner = quote(said["partner_id"], safe="")
        self._headers = {
            "Account": said["account"],
            "Authorization": f"Bearer {said['api_key']}",
            "Content-Type": "application/json",
        }
        seconds = number_of(self._options["timeout"], LONGEST_WAIT, LONGEST_WAIT)
        self._line = Line(
            within(send, seconds),
            KIND.type,
            self.platform_name,
            complaint_of,
            secrets=(said["api_key"],),
            plain=PLAIN,
        )
        asks = self._options["availability"] != "off"
        self.capabilities = frozenset({Capability.AVAILABILITY} if asks else ())

    async def check_auth(self) -> Checked:
        """There is no call for it that is known to work: `Checked` says what it is worth."""
        if self._missing:
            return Checked(False, f"Missing: {', '.join(self._missing)}.")
        if self._options["status_check"] == "off":
            return await self._check_address()
        try:
            await self._get(f"partners/{self._partner}/v3/status", "status")
        except PlatformError as error:
            if error.permanent:
                return Checked(False, error.message)
            if error.code != "unreadable":  # a page of HTML is what was seen
                raise
        return Checked(True, NO_OBJECTION, is_sure=False)

    async def _check_address(self) -> Checked:
        """Without the key: there it would prove nothing."""
        try:
            await self._line.ask(Outgoing(f"{self._base}/", {}, b"", "GET"), "address")
        except PlatformError as error:
            if error.code == "address":
                return Checked(False, error.message)
            answered = error.code == "unreadable" or error.code.isdecimal()
            if not answered or error.code.startswith("5"):
                raise
        return Checked(True, UNPROVEN, is_sure=False)

    async def check_availability(self, day: date, time: str, party_size: int) -> Availability:
        """It may speak of `time` alone. Between marks it is asked for the one before, and never
        says that the time itself is free."""
        if Capability.AVAILABILITY not in self.capabilities:
            raise unable(self, Capability.AVAILABILITY)
        mark, _ = marks_around(day, time)
        asked = {"bookingAt": booking_at(day, mark, self._account.timezone), "pax": party_size}
        path = f"partners/{self._partner}/v3/availability"
        if self._options["availability"] == "get":
            said = await self._get(f"{path}?{urlencode(asked)}", "availability")
        else:
            said = await self._post(path, "availability", asked)
        times = free_times(said, day, mark, self._account.timezone)
        if times is None:
            self._line.unreadable("tells no times")
        return Availability(times)

    def check_wanted(self, wanted: Wanted) -> None:
        """It takes no other time than a 15-minute mark."""
        booking_at(wanted.day, wanted.time, self._account.timezone)

    async def create_reservation(self, wanted: Wanted, *, force: bool = False) -> Reservation:
        """Unclear as soon as no id came back, also where it says that there is one already."""
        if force:
            raise unable(self, Capability.FORCE)
        body = {
            "bookingExternalId": external_id(self._options["prefix"], wanted),
            "bookingAt": booking_at(wanted.day, wanted.time, self._account.timezone),
            "pax": wanted.party_size,
            "customerSpecialRequests": wanted.requests,
            "customer": customer_of(wanted),
        }
        try:
            said = await self._post(self._booking(), "booking", body, changes=True)
        except PlatformError as error:
            if error.code != "409":
                raise
            message = f"{error.message} {PERHAPS_THERE}"
            raise PlatformError(message, unclear=True, code=error.code) from None
        return self._made(wanted, said)

    def _made(self, wanted: Wanted, said: Any) -> Reservation:
        uuid = text_of(said, "uuid") if isinstance(said, Mapping) else ""
        if not uuid:
            self._line.unreadable("tells no id", changes=True)
        status = text_of(said, "status")
        if self._account.is_off(status):
            message = f"Restoo did not take it: its status there is {self._line.cleaned(status)}."
            raise PlatformError(message, permanent=True, code="off")
        return made(wanted, uuid, status)

    async def cancel_reservation(
        self, external_id: str, reason: str = "", day: date | None = None
    ) -> Reservation:
        """`reason`: one of Restoo's, or anybody's words. Any 2xx is a success."""
        body = {"cancelReason": reason_for(reason, self._options["cancel_reason"])}
        path = f"{self._booking()}/{quote(external_id, safe='')}/cancel"
        said: Any = None
        try:
            said = await self._post(path, "booking/cancel", body, changes=True)
        except PlatformError as error:
            if error.code != "unreadable" and not self._is_gone(error):
                raise
        status = text_of(said, "status") if isinstance(said, Mapping) else ""
        return Reservation(external_id, status, day)

    def _is_gone(self, error: PlatformError) -> bool:
        """Whether a refusal says that there is nothing left to cancel. A 404 may as well be a
        wrong partner ID, with the table still held."""
        if error.code == "404":
            return bool(self._options["cancel_404"] == "gone")
        has_words = "already cancel" in error.message.casefold()
        return error.code == "410" or (has_words and error.code in ("400", "409", "422"))

    def _booking(self) -> str:
        return f"api/{self._partner}/v3/booking"

    async def _get(self, path: str, name: str) -> Any:
        return await self._line.ask(
            Outgoing(f"{self._base}/{path}", self._headers, b"", "GET"), name
        )

    async def _post(
        self, path: str, name: str, body: Mapping[str, Any], *, changes: bool = False
    ) -> Any:
        outgoing = post(f"{self._base}/{path}", self._headers, body)
        return await self._line.ask(outgoing, name, changes=changes)


KIND = Kind(
    type="restoo",
    label="Restoo",
    fields=FIELDS,
    options=OPTIONS,
    statuses=STATUSES,
    open=Restoo,
    per_minute=60,
    timeout=LONGEST_WAIT,
)
