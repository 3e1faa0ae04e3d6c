import os
from types import SimpleNamespace

import pytest

from models.api_keys import ApiKeyFile, ApiKeysError
from service.auth.key_verifier import KeyMissing, KeyRefused, KeyVerifier, ScopeMissing, presented_key


@pytest.fixture
def file(tmp_path):
    return ApiKeyFile(tmp_path / "keys.json")


@pytest.fixture
def clock():
    """Seconds that pass when a test says so."""
    return SimpleNamespace(now_s=0.0)


def verifier_of(file, clock):
    return KeyVerifier(file.path, clock_s=lambda: clock.now_s)


def test_a_known_key_has_its_scopes(file, clock):
    """And a refusal says which scope is missing, and never the key."""
    kept, key = file.add(["predict"])
    verifier = verifier_of(file, clock)
    assert verifier.authorize(key, "predict") == kept
    with pytest.raises(ScopeMissing, match="has not the scope 'train'") as refusal:
        verifier.authorize(key, "train")
    assert key not in str(refusal.value)


@pytest.mark.parametrize("presented", [None, ""])
def test_a_request_without_a_key_is_refused(file, clock, presented):
    """The message says how to send one."""
    file.add(["admin"])
    with pytest.raises(KeyMissing, match="X-API-Key"):
        verifier_of(file, clock).authorize(presented, "predict")


@pytest.mark.parametrize("change", [str.upper, lambda key: key[:-1], lambda key: key + "0", lambda _: "é" * 76,
                                    lambda _: "\udcff", lambda key: key * 10])  # fmt: skip
def test_a_key_that_is_nearly_right_is_refused(file, clock, change):
    """Also one that is no ASCII, and one that is far too long."""
    _, key = file.add(["admin"])
    with pytest.raises(KeyRefused):
        verifier_of(file, clock).authorize(change(key), "predict")


def test_a_hash_is_no_key(file, clock):
    """The content of the file is of no use as a key."""
    kept, _ = file.add(["admin"])
    assert verifier_of(file, clock).recognise(kept.sha256) is None


def test_each_of_many_keys_is_recognised(file, clock):
    """The first, the last and those between."""
    pairs = [file.add(["predict"]) for _ in range(5)]
    verifier = verifier_of(file, clock)
    assert [verifier.recognise(key) for _, key in pairs] == [kept for kept, _ in pairs]


def test_a_change_of_the_file_is_seen_within_a_second(file, clock):
    """Added and revoked while the service runs; the file is looked at once a second."""
    first, first_key = file.add(["predict"])
    verifier = verifier_of(file, clock)
    _, second_key = file.add(["predict"])
    clock.now_s = 0.9
    assert verifier.recognise(second_key) is None
    clock.now_s = 1.0
    assert verifier.recognise(second_key) is not None
    file.revoke(first.id)
    clock.now_s = 2.0
    assert verifier.recognise(first_key) is None


def test_a_replaced_file_of_the_same_size_and_time_is_seen(file, clock):
    """Not even an inode number that is given again hides it."""
    kept, key = file.add(["predict"])
    verifier = verifier_of(file, clock)
    status = file.path.stat()
    file.revoke(kept.id)
    _, other_key = file.add(["predict"])
    os.utime(file.path, ns=(status.st_atime_ns, status.st_mtime_ns))
    clock.now_s = 1.0
    assert verifier.recognise(key) is None
    assert verifier.recognise(other_key) is not None


def test_a_mounted_secret_is_followed(file, clock, tmp_path):
    """A link that is pointed at another file, as Kubernetes does it."""
    other = ApiKeyFile(tmp_path / "other.json")
    _, key = file.add(["predict"])
    _, other_key = other.add(["predict"])
    link = tmp_path / "link.json"
    link.symlink_to(file.path)
    verifier = KeyVerifier(link, clock_s=lambda: clock.now_s)
    assert verifier.recognise(key)
    link.unlink()
    link.symlink_to(other.path)
    clock.now_s = 1.0
    assert verifier.recognise(key) is None
    assert verifier.recognise(other_key)


def test_a_file_that_cannot_be_understood_changes_nothing_and_is_reported(file, clock):
    """A slip in an editor does not stop the traffic; the next good file counts."""
    _, key = file.add(["predict"])
    good = file.path.read_text()
    verifier = verifier_of(file, clock)
    file.path.write_text("{")
    clock.now_s = 1.0
    assert verifier.recognise(key)
    assert "the keys read before go on" in verifier.problem
    file.path.write_text(good)
    clock.now_s = 2.0
    assert verifier.recognise(key)
    assert verifier.problem is None


def test_without_the_file_no_key_is_accepted(file, clock):
    """Also not those that were read from it."""
    _, key = file.add(["predict"])
    verifier = verifier_of(file, clock)
    file.path.unlink()
    clock.now_s = 1.0
    assert verifier.recognise(key) is None
    assert "no such file" in verifier.problem


def test_a_file_that_cannot_be_read_stops_the_start(file, clock):
    """Not there, or not of the format."""
    with pytest.raises(ApiKeysError):
        verifier_of(file, clock)
    file.path.write_text("{")
    with pytest.raises(ApiKeysError):
        verifier_of(file, clock)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"authorization": None, "api_key": None}, None),
        ({"authorization": None, "api_key": " oh_a_b "}, "oh_a_b"),
        ({"authorization": "Bearer oh_a_b", "api_key": None}, "oh_a_b"),
        ({"authorization": "bearer  oh_a_b ", "api_key": ""}, "oh_a_b"),
        ({"authorization": "Bearer oh_c_d", "api_key": "oh_a_b"}, "oh_a_b"),
        ({"authorization": "Basic b2g6YQ==", "api_key": None}, None),
        ({"authorization": "Bearer", "api_key": None}, None),
        ({"authorization": "oh_a_b", "api_key": None}, None),
    ],
)
def test_a_key_comes_in_either_header(headers, expected):
    """`X-API-Key` first, then `Authorization: Bearer`."""
    assert presented_key(**headers) == expected
