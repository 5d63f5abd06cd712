"""A platform that answers anything at all: nobody waits for it, and nothing here falls over."""

import asyncio
import json
import time
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from app.bookings.models import Booking
from app.config import Settings
from app.errors import InvalidPayload
from app.extensions import db
from app.outbound import Answer, Outgoing, policy
from app.platforms import covermanager, registry, restoo, rules
from app.platforms.base import (
    Account,
    Kind,
    Page,
    Platform,
    PlatformError,
    Reservation,
    Send,
    Wanted,
)
from app.platforms.calling import Exchange, noting
from app.platforms.conversing import Conversation
from app.platforms.models import PlatformReservation
from app.platforms.registry import options_of
from app.platforms.restoo_wire import free_times
from app.platforms.translating import Unreadable, bounded, told_by
from tests.factories import BookingFactory
from tests.platforms.contract import CASES, there
from tests.platforms.inn import Inn, a_table, an_inn, connect
from tests.platforms.pub import House, ours
from tests.platforms.test_contract import ANA

KEY = "a-key-that-is-secret"
DAY = date(2027, 5, 1)
OTHER = {"customer_email": "other@example.com", "customer_phone": "+35679000002"}


def account(kind: Kind) -> Account:
    values = {each.name: KEY for each in kind.fields}
    return Account(
        type=kind.type,
        connection_id=uuid4(),
        venue_id=uuid4(),
        timezone="America/New_York",
        region="ES",
        secrets=values,
        options=options_of(kind, {}),
        base_url="https://platform.example.com",
    )


