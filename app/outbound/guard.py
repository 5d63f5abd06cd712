"""Where calls may go. The address is checked when the socket is made, after name resolution.

Whoever enters a webhook address decides where this server connects to, and a name can resolve to
something else the next moment. So what counts is the final address of each single connection:
what is not public is refused, unless the operator allows the host or the network
(`OUTBOUND_ALLOW`).
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from aiohttp import AddrInfoType

from app.config import Settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Python calls these global, yet they lead inside or nowhere (translation, tunnels, reserved).
NOT_PUBLIC: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        *("100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24"),
        *("::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/23", "2002::/16"),
        *("3fff::/20", "5f00::/16", "fec0::/10"),
    )
)


class Blocked(OSError):
    """The address is not public and not on the operator's list."""


@dataclass
class Policy:
    """Where calls may go. One per process, configured by `create_app`."""

    networks: list[Network] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)
    https_only: bool = True

    def configure(self, settings: Settings) -> None:
        """Read the operator's list; production speaks https only."""
        self.networks, self.hosts = [], set()
        self.https_only = settings.env == "production"
        for entry in filter(None, (part.strip() for part in settings.outbound_allow.split(","))):
            try:
                self.networks.append(ipaddress.ip_network(entry, strict=False))
            except ValueError:
                self.hosts.add(entry.casefold())

    def trusts(self, host: str) -> bool:
        """Whether the operator named this host."""
        return host.casefold() in self.hosts

    def allows(self, address: str) -> bool:
        """Whether a connection to this final address may be made."""
        ip = _plain_address(address)
        if any(ip in network for network in self.networks if network.version == ip.version):
            return True
        return is_public(ip)


policy = Policy()


def _plain_address(address: str) -> Address:
    ip = ipaddress.ip_address(address.partition("%")[0])
    return getattr(ip, "ipv4_mapped", None) or ip


def is_public(ip: Address) -> bool:
    """Whether the address belongs to the public internet."""
    if not ip.is_global or ip.is_multicast or ip.is_reserved:
        return False
    return not any(ip in network for network in NOT_PUBLIC if network.version == ip.version)


def guarded_socket(info: AddrInfoType) -> socket.socket:
    """A socket for one connection, if its address is allowed. Raises Blocked."""
    family, kind, protocol, _, address = info
    if not policy.allows(str(address[0])):
        raise Blocked("Its address is not public.")  # one text: else several lose their type
    return _open_socket(family, kind, protocol)


def trusted_socket(info: AddrInfoType) -> socket.socket:
    """A socket for a connection to a host that the operator named."""
    return _open_socket(*info[:3])


def _open_socket(family: int, kind: int, protocol: int) -> socket.socket:
    made = socket.socket(family, kind, protocol)
    made.setblocking(False)
    return made


def unusable(url: str) -> str | None:
    """Why this address cannot be called; None when it can."""
    with contextlib.suppress(ValueError):
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return "The address must start with https:// and name a host."
        if policy.https_only and parts.scheme != "https":
            return "The address must start with https://."
        return None
    return "The address is not a valid URL."
