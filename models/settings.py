"""Settings: environment variables, read once by each process where it starts.

A test holds the table in the README to them.
"""

import ipaddress
import os
import re
import tempfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from dataclasses import fields as fields_of
from pathlib import Path
from typing import Annotated, Any, get_type_hints
from urllib.parse import urlsplit

from marshmallow import ValidationError, fields, validate

from models.dataclass_schema import schema_of
from models.errors import OnehotError, reason_of
from models.names import MODEL
from models.queue.names import FAILURE_TTL_S, RESULT_TTL_S
from models.service_links import is_service_link
from models.sources.known_sources import OBJECT_STORES

__all__ = ["PREFIX", "SETTINGS", "Setting", "Settings", "SettingsError", "is_loopback", "read_settings"]

PREFIX = "ONEHOT_"
LOG_FORMATS = ("auto", "console", "json")
LOG_LEVELS = ("debug", "info", "warning", "error")
ADDRESS = re.compile(r"(?:\[[0-9a-fA-F:]+\]|[^:\s]+):(\d{1,5})", re.ASCII)
LAST_PORT = 65535
PATHS = ("store", "redis_password_file", "api_keys_file", "webhooks_file", "data_roots", "cache")
"""Settings whose values are paths, of which each may begin with `~`."""
HOST_NAME = re.compile(r"\*|\[[0-9a-f:.]+\]|[a-z0-9_]([a-z0-9_.-]*[a-z0-9])?", re.ASCII)
ORIGIN = re.compile(r"https?://(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(:\d{1,5})?", re.ASCII)
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


class _Listed(fields.Field[tuple[str, ...]]):
    """Words separated by commas, in lower case.

    Args:
        pattern: Of one word.
        expected: What the words are, in words.
    """

    def __init__(self, pattern: re.Pattern[str], expected: str) -> None:
        super().__init__()
        self._pattern, self._expected = pattern, expected

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[str, ...]:
        del attr, data, kwargs
        words = tuple(word for part in str(value).split(",") if (word := part.strip().lower()))
        if not all(map(self._pattern.fullmatch, words)):
            raise ValidationError(f"expected {self._expected}")
        return words


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


def _readable_file() -> fields.Field[Any]:
    def check(text: str) -> None:
        try:
            Path(text).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise ValidationError(f"expected a file that can be read ({reason_of(error)})") from error

    return fields.String(validate=check)


def _url(expected: str, *schemes: str, paths: bool = False) -> fields.Field[Any]:
    """A URL of one of these schemes; also a path, where there may be one."""

    def check(text: str) -> None:
        if not (paths and "://" not in text) and not _is_url(text, schemes):
            raise ValidationError(f"expected {expected}")

    return fields.String(validate=check)


