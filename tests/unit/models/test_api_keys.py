import json
import stat
from datetime import UTC, datetime
from threading import Thread

import pytest

from models.api_keys import ApiKey, ApiKeyFile, ApiKeyNotFound, ApiKeysError, fingerprint


@pytest.fixture
def file(tmp_path):
    return ApiKeyFile(tmp_path / "secrets" / "keys.json")


def test_a_key_is_added_listed_and_revoked(file):
    """The file holds what recognises the key, and the key itself nowhere."""
    kept, key = file.add(["train", "predict"], clock=lambda: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    assert file.read() == (kept,)
    assert kept.scopes == ("predict", "train")
    assert kept.created_at == "2026-01-02T03:04:05Z"
    assert key.startswith(f"oh_{kept.id}_")
    assert fingerprint(key) == kept.sha256
    assert key.rpartition("_")[2] not in file.path.read_text()
    assert file.revoke(kept.id) == kept
    assert file.read() == ()


def test_keys_differ_and_have_256_bits():
    """64 hexadecimal digits of the system's randomness."""
    keys = {ApiKey.create(["predict"], now=datetime.now(UTC))[1] for _ in range(100)}
    assert len(keys) == 100
    assert all(len(key.rpartition("_")[2]) == 64 for key in keys)


def test_the_file_is_its_owners_only_and_nothing_is_left_beside_it(file):
    """Mode 0600 after every change, also where it was wider."""
    file.add(["predict"])
    file.path.chmod(0o644)
    file.add(["admin"])
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert [entry.name for entry in file.path.parent.iterdir()] == ["keys.json"]


def test_keys_added_at_once_are_all_kept(file):
    """One writer at a time."""
    threads = [Thread(target=file.add, args=(["predict"],)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(file.read()) == 12


@pytest.mark.parametrize(
    ("scopes", "opens"),
    [
        (("predict",), {"predict"}),
        (("train",), {"train"}),
        (("predict", "train"), {"predict", "train"}),
        (("admin",), {"predict", "train", "admin"}),
    ],
)
def test_scopes_open_what_they_say_and_admin_opens_all(scopes, opens):
    """`predict` and `train` do not include each other."""
    key = ApiKey("0" * 12, scopes, "0" * 64, "")
    assert {scope for scope in ("predict", "train", "admin") if key.allows(scope)} == opens


@pytest.mark.parametrize("scopes", [[], ["root"], ["predict", "root"]])
def test_a_key_without_known_scopes_is_not_made(file, scopes):
    """The message names those that exist."""
    with pytest.raises(ValueError, match="expected some of predict, train, admin"):
        file.add(scopes)
    assert not file.path.exists()


def test_a_key_that_is_not_there_cannot_be_revoked(file):
    """With or without a file."""
    with pytest.raises(ApiKeyNotFound, match="no key 'abc'"):
        file.revoke("abc")
    file.add(["predict"])
    with pytest.raises(ApiKeyNotFound):
        file.revoke("abc")


ENTRY = {"id": "0" * 12, "scopes": ["predict"], "sha256": "a" * 64, "created_at": "2026-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("", "JSON"),
        ("[" * 100_000, "JSON"),
        ("[]", "an object with format_version 1"),
        ({"format_version": 2, "keys": []}, "an object with format_version 1"),
        ({"format_version": 1}, "a list of keys"),
        ({"format_version": 1, "keys": [7]}, r"keys\[0\] with created_at, id, scopes, sha256"),
        ({"format_version": 1, "keys": [{**ENTRY, "key": "oh_secret"}]}, r"keys\[0\] with"),
        ({"format_version": 1, "keys": [{**ENTRY, "scopes": []}]}, r"keys\[0\].scopes among"),
        ({"format_version": 1, "keys": [{**ENTRY, "scopes": ["root"]}]}, r"keys\[0\].scopes among"),
        ({"format_version": 1, "keys": [{**ENTRY, "scopes": [[]]}]}, r"keys\[0\].scopes among"),
        ({"format_version": 1, "keys": [{**ENTRY, "sha256": "oh_secret"}]}, r"keys\[0\].sha256 like"),
        ({"format_version": 1, "keys": [{**ENTRY, "id": 7}]}, r"keys\[0\].id like"),
        ({"format_version": 1, "keys": [ENTRY, ENTRY]}, "ids that differ"),
    ],
)
def test_a_file_that_is_not_of_the_format_is_refused_and_left_alone(file, document, expected):
    """Neither read nor written over; what stands where a hash belongs is not repeated."""
    content = document if isinstance(document, str) else json.dumps(document)
    file.path.parent.mkdir()
    file.path.write_text(content)
    with pytest.raises(ApiKeysError, match=expected) as refusal:
        file.read()
    assert "oh_secret" not in str(refusal.value)
    with pytest.raises(ApiKeysError):
        file.add(["predict"])
    assert file.path.read_text() == content


def test_a_file_that_is_not_there_cannot_be_read(file):
    """It is a mistake to configure one that does not exist."""
    with pytest.raises(ApiKeysError, match="expected a readable file; received No such file"):
        file.read()
