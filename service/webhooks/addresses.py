"""Where a webhook may be sent: by default nowhere within the network that the service runs in."""

import ipaddress
import socket
from urllib.parse import urlsplit

from models.errors import OnehotError

__all__ = ["PrivateAddress", "addresses_of"]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

NOT_PUBLIC = tuple(
    ipaddress.ip_network(text)
    for text in (
        "168.63.129.16/32",  # Azure's own, within each virtual machine
        "192.0.0.0/24",  # protocols' own; 192.0.0.192 is the metadata of Oracle's cloud
        "192.88.99.0/24",  # relays of 6to4, given up
        "::/96",  # IPv4 in IPv6, given up
        "64:ff9b:1::/48",  # NAT64 of a private network
        "fec0::/10",  # sites' own, given up
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
    )
)
"""Beside those that the standard library of every supported Python knows."""
NAT64 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("::ffff:0:0:0/96"))
"""IPv6 addresses whose last four bytes are an IPv4 address, to which a gateway translates them (RFC 6052, RFC 7915)."""


class PrivateAddress(OnehotError):
    """A webhook whose host has an address that is not a public one."""

    def __init__(self, host: str, address: str) -> None:
        self.host = host
        self.address = address
        super().__init__(f"{host} has the private address {address}: `allow_private: true` lets messages go there")


def addresses_of(url: str, *, allows_private: bool) -> list[str]:
    """The addresses to connect to: those that were looked at, so that a name cannot become another in between.

    Raises:
        PrivateAddress: When one of the host's addresses is not public and need be.
        OSError: When the name is not known.
    """
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for address in addresses:
        if not allows_private and not _is_public(address):
            raise PrivateAddress(str(parts.hostname), address)
    return addresses


def _is_public(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    return all(_is_global(one) for one in (_within(address) or [address]))


def _is_global(address: Address) -> bool:
    is_known = any(address in network for network in NOT_PUBLIC if network.version == address.version)
    return address.is_global and not address.is_multicast and not is_known


def _within(address: Address) -> list[Address]:
    """The IPv4 addresses that an IPv6 address stands for; none where it stands for itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    if any(address in network for network in NAT64):
        return [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)]
    if address.teredo:
        return [*address.teredo]
    return [one for one in (address.ipv4_mapped, address.sixtofour) if one is not None]
