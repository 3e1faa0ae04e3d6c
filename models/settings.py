"""Settings: one table of environment variables, read once by each process where it starts.

The table in the README is this one; a test says so.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from models.errors import OnehotError
from models.sources.known_sources import OBJECT_STORES

__all__ = ["PREFIX", "SETTINGS", "Setting", "Settings", "SettingsError", "read_settings"]

PREFIX = "ONEHOT_"
LOG_FORMATS = ("auto", "console", "json")
LOG_LEVELS = ("debug", "info", "warning", "error")
ADDRESS = re.compile(r"(?:\[[0-9a-fA-F:]+\]|[^:\s]+):(\d{1,5})", re.ASCII)
LAST_PORT = 65535
LOCAL = ("file", "unix")
"""Schemes of URLs that name a path and no host."""


class SettingsError(OnehotError):
    """Environment variables that stop the start."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__("\n".join(f"{name}: {message}" for name, message in self.problems.items()))


class _Paths(fields.Field[tuple[str, ...]]):
    """Folders separated by `:`."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[str, ...]:
        del attr, data, kwargs
        return tuple(part for part in str(value).split(":") if part)


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table."""

    name: str
    default: str
    meaning: str
    field: fields.Field[Any]

    @property
    def variable(self) -> str:
        """The environment variable."""
        return PREFIX + self.name.upper()


def _whole(lowest: int, highest: int) -> fields.Field[Any]:
    message = f"expected a whole number from {lowest} to {highest}"
    bounds = validate.Range(lowest, highest, error=message)
    return fields.Integer(validate=bounds, error_messages={"invalid": message})


def _seconds(lowest: float, highest: float) -> fields.Field[Any]:
    message = f"expected seconds from {lowest:g} to {highest:g}"
    return fields.Float(validate=validate.Range(lowest, highest, error=message), error_messages={"invalid": message})


def _one_of(*words: str) -> fields.Field[Any]:
    return fields.String(validate=validate.OneOf(words, error=f"expected one of {', '.join(words)}"))


def _address() -> fields.Field[Any]:
    def check(text: str) -> None:
        found = ADDRESS.fullmatch(text)
        if found is None or int(found[1]) > LAST_PORT:
            raise ValidationError(f"expected HOST:PORT with a port up to {LAST_PORT}")

    return fields.String(validate=check)


def _url(*schemes: str, error: str, paths: bool = False) -> fields.Field[Any]:
    """A URL of one of these schemes; also a path, where there may be one."""

    def check(text: str) -> None:
        if not (paths and "://" not in text) and not _is_url(text, schemes):
            raise ValidationError(error)

    return fields.String(validate=check)


def _is_url(text: str, schemes: Collection[str]) -> bool:
    try:
        parts = urlsplit(text)
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        return False
    return parts.scheme in schemes and has_port and bool(parts.hostname or (parts.scheme in LOCAL and parts.path))


def _text() -> fields.Field[Any]:
    return fields.String(validate=validate.Length(min=1, error="expected text"))


