"""What single values have to be: names, quantities, addresses, times, numbers in a range."""

import base64
import binascii
import ipaddress
import re
import zoneinfo
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tests.contract.manifests.api.checks import Check, between, either, mapping, matching

__all__ = [
    "ANNOTATIONS", "BASE64", "CIDR", "CRON", "ENVIRONMENT_NAME", "FIELD_PATH", "FILE_NAME", "HEADER", "HOST", "IMAGE",
    "IP", "LABEL", "LABELS", "LABEL_VALUE", "MODE", "NOT_NEGATIVE", "PATH", "PERCENT_OR_COUNT", "PORT", "PORT_NAME",
    "PORT_OR_NAME", "POSITIVE", "POSITIVE_QUANTITY", "PROMETHEUS_DURATION", "QUALIFIED", "QUANTITY", "RELATIVE_PATH",
    "RESOURCE_PATH", "SECURITY_LEVELS", "SERVICE_NAME", "SUBDOMAIN", "SURGE", "TIME_ZONE", "USER", "quantity",
]  # fmt: skip

_SUFFIXES = {
    "n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3"), "": 1,
    "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15, "E": 10**18,
    "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60,
}  # fmt: skip
_QUANTITY = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+(?![A-Za-z]))?)([A-Za-z]*)", re.ASCII)


def quantity(text: object) -> Decimal:
    """A Kubernetes quantity as a number: `250m` is 0.25, `1Ki` is 1024."""
    found = _QUANTITY.fullmatch(str(text))
    if not found or found[2] not in _SUFFIXES:
        raise ValueError(f"expected a quantity such as 500m or 2Gi; received {text!r}")
    return Decimal(found[1]) * _SUFFIXES[found[2]]


def _quantity(value: Any) -> str | None:
    try:
        return None if quantity(value) >= 0 else "a quantity of at least 0"
    except ValueError:
        return "a quantity such as 500m or 2Gi"


def _positive_quantity(value: Any) -> str | None:
    return _quantity(value) or (None if quantity(value) > 0 else "a quantity above 0")


def _base64(value: Any) -> str | None:
    try:
        base64.b64decode(re.sub(r"[\r\n]", "", value), validate=True)
    except (binascii.Error, TypeError, ValueError):
        return "a text in base64"
    return None


def _ip(value: Any) -> str | None:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return "an address such as 10.0.0.1"
    return None


def _time_zone(value: Any) -> str | None:
    known = zoneinfo.available_timezones() or {value}
    return None if value in known and value not in {"", "Local"} else "a time zone such as Europe/Berlin"


def _cidr(value: Any) -> str | None:
    try:
        ipaddress.ip_network(value)
        counted = re.search(r"/\d{1,3}$", value, re.ASCII)  # Python takes an address alone, and a netmask, too
    except ValueError:
        counted = None
    return None if counted else "a block of addresses such as 10.0.0.0/8"


