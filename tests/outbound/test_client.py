"""Calls to endpoints that behave badly: each ends in time, with a typed answer."""

import asyncio
import gzip
import socket
import time
from collections.abc import Iterator

import pytest

from app.config import Settings
from app.outbound import BODY_LIMIT, Answer, Client, Outgoing, Unreachable, policy, send_once
from tests.standins.receiver import Receiver, Reply, raw_server, receiving


@pytest.fixture(autouse=True)
def _loopback() -> Iterator[None]:
    policy.configure(Settings(env="test", outbound_allow="127.0.0.0/8"))
    yield
    policy.configure(Settings(env="test"))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def send(url: str, deadline: float = 5) -> Answer | Unreachable:
    return send_once(Outgoing(url, {"X-Demo": "1"}, b'{"a":1}'), deadline)


def refused(url: str, deadline: float = 5) -> Unreachable:
    answer = send(url, deadline)
    assert isinstance(answer, Unreachable), answer
    return answer


def answered(url: str) -> Answer:
    answer = send(url)
    assert isinstance(answer, Answer), answer
    return answer


def test_a_call_says_what_it_was_told_to(receiver: Receiver) -> None:
    receiver.answer(Reply(201, b'{"success": true}', {"Retry-After": "7"}))
    answer = answered(receiver.url)
    assert (answer.status, answer.text) == (201, '{"success": true}')
    assert answer.headers["retry-after"] == "7"
    (call,) = receiver.calls
    assert (call.body, call.headers["X-Demo"]) == (b'{"a":1}', "1")
    assert call.headers["Accept-Encoding"] == "identity"


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.answer(Reply(302, b"", {"Location": f"{receiver.url}/elsewhere"}))
    assert answered(receiver.url).status == 302
    assert len(receiver.calls) == 1


def test_a_huge_answer_is_cut(receiver: Receiver) -> None:
    receiver.answer(Reply(200, b"x" * 50_000_000))
    started = time.monotonic()
    assert len(answered(receiver.url).body) == BODY_LIMIT
    assert time.monotonic() - started < 3


def test_a_packed_answer_is_not_unpacked(receiver: Receiver) -> None:
    packed = gzip.compress(b"0" * 10_000_000)
    receiver.answer(Reply(200, packed, {"Content-Encoding": "gzip"}))
    assert answered(receiver.url).body == packed


@pytest.mark.parametrize("reply", [Reply(delay=10), Reply(200, b"x" * 50, drip=0.2)])
def test_the_deadline_is_for_the_whole_call(receiver: Receiver, reply: Reply) -> None:
    receiver.answer(reply)
    started = time.monotonic()
    fault = refused(receiver.url, deadline=1)
    assert fault.kind == "timeout"
    assert 0.9 < time.monotonic() - started < 1.8
    assert 900 < fault.duration_ms < 1800


def test_dripped_headers_end_with_the_deadline_too() -> None:
    with raw_server(b"HTTP/1.1 200 OK\r\nX-Slow: ", wait=2) as url:
        started = time.monotonic()
        assert refused(url, deadline=1).kind == "timeout"
        assert time.monotonic() - started < 1.8


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", "connect"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "protocol"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", "protocol"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n", "protocol"),
    ],
)
def test_nonsense_is_no_answer(data: bytes, kind: str) -> None:
    with raw_server(data) as url:
        assert refused(url).kind == kind


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert refused(f"http://127.0.0.1:{port}/").kind == "connect"


def test_the_name_is_unknown() -> None:
    assert refused("https://shop.example.com/hook").kind == "dns"


def test_a_server_that_speaks_no_tls(receiver: Receiver) -> None:
    assert refused(receiver.url.replace("http:", "https:")).kind == "tls"


def test_undecodable_bytes_can_be_shown(receiver: Receiver) -> None:
    receiver.answer(Reply(200, b"caf\xe9\x00!"))
    assert answered(receiver.url).text == "caf\ufffd\ufffd!"


def test_a_call_works_inside_a_running_loop(receiver: Receiver) -> None:
    async def within() -> Answer | Unreachable:
        return send(receiver.url)

    assert isinstance(asyncio.run(within()), Answer)


def test_connections_are_used_again(receiver: Receiver) -> None:
    peers: set[int] = set()

    async def many() -> None:
        async with Client() as client:
            for _ in range(20):
                assert isinstance(await client.send(Outgoing(receiver.url, {}, b"")), Answer)
            connector = client._sessions[False].connector
            assert connector is not None
            peers.update(id(c) for held in connector._conns.values() for c in held)

    asyncio.run(many())
    assert len(peers) == 1
