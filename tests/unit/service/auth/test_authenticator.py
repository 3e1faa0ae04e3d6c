import pytest
import structlog
from structlog.testing import capture_logs

from models.api_keys import ApiKeyFile, ApiKeysError
from models.settings import Settings
from service import startup
from service.app import create_app
from service.auth import key_verifier
from service.auth.authenticator import Authenticator
from service.auth.scopes import Scope
from service.errors import KeyMissing, KeyRefused, ScopeMissing


def authorize(authenticator, scope, *, authorization=None, api_key=None):
    return authenticator.authorize(scope, authorization=authorization, api_key=api_key)


@pytest.fixture
def file(tmp_path):
    return ApiKeyFile(tmp_path / "keys.json")


def authenticator_of(file):
    return Authenticator.from_settings(Settings(api_keys_file=str(file.path)))


def test_without_a_file_every_request_passes():
    """The service listens on loopback only, then."""
    assert authorize(Authenticator.from_settings(Settings()), Scope.ADMIN) is None


def test_a_key_is_accepted_in_either_header_and_its_id_is_returned(file):
    """The id goes into the log, the key does not."""
    kept, key = file.add(["predict"])
    authenticator = authenticator_of(file)
    assert authorize(authenticator, Scope.PREDICT, api_key=key) == kept.id
    assert authorize(authenticator, Scope.PREDICT, authorization=f"Bearer {key}") == kept.id


def test_a_refusal_says_why(file):
    """No key, an unknown one, one for something else."""
    _, key = file.add(["predict"])
    authenticator = authenticator_of(file)
    for headers, error in (({}, KeyMissing), ({"api_key": "oh_no"}, KeyRefused), ({"api_key": key}, ScopeMissing)):
        with pytest.raises(error):
            authorize(authenticator, Scope.TRAIN, **headers)


def test_a_file_that_cannot_be_read_stops_the_start(file, monkeypatch, capsys):
    """Neither all requests nor none would be right."""
    with pytest.raises(ApiKeysError):
        create_app(Settings(api_keys_file=str(file.path)))
    monkeypatch.setenv("ONEHOT_API_KEYS_FILE", str(file.path))
    assert startup.start([]) == 2
    assert "ONEHOT_API_KEYS_FILE" in capsys.readouterr().err


def test_with_keys_it_may_listen_everywhere(file):
    """That is what they are for; the log of the start says which callers are let in."""
    settings = Settings(bind="0.0.0.0:8501", api_keys_file=str(file.path))
    assert startup.refusal(settings, insecure=False) is None
    assert str(file.path) in startup.describe_access(settings)


def test_a_file_that_breaks_while_it_runs_is_told_once(file, monkeypatch, wait_until):
    """And so is that it is whole again; the keys read before go on."""
    _, key = file.add(["predict"])
    authenticator, content = authenticator_of(file), file.path.read_text()
    monkeypatch.setattr(key_verifier, "log", structlog.get_logger("fresh"))

    def told(word):
        authorize(authenticator, Scope.PREDICT, api_key=key)
        return [line for line in logged if word in line["event"]]

    with capture_logs() as logged:
        file.path.write_text("{")
        wait_until(lambda: told("not read"))
        file.path.write_text(content)
        wait_until(lambda: told("again"))
    assert [line["event"] for line in logged] == ["keys not read", "keys read again"]
    assert key not in str(logged)
