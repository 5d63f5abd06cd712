"""How often whom: what a caller hears, who shares a bucket, and what happens without Redis."""

from __future__ import annotations

import http.client
import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.api.limits import BY_ROUTE, POLICIES, SYNC
from app.apikeys.models import ApiKey
from app.config import Settings
from app.deliveries.models import SyncLog
from app.extensions import db
from app.limits import BadLimits, Limiter, Rate, read_rates
from tests.api.source import Source, full_booking
from tests.desk import build_house
from tests.factories import ApiKeyFactory, WebsiteFactory
from tests.harness.live import Stack, StackFactory

KNOWN = {policy.name: policy.rate for policy in POLICIES}
ODD = {"X-API-Key": "nobody_sk_knows"}


@pytest.fixture
def tight(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few calls at once, and hardly any later."""
    rates: dict[str, Rate | None] = dict.fromkeys(KNOWN, Rate(per_minute=6, burst=3))
    monkeypatch.setitem(app.extensions, "rates", rates)


def statuses(answers: list[int]) -> Counter[int]:
    return Counter(answers)


@pytest.mark.usefixtures("tight")
def test_a_key_hears_what_is_left_and_when_to_come_back(source: Source) -> None:
    booking = full_booking()
    answers = [source.post(booking) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [201, 200, 200, 429, 429]
    assert [a.headers["RateLimit"].split(";t=")[0] for a in answers[:4]] == [
        '"sync";r=2', '"sync";r=1', '"sync";r=0', '"sync";r=0',
    ]  # fmt: skip
    last = answers[-1]
    assert last.headers["RateLimit-Policy"] == '"sync";q=3;w=30'
    assert 1 <= int(last.headers["Retry-After"]) <= 10
    assert last.get_json()["code"] == "RATE_LIMITED"
    assert last.get_json()["request_id"]


@pytest.mark.usefixtures("tight")
def test_a_flood_leaves_one_row_in_the_log(source: Source) -> None:
    for _ in range(8):
        source.post("not JSON")
    logged = db.session.execute(
        select(SyncLog.http_status, func.count()).group_by(SyncLog.http_status)
    )
    assert dict(iter(logged)) == {400: 3, 429: 1}


@pytest.mark.usefixtures("tight")
def test_a_flood_from_one_key_hurts_no_other(source: Source) -> None:
    other = ApiKeyFactory.create()
    while source.post({}).status_code != 429:
        pass
    neighbour = Source(source.client, f"{other.website_id}_sk_test")
    assert neighbour.post(full_booking()).status_code == 201


@pytest.mark.usefixtures("tight")
def test_whoever_tries_keys_is_stopped_and_no_key_is(source: Source) -> None:
    tries = [source.post({}, **ODD).status_code for _ in range(5)]
    assert tries == [401, 401, 401, 429, 429]
    assert source.post(full_booking()).status_code == 201
    elsewhere = {"REMOTE_ADDR": "192.0.2.9"}
    path = "/api/bookings/sync"
    answer = source.client.post(path, headers=ODD, environ_overrides=elsewhere)
    assert answer.status_code == 401


@pytest.mark.usefixtures("tight", "db_session")
def test_people_have_limits_of_their_own(app: Flask) -> None:
    house = build_house(app)
    manager, colleague = house.browser("manager"), house.browser("colleague")
    answers = [manager.get("/api/bookings").status_code for _ in range(4)]
    assert answers == [200, 200, 200, 429]
    assert manager.get("/bookings").status_code == 200
    assert colleague.get("/api/bookings").status_code == 200


@pytest.mark.usefixtures("tight")
@pytest.mark.parametrize("path", ["/api/v1/auth/login", "/login"])
def test_signing_in_is_limited_for_the_address(client: FlaskClient, path: str) -> None:
    answers = [client.post(path, json={}) for _ in range(4)]
    assert [answer.status_code == 429 for answer in answers] == [False, False, False, True]
    assert int(answers[-1].headers["Retry-After"]) >= 1


def test_every_json_route_is_under_a_limit(app: Flask) -> None:
    below = {rule.endpoint for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/")}
    assert below - BY_ROUTE.keys() == set()
    assert BY_ROUTE.keys() - app.view_functions.keys() == set()


def test_the_usual_limits_let_a_burst_of_a_source_pass() -> None:
    limiter = Limiter()
    assert all(limiter.take("x", SYNC.rate).allowed for _ in range(100))


def test_redis_and_process_count_alike(redis_url: str, redis: object) -> None:
    shared, alone = Limiter(), Limiter()
    shared.configure(redis_url)
    rate = Rate(per_minute=60, burst=4)
    for _ in range(6):
        one, other = shared.take("x", rate), alone.take("x", rate)
        assert one == other
    time.sleep(1.05)
    assert shared.take("x", rate) == alone.take("x", rate)
    assert not shared.take("x", rate).allowed
    assert shared.take("y", rate).allowed


def test_buckets_are_forgotten_when_they_are_full(redis_url: str, redis: object) -> None:
    limiter = Limiter()
    limiter.configure(redis_url)
    limiter.take("x", Rate(60, 10))
    assert [0 < redis.pttl(key) <= 1_000 for key in redis.keys("onebooking:limit:*")] == [True]  # type: ignore[attr-defined]


def test_an_unreachable_redis_is_left_alone_for_a_while() -> None:
    limiter = Limiter()
    limiter.configure("redis://192.0.2.1:6379/0")  # answers nobody
    limiter._script = _Counting()  # type: ignore[assignment]
    answers = [limiter.take("x", Rate(60, 3)).allowed for _ in range(5)]
    assert answers == [True, True, True, False, False]
    assert limiter._script.calls == 1  # type: ignore[union-attr]


class _Counting:
    """A script whose Redis is away."""

    calls = 0

    def __call__(self, **_: object) -> None:
        self.calls += 1
        raise TimeoutError


def test_limits_are_set_by_name() -> None:
    rates = read_rates("sync=10/5, login=off", KNOWN)
    assert (rates["sync"], rates["login"], rates["read"]) == (Rate(10, 5), None, KNOWN["read"])
    assert set(read_rates("off", KNOWN).values()) == {None}
    for wrong in ("sync", "sync=0/5", "sync=5", "all=5/5", "sync=-1/5"):
        with pytest.raises(BadLimits):
            read_rates(wrong, KNOWN)


def test_production_has_limits() -> None:
    faults = Settings(env="production", rate_limits="off").unsafe_settings()
    assert any("RATE_LIMITS" in fault for fault in faults)


def fill(app: Flask) -> None:
    with app.app_context():
        for name in ("one", "two"):
            WebsiteFactory.create(id=name)
            ApiKeyFactory.create(website_id=name)
        db.session.commit()


def call(stack: Stack, website: str) -> tuple[int, float]:
    """The status of one call, over a connection of its own, and its seconds."""
    connection = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=20)
    headers = {"X-API-Key": f"{website}_sk_test", "Content-Type": "application/json"}
    started = time.perf_counter()
    try:
        connection.request("POST", "/api/bookings/sync", json.dumps({}), headers)
        return connection.getresponse().status, time.perf_counter() - started
    finally:
        connection.close()


def flood(stack: Stack, website: str, count: int) -> list[tuple[int, float]]:
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda _: call(stack, website), range(count)))


@pytest.mark.slow
@pytest.mark.committed
def test_processes_share_the_count_and_go_on_without_redis(live_stack: StackFactory) -> None:
    stack = live_stack(
        workers=0, own_redis=True, fill=fill, WEB_PROCESSES="2", RATE_LIMITS="sync=1/20"
    )
    shared = Counter(status for status, _ in flood(stack, "one", 60))
    assert shared == {400: 20, 429: 40}, "two processes, one bucket"
    assert call(stack, "two")[0] == 400
    stack.kill_redis()
    alone = flood(stack, "two", 100)
    counted = Counter(status for status, _ in alone)
    assert set(counted) == {400, 429}, "no 5xx"
    assert 20 <= counted[400] <= 40, "each process counts for itself"
    assert sorted(seconds for _, seconds in alone)[90] < 1
    with stack.app.app_context():
        assert db.session.scalar(select(func.count()).select_from(ApiKey)) == 2
