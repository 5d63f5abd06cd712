"""The tests may talk to this machine only: anything else raises, and fails the test that tried."""

import contextlib
import ipaddress
import socket
import sys
from collections.abc import Iterator

import pytest

# Names that can never exist get the answer that a resolver would give, without asking one.
UNKNOWN = (".test", ".invalid", ".example", ".example.com", ".example.org")
attempts: list[str] = []


class NetworkBlockedError(OSError):
    """A test tried to reach another machine. Code under test sees a failed connection."""


def is_local(host: str) -> bool:
    """Whether `host` is this machine: a loopback address, `localhost` or no address at all."""
    if host in ("", "localhost"):
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback or address.is_unspecified


def _refuse(what: str) -> None:
    attempts.append(what)
    raise NetworkBlockedError(f"Tests do not leave this machine: {what}")


def _on_resolve(host: object) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if not isinstance(name, str) or is_local(name) or _is_address(name):
        return
    if f".{name.rstrip('.')}".endswith(UNKNOWN):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    _refuse(f"look-up of {name}")


def _is_address(name: str) -> bool:
    with contextlib.suppress(OSError):
        socket.inet_aton(name)  # also 0x7f.1: no resolver is asked for it
        return True
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True


def _audit(event: str, args: tuple[object, ...]) -> None:
    if event in ("socket.connect", "socket.sendto"):
        address = args[1]
        if isinstance(address, tuple) and not is_local(str(address[0])):
            _refuse(f"{event} {address[0]}:{address[1]}")
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        _on_resolve(args[0])


@pytest.fixture(autouse=True)
def _stay_on_this_machine() -> Iterator[None]:
    """Fail the test that tried to leave, even where its code swallowed the error."""
    attempts.clear()
    yield
    assert not attempts, f"the test tried to leave this machine: {attempts}"


def install() -> None:
    """Watch every connection of this process. It cannot be undone, and must not be."""
    sys.addaudithook(_audit)
