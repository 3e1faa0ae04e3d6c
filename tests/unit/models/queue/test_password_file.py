"""The password of the queue's server in a file."""

from pathlib import Path

import pytest

from models.queue.password_file import PasswordFile, redis_address
from models.settings import SettingsError, read_settings


def test_the_file_is_read_each_time(tmp_path: Path) -> None:
    """A connection that is made after the file changed has the new password; line ends do not count."""
    (tmp_path / "password").write_text("old\n")
    credentials = PasswordFile(str(tmp_path / "password"))
    assert credentials.get_credentials() == ("old",)
    (tmp_path / "password").write_text("new")
    assert credentials.get_credentials() == ("new",)


def test_a_file_that_is_away_for_a_moment_does_no_harm(tmp_path: Path) -> None:
    """The last password that it held is tried."""
    (tmp_path / "password").write_text("old")
    credentials = PasswordFile(str(tmp_path / "password"), user="trainer")
    assert credentials.get_credentials() == ("trainer", "old")
    (tmp_path / "password").unlink()
    assert credentials.get_credentials() == ("trainer", "old")


@pytest.mark.parametrize(
    ("given", "plain", "credentials"),
    [
        ("redis://queue:6379/1", "redis://queue:6379/1", ("p@ss",)),
        ("rediss://:other@queue/0?health_check_interval=5", "rediss://queue/0?health_check_interval=5", ("p@ss",)),
        ("redis://a%40b:other@[::1]:6379", "redis://[::1]:6379", ("a@b", "p@ss")),
        ("unix://user@/run/valkey.sock?db=0", "unix:///run/valkey.sock?db=0", ("user", "p@ss")),
    ],
)
def test_the_file_wins_over_the_url(tmp_path: Path, given: str, plain: str, credentials: tuple[str, ...]) -> None:
    """Which keeps its user."""
    (tmp_path / "password").write_text("p@ss")
    address = redis_address(given, str(tmp_path / "password"))
    assert (address["url"], address["credential_provider"].get_credentials()) == (plain, credentials)


def test_without_a_file_the_url_is_all() -> None:
    """As it was."""
    assert redis_address("redis://:secret@queue/0") == {"url": "redis://:secret@queue/0"}
    assert read_settings({}).redis_password_file == ""


def test_a_file_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    """And is named."""
    (tmp_path / "password").write_text("x")
    assert read_settings({"ONEHOT_REDIS_PASSWORD_FILE": str(tmp_path / "password")})
    with pytest.raises(SettingsError, match="ONEHOT_REDIS_PASSWORD_FILE: expected a file that can be read") as stopped:
        read_settings({"ONEHOT_REDIS_PASSWORD_FILE": str(tmp_path / "missing")})
    assert "No such file" in str(stopped.value)