SETTINGS = (
    Setting("store", "var/store", "Where versions are: a folder, or an object store by URL (`s3://` …)",
            _url("file", *OBJECT_STORES, paths=True, error="expected a folder, s3://BUCKET, gs://BUCKET or az://CONTAINER")),
    Setting("redis_url", "redis://127.0.0.1:6379/0", "The queue's server (Redis protocol), password included",
            _url("redis", "rediss", "unix", error="expected redis://HOST:PORT/0, rediss:// or unix://PATH")),
    Setting("bind", "127.0.0.1:8501", "Address of the service", _address()),
    Setting("url", "http://<bind>", "Address of the service for the command line",
            _url("http", "https", error="expected http://HOST:PORT or https://HOST")),
    Setting("api_key", "", "Key that the command line sends", fields.String()),
    Setting("api_keys_file", "", "File of the accepted keys; without one, loopback only", fields.String()),
    Setting("workers", "2", "Processes of the service", _whole(1, 256)),
    Setting("max_body_bytes", "67108864", "Largest body of a request, in bytes", _whole(1, 2**40)),
    Setting("max_rows", "65536", "Most instances in one request", _whole(1, 2**31 - 1)),
    Setting("max_in_flight", "256", "Requests that one process answers at one time", _whole(1, 2**20)),
    Setting("request_timeout_s", "30", "Seconds that a request may take", _seconds(0.01, 3600)),
    Setting("data_roots", ".", "Folders that training data may be read from, separated by `:`", _Paths()),
    Setting("poll_s", "1", "Seconds between two looks at the store", _seconds(0.05, 3600)),
    Setting("full_poll_s", "10", "Seconds between two full listings of it, which find what others put there",
            _seconds(0, 86400)),
    Setting("keep_versions", "2", "Newest versions of a model that are loaded, beside the labelled", _whole(1, 1000)),
    Setting("cache", "~/.cache/onehot", "Folder for files of an object store that were verified", _text()),
    Setting("cache_bytes", "1073741824", "Most bytes in that folder; 0 keeps none", _whole(0, 2**50)),
    Setting("memory_bytes", "0", "Most memory for all processes of the service; 0: what the machine or container has",
            _whole(0, 2**50)),
    Setting("checkpoint_s", "30", "Seconds between two checkpoints of a training", _seconds(0, 3600)),
    Setting("leave_s", "1", "Seconds after SIGTERM in which `/readyz` says 503 and everything is still answered",
            _seconds(0, 3600)),
    Setting("drain_s", "30", "Seconds that requests in flight then have to end", _seconds(0, 3600)),
    Setting("log_format", "auto", "`console`, `json`, or `auto`: console on a terminal", _one_of(*LOG_FORMATS)),
    Setting("log_level", "info", "`debug`, `info`, `warning` or `error`", _one_of(*LOG_LEVELS)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting, with its unit in its name where it has one."""

    store: str = "var/store"
    redis_url: str = "redis://127.0.0.1:6379/0"
    bind: str = "127.0.0.1:8501"
    url: str = ""
    api_key: str = ""
    api_keys_file: str = ""
    workers: int = 2
    max_body_bytes: int = 64 * 2**20
    max_rows: int = 65536
    max_in_flight: int = 256
    request_timeout_s: float = 30.0
    data_roots: tuple[str, ...] = (".",)
    poll_s: float = 1.0
    full_poll_s: float = 10.0
    keep_versions: int = 2
    cache: str = "~/.cache/onehot"
    cache_bytes: int = 2**30
    memory_bytes: int = 0
    checkpoint_s: float = 30.0
    leave_s: float = 1.0
    drain_s: float = 30.0
    log_format: str = "auto"
    log_level: str = "info"

    @property
    def host(self) -> str:
        """The host of `bind`, without the brackets of an IPv6 address."""
        return self.bind.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port of `bind`."""
        return int(self.bind.rpartition(":")[2])


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings from environment variables; an empty one counts as not set.

    Raises:
        SettingsError: Names every variable that is unknown or cannot be read.
    """
    known = {setting.variable: setting for setting in SETTINGS}
    given = {name: value for name, value in environment.items() if name.startswith(PREFIX)}
    problems = {name: f"expected one of {', '.join(known)}; received an unknown variable"
                for name in given if name not in known}  # fmt: skip
    values = {known[name].name: value for name, value in given.items() if name in known and value}
    loaded: dict[str, Any] = {}
    try:
        loaded = _schema().load(values)
    except ValidationError as error:
        messages: Mapping[str, Any] = error.messages_dict
        problems |= {PREFIX + name.upper(): f"{said[0]}; received {_shown(name, values[name])}"
                     for name, said in messages.items()}  # fmt: skip
    if problems:
        raise SettingsError(problems)
    settings = Settings(**loaded)
    return settings if settings.url else replace(settings, url=f"http://{settings.bind}")


def _shown(name: str, value: str) -> str:
    """What came, without a password that may be in it."""
    if name == "redis_url" and "@" in value:
        return repr(f"…@{value.rpartition('@')[2]}")
    return repr(value)


def _schema() -> Schema:
    return Schema.from_dict({setting.name: setting.field for setting in SETTINGS})(unknown=EXCLUDE)
