import pytest

from models.settings import Settings
from service import startup
from service.startup import is_loopback, refusal


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
def test_loopback_needs_no_keys(host) -> None:
    """Only this machine can reach it."""
    assert is_loopback(host)


@pytest.mark.parametrize("bind", ["0.0.0.0:8501", "[::]:8501", "10.1.2.3:80", "example.org:80"])
def test_another_address_without_keys_is_refused_unless_insisted(bind) -> None:
    """The message says what to do."""
    assert "--insecure" in str(refusal(Settings(bind=bind), insecure=False))
    assert refusal(Settings(bind=bind), insecure=True) is None


def test_an_unknown_variable_stops_the_start_and_is_named(monkeypatch, capsys) -> None:
    """A typing error is not a default."""
    monkeypatch.setenv("ONEHOT_POLS_S", "1")
    assert startup.start([]) == 2
    assert "ONEHOT_POLS_S" in capsys.readouterr().err


def test_an_open_address_stops_the_start(monkeypatch, capsys) -> None:
    """Before anything listens."""
    monkeypatch.setenv("ONEHOT_BIND", "0.0.0.0:8501")
    assert startup.start([]) == 2
    assert "0.0.0.0:8501" in capsys.readouterr().err


def test_an_unknown_argument_is_wrong_usage() -> None:
    """Exit status 2, as everywhere."""
    with pytest.raises(SystemExit) as raised:
        startup.start(["--nothing"])
    assert raised.value.code == 2
