"""Where calls may go."""

import ipaddress
import socket
from collections.abc import Iterator

import pytest

from app.config import Settings
from app.outbound import Outgoing, Unreachable, policy, send_once
from app.outbound.guard import is_public, unusable
from tests.standins.receiver import Receiver, receiving

INSIDE = [
    *("127.0.0.1", "127.8.9.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1"),
    *("169.254.169.254", "100.64.0.1", "192.0.0.9", "192.88.99.1", "198.18.0.1", "224.0.0.1"),
    *("240.0.0.1", "255.255.255.255", "203.0.113.5", "192.0.2.1"),
    *(
        "::1",
        "::",
        "::7f00:1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd12::1",
        "fec0::1",
        "ff02::1",
    ),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254"),
    *("64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001::1", "2001:db8::1"),
    *("3fff::1", "5f00::1"),
]
OUTSIDE = ["8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700::1111", "2a00:1450:4001:81b::200e"]


@pytest.fixture(autouse=True)
def _strict() -> Iterator[None]:
    """The policy of an installation that allows nothing extra."""
    policy.configure(Settings(env="test", outbound_allow=""))
    yield
    policy.configure(Settings(env="test"))


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def call(url: str) -> Unreachable:
    answer = send_once(Outgoing(url, {}, b"{}"), deadline=3)
    assert isinstance(answer, Unreachable), answer
    return answer


@pytest.mark.parametrize("address", INSIDE)
def test_inside_is_refused(address: str) -> None:
    assert not policy.allows(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_outside_is_allowed(address: str) -> None:
    assert policy.allows(address)
    assert is_public(ipaddress.ip_address(address))


def test_a_v4_address_in_v6_clothes_is_judged_as_v4() -> None:
    assert policy.allows("::ffff:8.8.8.8")


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "[::ffff:127.0.0.1]",
        "0x7f.1",
        "169.254.169.254",
        "10.0.0.1",
        "[::1]",
    ],
)
def test_no_spelling_reaches_inside(receiver: Receiver, host: str) -> None:
    assert call(f"http://{host}:{receiver.port}/").kind == "blocked"
    assert receiver.calls == []


@pytest.mark.parametrize("host", ["2130706433", "127.1", "017700000001"])
def test_numbers_that_are_addresses_reach_nothing(receiver: Receiver, host: str) -> None:
    assert call(f"http://{host}:{receiver.port}/").kind in ("blocked", "address", "dns")
    assert receiver.calls == []


def test_a_name_that_turns_inside_after_it_was_checked_reaches_nothing(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rebinding: a resolver that answers a public address first and loopback afterwards."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def rebind(host: str, *args: object, **kwargs: object) -> object:
        if host != "rebind.example.com":
            return real(host, *args, **kwargs)  # type: ignore[arg-type]
        asked.append(host)
        address = "93.184.216.34" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, receiver.port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebind)
    url = f"http://rebind.example.com:{receiver.port}/"
    assert socket.getaddrinfo("rebind.example.com", receiver.port)[0][4][0] == "93.184.216.34"
    assert call(url).kind == "blocked"
    assert len(asked) == 2
    assert receiver.calls == []


def test_the_operator_may_allow_a_network(receiver: Receiver) -> None:
    policy.configure(Settings(env="test", outbound_allow="10.0.0.0/8, 127.0.0.0/8"))
    answer = send_once(Outgoing(f"{receiver.url}/", {}, b"{}"))
    assert not isinstance(answer, Unreachable)
    assert answer.status == 200
    receiver.calls.clear()


def test_the_operator_may_allow_a_host_and_only_that_one(receiver: Receiver) -> None:
    policy.configure(Settings(env="test", outbound_allow="LocalHost"))
    answer = send_once(Outgoing(f"http://localhost:{receiver.port}/", {}, b"{}"))
    assert not isinstance(answer, Unreachable)
    assert call(f"http://127.0.0.1:{receiver.port}/").kind == "blocked"
    assert len(receiver.calls) == 1
    receiver.calls.clear()


@pytest.mark.parametrize(
    "url",
    ["", "shop.example.com", "ftp://shop.example.com/", "http://", "https://[", "file:///etc"],
)
def test_what_is_no_web_address_is_not_called(url: str) -> None:
    assert call(url).kind == "address"


def test_production_speaks_https_only() -> None:
    policy.configure(Settings(env="development"))
    assert unusable("http://shop.example.com/hook") is None
    policy.https_only = True
    assert unusable("http://shop.example.com/hook")
    assert unusable("https://shop.example.com/hook") is None