def says(body: Any, noted: list[Exchange] | None = None, wish: str = "") -> Send:
    """200; with a wish to be left alone, 429."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()

    async def send(outgoing: Outgoing) -> Answer:
        return Answer(429 if wish else 200, {"retry-after": wish}, raw, 1)

    return noting(send, (noted if noted is not None else []).append)


def cover(body: Any, noted: list[Exchange] | None = None, wish: str = "") -> Platform:
    send = says(body, noted, wish)
    return covermanager.KIND.open(account(covermanager.KIND), send)


def listed(body: Any) -> Page:
    return asyncio.run(cover(body).list_reservations(DAY, DAY))


def row(**said: Any) -> dict[str, Any]:
    return {"reservs": [{"id_reserv": "r-1", "date": "2027-05-01", "time": "20:00", **said}]}


def test_a_megabyte_without_a_gap_holds_up_nobody() -> None:
    started = time.monotonic()
    with pytest.raises(PlatformError) as caught:
        asyncio.run(cover({"resp": 0, "status": "x" * 1_000_000}).create_reservation(ANA))
    assert len(str(caught.value)) < 250
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("depth", [60, 600, 100_000])
def test_what_is_nested_beyond_reason_is_no_answer(depth: int) -> None:
    noted: list[Exchange] = []
    deep = b'{"resp": ' + b"[" * depth + b"]" * depth + b"}"
    with pytest.raises(PlatformError):
        asyncio.run(cover(deep, noted).check_availability(DAY, "20:00", 2))
    assert "bytes" in noted[0].response


def test_what_cannot_be_stored_does_not_come_in() -> None:
    noted: list[Exchange] = []
    body = rb'{"reservs": [{"id_reserv": "r\u0000", "status": "\ud800", "user_name": "A\u0000"}]}'
    found = asyncio.run(cover(body, noted).list_reservations(DAY, DAY))
    (one,) = found.reservations
    for text in (one.external_id, one.raw_status, one.name, noted[0].response):
        assert "\x00" not in text
        assert text.encode()


def test_an_answer_is_noted_in_part() -> None:
    noted: list[Exchange] = []
    many = {str(n): {"status": "1" * 30} for n in range(3000)}
    asyncio.run(cover({"resp": 1, "reservs": many}, noted).list_reservations(DAY, DAY))
    assert len(noted[0].response) < 21_000
    assert "2900 more" in noted[0].response


def test_a_key_that_is_told_back_is_not_shown() -> None:
    noted: list[Exchange] = []
    said = {"resp": 1, "status": KEY, "restaurants": [{"restaurant": f"{KEY} x"}]}
    send = says(said, noted)
    other = account(covermanager.KIND)
    other = replace(other, secrets={"api_key": KEY, "restaurant": "other"})
    checked = asyncio.run(covermanager.KIND.open(other, send).check_auth())
    assert not checked.works
    assert KEY not in checked.message + noted[0].response


def test_numbers_and_days_of_any_size() -> None:
    (one,) = listed(row(**{"for": "9" * 5000})).reservations
    assert one.party_size == 0
    for day in ("9999-12-31", "0001-01-01"):
        (one,) = listed(row(date=day, **{"for": "2"})).reservations
        with pytest.raises(Unreadable):
            told_by(account(covermanager.KIND), one)
    first, last = "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:00-14:00"
    assert free_times([first], DAY, "20:00", "America/New_York") is None
    assert free_times([last], DAY, "20:00", "Asia/Tokyo") is None
    assert len(bounded(Reservation("r-1", "w" * 5000)).raw_status) == 100


def test_no_wish_is_longer_than_a_day() -> None:
    with pytest.raises(PlatformError) as caught:
        asyncio.run(cover({}, wish="1e300").check_auth())
    assert caught.value.retry_after == 86_400


def test_a_day_without_an_end_is_no_answer() -> None:
    count = iter(range(10_000))

    async def send(outgoing: Outgoing) -> Answer:
        said = json.dumps(row(id_reserv=f"r-{next(count)}"))
        return Answer(200, {}, said.encode(), 1)

    platform = covermanager.KIND.open(account(covermanager.KIND), send)
    with pytest.raises(PlatformError, match="has no end"):
        asyncio.run(platform.find_reservation(ANA))
    assert next(count) < 50


def test_what_nobody_thought_of_is_a_failure_of_the_platform() -> None:
    async def work(platform: Platform) -> None:
        raise OverflowError(f"{KEY} was in the answer")

    talk = Conversation(account(restoo.KIND), "platform.check")
    with pytest.raises(PlatformError) as caught:
        talk.hold(work, 3.0)
    assert caught.value.code == "unreadable"
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "https://me:hush@restoo.example.com",
        "https://restoo.example.com/?a=",
        "https://restoo.example.com/#",
        "ftp://restoo.example.com",
        "https://",
        "https://[::1",
    ],
)
def test_an_address_is_a_place_and_no_more(address: str) -> None:
    account = {"account": "A-1", "api_key": KEY, "partner_id": "p-1", "base_url": address}
    with pytest.raises(InvalidPayload) as caught:
        rules.clean_account(restoo.KIND, account, {})
    assert [each.field for each in caught.value.details] == ["account.base_url"]
    assert "hush" not in str(caught.value.details)
    fits = rules.clean_account(restoo.KIND, {**account, "base_url": "https://a.example/in/"}, {})
    assert fits["base_url"] == "https://a.example/in/"


@pytest.mark.parametrize("status", [[], {}, None, 7, ["confirmed"]])
def test_a_word_means_a_status_or_nothing(status: Any) -> None:
    with pytest.raises(InvalidPayload):
        rules.clean_statuses(covermanager.KIND, {"word": status})


@pytest.mark.parametrize("external_id", ["x" * 5000, "r-\x00", "r-\n1", ""])
def test_an_id_that_cannot_be_stored_stops_no_other_delivery(
    app: Flask, db_session: object, monkeypatch: pytest.MonkeyPatch, external_id: str
) -> None:
    async def create(self: Platform, wanted: Wanted, *, force: bool = False) -> Reservation:
        if wanted.party_size == 7:
            return Reservation(external_id, "w" * 5000)
        return Reservation("r-9", "w" * 5000)

    monkeypatch.setattr(covermanager.CoverManager, "create_reservation", create)
    policy.configure(Settings(env="test", outbound_allow="127.0.0.0/8"))
    inn, venue = Inn(db.session()), an_inn()
    with there(CASES["covermanager"]) as place:
        connect(venue, place)
        bad, good = a_table(venue, guest_count=7), a_table(venue, **OTHER)
        inn.run(2)
    registry.configure(Settings(env="test"))
    row = inn.row(bad)
    assert (row.state, row.external_id) == ("making", None)
    assert row.making_since is not None, "it may be there: it is looked for first"
    assert "an id that cannot be one" in (row.problem or "")
    assert (inn.row(good).external_id, len(inn.row(good).raw_status)) == ("r-9", 100)


@pytest.mark.committed
def test_a_reference_takes_over_no_other_booking(pub: House) -> None:
    table = ours(pub)
    elsewhere = BookingFactory.create(website_id="ours", guest_count=2, booking_ref="OB-1")
    db.session.execute(delete(PlatformReservation))
    db.session.execute(update(Booking).where(Booking.id == table.id).values(booking_ref="OB-2"))
    db.session.commit()
    pub.shelf.put("S1", reference=str(elsewhere.id), party_size=7)
    pub.shelf.put("S2", reference="OB-1", party_size=7)
    pub.shelf.put("S3", reference="OB-2", party_size=7)
    assert pub.pull()["created"] == 3
    found = {booking.booking_ref: booking for booking in db.session.scalars(select(Booking))}
    assert [found[name].guest_count for name in ("OB-1", "OB-2")] == [2, 2]
    pub.shelf.put("S4", reference="OB-2")
    assert pub.pull()["created"] == 0
    assert pub.bookings()["S4"].id == found["OB-2"].id


@pytest.mark.committed
def test_what_nobody_would_type_is_taken_in_as_it_can_be_stored(pub: House) -> None:
    odd = {"nul": "a\0b", "half": "a\ud800b", "break": "a\r\nBcc: b@c.test", "long": "a" * 99_999}
    for name, value in odd.items():
        words = {"name": value, "phone": value, "requests": value, "reference": value}
        pub.shelf.put(name, email=f"{value}@x.test, b@c.test", raw_status=value, **words)
        pub.shelf.put(f"{name}-time", time=value)
        pub.shelf.put(value)
    pub.shelf.put("good", email="ana@example.com")
    for name, day in (("first", date(1, 1, 1)), ("last", date(9999, 12, 31))):
        pub.shelf.put(name, day=day)
    state = pub.pull()
    assert (state["created"], pub.connection.sync_error) == (5, None)
    found = pub.bookings()
    for name in odd:
        booking = found[name]
        assert "\n" not in booking.customer_name + (booking.customer_phone or "")
        assert booking.customer_email == ""
        assert len(booking.source_status or "") <= 100
    assert found["good"].customer_email == "ana@example.com"
    assert pub.pull()["created"] == 0
