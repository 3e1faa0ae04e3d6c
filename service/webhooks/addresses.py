"""Where a webhook may be sent: by default nowhere within the network that the service runs in."""

import ipaddress
import socket
from urllib.parse import urlsplit

from models.errors import OnehotError

__all__ = ["PrivateAddress", "address_of"]


class PrivateAddress(OnehotError):
    """A webhook whose host has an address that is not a public one."""

    def __init__(self, host: str, address: str) -> None:
        self.host = host
        self.address = address
        super().__init__(f"{host} has the private address {address}: `allow_private: true` lets messages go there")


def address_of(url: str, *, allows_private: bool) -> str:
    """The address to connect to: the one that was looked at, so that a name cannot become another in between.

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
    return addresses[0]


def _is_public(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None) or address
    return mapped.is_global and not mapped.is_multicast
