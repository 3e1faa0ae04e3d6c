import socket

import pytest

from service.webhooks.addresses import PrivateAddress, addresses_of


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "10.1.2.3", "169.254.169.254", "192.168.0.1", "0.1.2.3", "100.64.0.1", "224.0.0.1",
     "192.0.0.192", "168.63.129.16", "255.255.255.255", "2130706433", "0x7f.1",
     "[::1]", "[::]", "[fd00::1]", "[fd00:ec2::254]", "[fe80::1]", "[fec0::1]", "[ff02::1]", "[2001:db8::1]",
     "[::127.0.0.1]", "[::ffff:10.0.0.1]", "[::ffff:0:127.0.0.1]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::1]",
     "[2002:a9fe:a9fe::1]", "[2001:0:7f00:1::]", "[5f00::1]", "[3fff::1]"],
)  # fmt: skip
def test_what_is_not_public_is_refused(host) -> None:
    """The metadata of clouds among it, and IPv6 addresses that stand for such ones; allowed, they are connected to."""
    with pytest.raises(PrivateAddress, match="allow_private"):
        addresses_of(f"https://{host}/hook", allows_private=False)
    assert addresses_of(f"https://{host}/hook", allows_private=True)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:4700::1111", "64:ff9b::5db8:d822"])
def test_a_public_address_is_what_it_is(address) -> None:
    """No name is asked for; IPv6 addresses that stand for public ones are public."""
    host = f"[{address}]" if ":" in address else address
    assert addresses_of(f"https://{host}/hook", allows_private=False) == [address]


def test_a_name_with_one_private_address_among_others_is_refused(monkeypatch) -> None:
    """Which of them is connected to is not left to chance."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443)) for one in ("93.184.216.34", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(PrivateAddress, match=r"example\.org has the private address 10\.0\.0\.1"):
        addresses_of("https://example.org/hook", allows_private=False)
