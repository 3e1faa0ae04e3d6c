"""What Kubernetes adds to the environment where `enableServiceLinks` is not switched off."""

import pytest

from models.service_links import is_service_link
from models.settings import SettingsError, read_settings

LINKS = {
    "ONEHOT_SERVICE_HOST": "10.96.0.12",
    "ONEHOT_SERVICE_PORT": "8501",
    "ONEHOT_SERVICE_PORT_HTTP": "8501",
    "ONEHOT_PORT": "tcp://10.96.0.12:8501",
    "ONEHOT_PORT_8501_TCP": "tcp://10.96.0.12:8501",
    "ONEHOT_PORT_8501_TCP_PROTO": "tcp",
    "ONEHOT_PORT_8501_TCP_PORT": "8501",
    "ONEHOT_PORT_8501_TCP_ADDR": "10.96.0.12",
    "ONEHOT_QUEUE_SERVICE_HOST": "fd00:10:96::1",
    "ONEHOT_QUEUE_SERVICE_PORT": "6379",
    "ONEHOT_QUEUE_SERVICE_PORT_VALKEY_TLS": "6379",
    "ONEHOT_QUEUE_PORT": "tcp://[fd00:10:96::1]:6379",
    "ONEHOT_QUEUE_PORT_53_UDP": "udp://[fd00:10:96::1]:53",
    "ONEHOT_QUEUE_PORT_53_UDP_PROTO": "udp",
    "ONEHOT_QUEUE_PORT_53_UDP_PORT": "53",
    "ONEHOT_QUEUE_PORT_53_UDP_ADDR": "fd00:10:96::1",
}
MISTAKES = {
    "ONEHOT_PORT": "8501",
    "ONEHOT_SERVICE_PORT": "http",
    "ONEHOT_SERVICE_HOST": "service.example.org",
    "ONEHOT_QUEUE_PORT": "redis://10.0.0.1:6379",
    "ONEHOT_STOER": "10.0.0.1",
    "ONEHOT_PORTS": "tcp://10.0.0.1:6379",
}


@pytest.mark.parametrize(("name", "value"), LINKS.items())
def test_a_service_link_does_not_stop_the_start(name: str, value: str) -> None:
    """Whatever the Service is called and whatever it listens to."""
    assert is_service_link(name, value)
    assert read_settings({name: value, "ONEHOT_STORE": "/x"}).store == "/x"


@pytest.mark.parametrize(("name", "value"), MISTAKES.items())
def test_a_setting_that_is_unknown_still_stops_it(name: str, value: str) -> None:
    """Also among service links, and it is the one that is named."""
    with pytest.raises(SettingsError) as stopped:
        read_settings({**LINKS, name: value})
    assert set(stopped.value.problems) == {name}
