import re

import pytest

from models.settings import SETTINGS, Settings, SettingsError, read_settings


def test_without_variables_every_setting_has_its_default():
    """The dataclass and the table say the same."""
    settings = read_settings({"PATH": "/bin"})
    assert settings.store == "var/store"
    assert settings.url == "http://127.0.0.1:8501"
    fields = set(Settings.__dataclass_fields__)
    assert {setting.name for setting in SETTINGS} == fields


@pytest.mark.parametrize("setting", [setting for setting in SETTINGS if setting.name != "url"], ids=lambda s: s.name)
def test_the_default_in_the_table_is_the_default_in_the_code(setting):
    """What the README says is what an unset variable gives."""
    given = read_settings({setting.variable: setting.default} if setting.default else {})
    assert given == read_settings({})


def test_variables_are_read():
    """Numbers, folders, addresses."""
    settings = read_settings({"ONEHOT_BIND": "[::1]:9000", "ONEHOT_DATA_ROOTS": "/a:/b", "ONEHOT_POLL_S": "0.5"})
    assert (settings.host, settings.port, settings.data_roots, settings.poll_s) == ("::1", 9000, ("/a", "/b"), 0.5)
    assert settings.url == "http://[::1]:9000"


def test_an_empty_variable_counts_as_not_set():
    """As a shell or a manifest may leave it."""
    assert read_settings({"ONEHOT_STORE": ""}).store == "var/store"


def test_unknown_and_unreadable_variables_are_all_named():
    """Each with what was expected and what came."""
    given = {"ONEHOT_STOR": "/x", "ONEHOT_WORKERS": "many", "ONEHOT_BIND": "localhost", "ONEHOT_POLL_S": "0"}
    with pytest.raises(SettingsError) as caught:
        read_settings(given)
    assert set(caught.value.problems) == set(given)
    assert "ONEHOT_WORKERS: expected a whole number from 1 to 256; received 'many'" in str(caught.value)
    assert "ONEHOT_BIND: expected HOST:PORT with a port up to 65535; received 'localhost'" in str(caught.value)


def test_a_port_that_there_is_not_is_named() -> None:
    """And not left for the start of the server to fail on."""
    with pytest.raises(SettingsError, match="ONEHOT_BIND: expected HOST:PORT with a port up to 65535"):
        read_settings({"ONEHOT_BIND": "127.0.0.1:99999"})
    assert read_settings({"ONEHOT_BIND": "[::1]:65535"}).port == 65535


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("ONEHOT_REDIS_URL", "http://x", "http://x"),
        ("ONEHOT_REDIS_URL", "foo", "foo"),
        ("ONEHOT_REDIS_URL", "redis://:secret@h:abc/0", "…@h:abc/0"),
        ("ONEHOT_STORE", "ftp://x", "ftp://x"),
        ("ONEHOT_STORE", "s3://", "s3://"),
        ("ONEHOT_URL", "localhost:8501", "localhost:8501"),
    ],
)
def test_a_url_that_nobody_can_use_is_named(name: str, value: str, shown: str) -> None:
    """Before something waits for it for ever; a password that is in it is not told."""
    with pytest.raises(SettingsError, match=rf"{name}: expected .*; received '{re.escape(shown)}'$"):
        read_settings({name: value})


@pytest.mark.parametrize(
    "given",
    [
        {"ONEHOT_REDIS_URL": "unix:///run/valkey.sock?db=1", "ONEHOT_STORE": "/var/lib/onehot"},
        {"ONEHOT_REDIS_URL": "rediss://user:p%40ss@queue/0", "ONEHOT_STORE": "file:///var/lib/onehot"},
        {"ONEHOT_REDIS_URL": "redis://[::1]:6379", "ONEHOT_STORE": "s3://bucket/models"},
        {"ONEHOT_URL": "https://models.example.com/onehot", "ONEHOT_STORE": "az://container"},
    ],
)
def test_urls_of_all_kinds_are_taken(given: dict[str, str]) -> None:
    """Sockets, paths, buckets."""
    read_settings(given)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("store", "~/x", "/home/ann/x"),
        ("store", "~", "/home/ann"),
        ("store", "/srv/~/x", "/srv/~/x"),
        ("store", "s3://bucket/~x", "s3://bucket/~x"),
        ("api_keys_file", "~/keys.json", "/home/ann/keys.json"),
        ("cache", "~/cache", "/home/ann/cache"),
        ("data_roots", ".:~/a:/b:~/c", (".", "/home/ann/a", "/b", "/home/ann/c")),
    ],
)
def test_a_tilde_is_the_home_folder(monkeypatch, name, value, expected) -> None:
    """In every setting that is a path: no shell has expanded what stands in a file of settings."""
    monkeypatch.setenv("HOME", "/home/ann")
    assert getattr(read_settings({f"ONEHOT_{name.upper()}": value}), name) == expected


def test_a_home_that_there_is_not_stops_the_start(monkeypatch) -> None:
    """And makes no folder called `~`."""
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    with pytest.raises(
        SettingsError, match="ONEHOT_STORE: expected a path; received '~ann/x', and there is no such home"
    ):
        read_settings({"ONEHOT_STORE": "~ann/x"})


def test_without_a_home_the_cache_is_in_a_temporary_folder(monkeypatch) -> None:
    """A user id without a passwd entry, HOME unset: as containers often have it."""
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    monkeypatch.setattr("tempfile.tempdir", "/somewhere")
    assert read_settings({}).cache.startswith("/somewhere/onehot-")