def _is_url(text: str, schemes: Collection[str]) -> bool:
    try:
        parts = urlsplit(text)
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        return False
    return parts.scheme in schemes and has_port and bool(parts.hostname or (parts.scheme in LOCAL and parts.path))


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting, with its unit in its name where it has one: its type, its meaning, what reads it, its default."""

    # fmt: off
    store: Annotated[str, "Where versions are: a folder, or an object store by URL (`s3://` …)",
                     _url("a folder, s3://BUCKET, gs://BUCKET or az://CONTAINER", "file", *OBJECT_STORES, paths=True),
                     ] = "var/store"
    redis_url: Annotated[str, "The queue's server (Redis protocol), password included",
                         _url("redis://HOST:PORT/0, rediss:// or unix://PATH", "redis", "rediss", "unix"),
                         ] = "redis://127.0.0.1:6379/0"
    redis_password_file: Annotated[str, "File of its password, instead of one in the URL; read at every connection, so "
                                   "that it may change", _readable_file()] = ""
    result_ttl_s: Annotated[int, "Seconds that the queue keeps a job that finished; its record stays in the store",
                            _whole(60, 10**9)] = RESULT_TTL_S
    failure_ttl_s: Annotated[int, "Seconds that it keeps one that failed or was canceled",
                             _whole(60, 10**9)] = FAILURE_TTL_S
    bind: Annotated[str, "Address of the service", _address()] = "127.0.0.1:8501"
    url: Annotated[str, "Address of the service for the command line",
                   _url("http://HOST:PORT or https://HOST", "http", "https")] = ""
    api_key: Annotated[str, "Key that the command line sends", fields.String()] = ""
    api_keys_file: Annotated[str, "File of the accepted keys; without one, loopback only", fields.String()] = ""
    webhooks_file: Annotated[str, "File of the addresses that are told what happens; without one, none",
                             fields.String()] = ""
    allowed_hosts: Annotated[tuple[str, ...], "Without keys: names, beside loopback's, by which callers may reach what "
                             "changes something, separated by `,`; `*`: any",
                             _Listed(HOST_NAME, "host names without scheme and port, separated by `,`")] = ()
    cors_origins: Annotated[tuple[str, ...], "Origins (`https://app.example.org`) whose pages may call the service, "
                            "separated by `,`",
                            _Listed(ORIGIN, "origins such as https://app.example.org, separated by `,`")] = ()
    workers: Annotated[int, "Processes of the service", _whole(1, 256)] = 2
    max_body_bytes: Annotated[int, "Largest body of a request, in bytes", _whole(1, 2**40)] = 64 * 2**20
    max_rows: Annotated[int, "Most instances in one request", _whole(1, 2**31 - 1)] = 65536
    max_in_flight: Annotated[int, "Requests that one process answers at one time", _whole(1, 2**20)] = 256
    request_timeout_s: Annotated[float, "Seconds that a request may take; of an upload, each piece of it",
                                 _seconds(0.01, 3600)] = 30.0
    data_roots: Annotated[tuple[str, ...], "Folders that training data may be read from, separated by `:`",
                          _Paths()] = (".",)
    max_data_bytes: Annotated[int, "Most bytes that a compressed file of data may become when it is read",
                              _whole(1, 2**50)] = 2**31
    max_network_bytes: Annotated[int, "Most bytes that a network's weights, gradients and optimizer may take",
                                 _whole(1, 2**50)] = 2**34
    max_gpus: Annotated[int, "Most GPUs that a training may ask for; 0: as many as the largest worker has, where one "
                        "is there", _whole(0, 64)] = 0
    poll_s: Annotated[float, "Seconds between two looks at the store", _seconds(0.05, 3600)] = 1.0
    full_poll_s: Annotated[float, "Seconds between two full listings of it, which find what others put there",
                           _seconds(0, 86400)] = 10.0
    keep_versions: Annotated[int, "Newest versions of a model that are loaded, beside the labelled",
                             _whole(1, 1000)] = 2
    cache: Annotated[str, "Folder for files of an object store that were verified",
                     fields.String(validate=validate.Length(min=1, error="expected text"))] = "~/.cache/onehot"
    cache_bytes: Annotated[int, "Most bytes in that folder; 0 keeps none", _whole(0, 2**50)] = 2**30
    memory_bytes: Annotated[int, "Most memory for all processes of the service; 0: what the machine or container has",
                            _whole(0, 2**50)] = 0
    ready_models: Annotated[tuple[str, ...], "Models without which the service is not ready, separated by `,`",
                            _Listed(MODEL, "names of models, separated by `,`")] = ()
    checkpoint_s: Annotated[float, "Seconds between two checkpoints of a training", _seconds(0, 3600)] = 30.0
    leave_s: Annotated[float, "Seconds after SIGTERM in which `/readyz` says 503 and everything is still answered",
                       _seconds(0, 3600)] = 1.0
    drain_s: Annotated[float, "Seconds that requests in flight then have to end", _seconds(0, 3600)] = 30.0
    log_format: Annotated[str, "`console`, `json`, or `auto`: console on a terminal", _one_of(*LOG_FORMATS)] = "auto"
    log_level: Annotated[str, "`debug`, `info`, `warning` or `error`", _one_of(*LOG_LEVELS)] = "info"
    # fmt: on

    @property
    def host(self) -> str:
        """The host of `bind`, without the brackets of an IPv6 address."""
        return self.bind.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port of `bind`."""
        return int(self.bind.rpartition(":")[2])


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the README's table."""

    name: str
    default: str
    meaning: str

    @property
    def variable(self) -> str:
        """The environment variable."""
        return PREFIX + self.name.upper()


def _rows() -> Iterator[Setting]:
    hints = get_type_hints(Settings, include_extras=True)
    for field in fields_of(Settings):
        default = "http://<bind>" if field.name == "url" else _as_variable(field.default)
        yield Setting(field.name, default, hints[field.name].__metadata__[0])


def _as_variable(value: Any) -> str:
    if isinstance(value, tuple):
        return ":".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


SETTINGS = tuple(_rows())


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address; names other than `localhost` do not count."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings from environment variables; an empty one counts as not set, service links are passed over.

    Raises:
        SettingsError: Names every variable that is unknown or cannot be read.
    """
    known = {setting.variable: setting.name for setting in SETTINGS}
    given = {name: value for name, value in environment.items()
             if name.startswith(PREFIX) and (name in known or not is_service_link(name, value))}  # fmt: skip
    problems = {name: f"expected one of {', '.join(known)}; received an unknown variable"
                for name in given if name not in known}  # fmt: skip
    values = {known[name]: _expanded(known[name], value) for name, value in given.items() if name in known and value}
    problems |= {PREFIX + name.upper(): f"expected a path; received {value!r}, and there is no such home folder"
                 for name, value in values.items() if _has_tilde(name, value)}  # fmt: skip
    loaded: dict[str, Any] = {}
    try:
        loaded = schema_of(Settings).load(values)
    except ValidationError as error:
        problems |= {PREFIX + name.upper(): f"{messages[0]}; received {_shown(name, values[name])}"
                     for name, messages in error.messages_dict.items()}  # fmt: skip
    if problems:
        raise SettingsError(problems)
    settings = _with_cache_folder(Settings(**loaded))
    return settings if settings.url else replace(settings, url=f"http://{settings.bind}")


def _expanded(name: str, value: str) -> str:
    """A value with the home folder for `~`."""
    return ":".join(map(os.path.expanduser, value.split(":"))) if name in PATHS else value


def _has_tilde(name: str, value: str) -> bool:
    return name in PATHS and any(part.startswith("~") for part in value.split(":"))


def _with_cache_folder(settings: Settings) -> Settings:
    """The same with the folder of the cache; a temporary one for a user without a home."""
    folder = _expanded("cache", settings.cache)
    if _has_tilde("cache", folder):
        folder = f"{tempfile.gettempdir()}/onehot-{os.getuid()}"
    return replace(settings, cache=folder)


def _shown(name: str, value: str) -> str:
    """The value, without a password that may be in it."""
    if name == "redis_url" and "@" in value:
        return repr(f"…@{value.rpartition('@')[2]}")
    return repr(value)
