import json
from pathlib import Path

import pytest

from models.api_keys import ApiKeyFile, fingerprint


@pytest.fixture
def keys(onehot, tmp_path, monkeypatch):
    """The command, with a file of keys that is not there yet."""
    monkeypatch.setenv("ONEHOT_API_KEYS_FILE", str(tmp_path / "safe" / "keys.json"))
    return lambda *arguments: onehot("keys", *arguments)


def file_of(tmp_path: Path) -> ApiKeyFile:
    return ApiKeyFile(tmp_path / "safe" / "keys.json")


def test_a_key_is_shown_once_and_kept_as_its_digest(keys, tmp_path):
    """On stdout nothing but the key, so that a script can take it."""
    result = keys("add", "--scope", "predict", "--scope", "train")
    key = result.stdout.strip()
    (kept,) = file_of(tmp_path).read()
    assert kept.sha256 == fingerprint(key)
    assert kept.scopes == ("predict", "train")
    assert key not in file_of(tmp_path).path.read_text()
    assert key not in keys("list").output


def test_keys_are_listed_and_revoked_by_id(keys):
    """Never by the key itself."""
    first, second = (json.loads(keys("add", "--scope", scope, "--json").stdout) for scope in ("predict", "admin"))
    assert [key["id"] for key in json.loads(keys("list", "--json").stdout)] == [first["id"], second["id"]]
    assert keys("revoke", first["id"]).exit_code == 0
    assert [key["id"] for key in json.loads(keys("list", "--json").stdout)] == [second["id"]]
    assert second["id"] in keys("list").stdout


@pytest.mark.parametrize(("arguments", "status"), [
    (("add",), 2), (("add", "--scope", "root"), 2), (("revoke", "nothing"), 1), (("list",), 1),
])  # fmt: skip
def test_what_is_wrong_is_said_and_ends_with_its_status(keys, arguments, status):
    """2 for wrong usage, 1 for work that could not be done."""
    result = keys(*arguments)
    assert result.exit_code == status
    assert "Error:" in result.stderr


def test_without_the_setting_it_is_named(onehot):
    """It is the one thing that is missing."""
    result = onehot("keys", "list")
    assert result.exit_code == 2
    assert "ONEHOT_API_KEYS_FILE" in result.stderr