_CRON_FIELDS = (
    ("minute", 0, 59, ()), ("hour", 0, 23, ()), ("day of the month", 1, 31, ()),
    ("month", 1, 12, ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")),
    ("day of the week", 0, 6, ("sun", "mon", "tue", "wed", "thu", "fri", "sat")),
)  # fmt: skip
_CRON_WORDS = {"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"}
_CRON_PART = re.compile(r"(?:[*?]|(\w+)(?:-(\w+))?)(?:/(\d+))?", re.ASCII)


def _cron(value: Any) -> str | None:
    parts = str(value).split()
    if value in _CRON_WORDS:
        return None
    if len(parts) != len(_CRON_FIELDS):
        return "five fields: minute, hour, day of the month, month, day of the week"
    for text, (name, least, most, names) in zip(parts, _CRON_FIELDS, strict=True):
        if not all(_is_cron_part(part, least, most, names) for part in text.split(",")):
            return f"{name}: {least} to {most}, a list, a range or a step of them; received {text!r}"
    return None


def _is_cron_part(text: str, least: int, most: int, names: tuple[str, ...]) -> bool:
    found = _CRON_PART.fullmatch(text)
    if not found or found[3] == "0":
        return False
    numbers = [_cron_number(word, least, names) for word in found.groups()[:2] if word is not None]
    return all(least <= number <= most for number in numbers) and numbers == sorted(numbers)


def _cron_number(word: str, least: int, names: tuple[str, ...]) -> int:
    if word.lower() in names:
        return names.index(word.lower()) + least
    return int(word) if word.isdigit() else -1


_WORD = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_NAME = r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?"

QUANTITY: Check = _quantity
POSITIVE_QUANTITY: Check = _positive_quantity
BASE64: Check = _base64
IP: Check = _ip
TIME_ZONE: Check = _time_zone
CIDR: Check = _cidr
CRON: Check = _cron
LABEL = matching(_WORD, "lower case letters, digits and -", most=63)
SERVICE_NAME = matching(
    r"[a-z]([-a-z0-9]*[a-z0-9])?", "lower case letters, digits and -, beginning with a letter", most=63
)
SUBDOMAIN = matching(rf"{_WORD}(\.{_WORD})*", "lower case letters, digits, - and .")
HOST = matching(rf"(\*\.)?(?!\d+\.\d+\.\d+\.\d+$){_WORD}(\.{_WORD})*", "a host name and no address")
PORT_NAME = matching(r"(?=.*[a-z])(?!.*--)[a-z0-9]([-a-z0-9]*[a-z0-9])?",
                     "the name of a port: lower case letters, digits and single -", most=15)  # fmt: skip
LABEL_VALUE = matching(rf"({_NAME})?", "the value of a label: letters, digits, -, _ and .", most=63)
QUALIFIED = matching(rf"(?:{_WORD}(\.{_WORD})*/)?(?=[^/]{{1,63}}$){_NAME}",
                     "a name such as example.com/part, the part of at most 63 characters", most=317)  # fmt: skip
ENVIRONMENT_NAME = matching(r"[-._a-zA-Z][-._a-zA-Z0-9]*", "the name of a variable")
FILE_NAME = matching(r"(?!\.\.?$)[-._a-zA-Z0-9]+", "a key: letters, digits, -, _ and .")
HEADER = matching(r"[-A-Za-z0-9]+", "the name of a header")
IMAGE = matching(r"[^\s]+", "the name of an image, without blanks", most=1024)
FIELD_PATH = matching(
    r"metadata\.(name|namespace|uid|(labels|annotations)(\['[^']+'\])?)|spec\.(nodeName|serviceAccountName)"
    r"|status\.(hostIPs?|podIPs?)", "a field of the pod such as metadata.name")  # fmt: skip
RESOURCE_PATH = matching(r"(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-\w+)", "such as limits.memory")
PATH = matching(r"/[^:]*", "an absolute path without :", most=4096)
RELATIVE_PATH = matching(r"(?!/)(?!(?:.*/)?\.\.(?:/|$)).+", "a path from there on, without ..", most=4096)
PROMETHEUS_DURATION = matching(r"0|(?=.)(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?", "a time such as 15s")

POSITIVE = between(1)
NOT_NEGATIVE = between(0)
PORT = between(1, 65535)
USER = between(0, 2**31 - 1)
MODE = between(0, 0o777)
PORT_OR_NAME = either(PORT, PORT_NAME)
PERCENT_OR_COUNT = either(NOT_NEGATIVE, matching(r"(100|[1-9]?\d)%", "a percentage up to 100%"))
SURGE = either(NOT_NEGATIVE, matching(r"\d+%", "a percentage"))
LABELS = mapping(QUALIFIED, LABEL_VALUE)
ANNOTATIONS = mapping(lambda key: QUALIFIED(key.lower()), lambda value: None if isinstance(value, str) else "a text")


def _security_levels(labels: Mapping[str, str]) -> str | None:
    """The labels of a namespace that say which pods it takes."""
    for name, value in labels.items():
        kind = name.removeprefix("pod-security.kubernetes.io/")
        if kind != name and not _SECURITY["version" if kind.endswith("-version") else "level"].fullmatch(value):
            return f"{name}: privileged, baseline or restricted; of a version: latest or v1.31"
    return None


_SECURITY = {"level": re.compile("privileged|baseline|restricted"), "version": re.compile(r"latest|v1\.\d+")}
SECURITY_LEVELS = _security_levels
