import pytest

from service.webhooks.addresses import PrivateAddress, address_of


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "10.1.2.3", "169.254.169.254", "192.168.0.1", "[::1]", "[fd00::1]", "[::ffff:10.0.0.1]",
     "0.1.2.3", "100.64.0.1", "224.0.0.1"],
)  # fmt: skip
def test_what_is_not_public_is_refused(host) -> None:
    """The metadata of a cloud among it; allowed, it is the address to connect to."""
    with pytest.raises(PrivateAddress, match="allow_private"):
        address_of(f"https://{host}/hook", allows_private=False)
    assert address_of(f"https://{host}/hook", allows_private=True)


def test_a_public_address_is_what_it_is() -> None:
    """No name is asked for."""
    assert address_of("https://93.184.216.34/hook", allows_private=False) == "93.184.216.34"
