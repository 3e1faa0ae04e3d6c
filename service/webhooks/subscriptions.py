"""The file that says where webhooks go (`ONEHOT_WEBHOOKS_FILE`).

webhooks:
- url: https://example.org/onehot
secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
kinds: [version.published, rollout.end]
allow_private: false
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from models.errors import Misfit, shown
from models.queue.webhook_messages import KINDS
from service.webhooks.signature import is_secret

__all__ = ["Subscription", "WebhooksError", "read_subscriptions"]

FIELDS = frozenset({"url", "secret", "kinds", "allow_private"})
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class WebhooksError(Misfit):
    """A file of webhooks that cannot be used; `where` is its path and the place in it."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """One address and what it wants to hear.

    Args:
        url: Where messages are posted.
        secrets: `whsec_` and base64; a message is signed with each, so that one can follow the other.
        kinds: Of messages.
        allows_private: Whether the address may be one of a private network.
    """

    url: str
    secrets: tuple[str, ...]
    kinds: frozenset[str] = frozenset(KINDS)
    allows_private: bool = False

    @property
    def key(self) -> str:
        """Names the address in what waits for it."""
        return hashlib.sha256(self.url.encode()).hexdigest()[:16]


def read_subscriptions(path: Path) -> tuple[Subscription, ...]:
    """Read a file of webhooks, YAML or JSON.

    Raises:
        WebhooksError: Names the first thing that is wrong in it.
    """
    try:
        document = YAML(typ="safe", pure=True).load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise WebhooksError(where=str(path), expected="a readable YAML file", received=_first_line(error)) from error
    listed = document.get("webhooks") if isinstance(document, dict) else None
    if not isinstance(listed, list) or set(document) != {"webhooks"}:
        raise WebhooksError(where=str(path), expected="`webhooks:` and a list", received=shown(document))
    found = tuple(_subscription(one, f"{path}: webhooks.{index}") for index, one in enumerate(listed))
    if len({one.key for one in found}) != len(found):
        raise WebhooksError(where=str(path), expected="each url once", received="one twice")
    return found


def _subscription(fields: Any, where: str) -> Subscription:
    if not isinstance(fields, dict) or not {"url", "secret"} <= set(fields) <= FIELDS:
        expected = f"url, secret and, if need be, {', '.join(sorted(FIELDS - {'url', 'secret'}))}"
        received = ", ".join(map(str, fields)) if isinstance(fields, dict) else shown(fields)
        raise WebhooksError(where=where, expected=expected, received=received)
    allows_private = fields.get("allow_private", False)
    if not isinstance(allows_private, bool):
        raise WebhooksError(where=f"{where}.allow_private", expected="true or false", received=shown(allows_private))
    return Subscription(_url(fields, where), _secrets(fields, where), _kinds(fields, where), allows_private)


def _url(fields: Mapping[str, Any], where: str) -> str:
    url = str(fields["url"])
    expected = "an https address, or http within this machine"
    try:
        parts = urlsplit(url)
        is_right = parts.port != 0 and (parts.scheme == "https" or (parts.scheme == "http" and _is_near(fields, parts)))
    except ValueError:
        is_right = False
    if not is_right or not parts.hostname or parts.username is not None or parts.fragment:
        raise WebhooksError(where=f"{where}.url", expected=expected, received=shown(url))
    return url


def _is_near(fields: Mapping[str, Any], parts: Any) -> bool:
    """Whether nothing is sent over a public network without encryption."""
    return fields.get("allow_private") is True or parts.hostname in LOOPBACK


def _secrets(fields: Mapping[str, Any], where: str) -> tuple[str, ...]:
    secrets = tuple(str(fields["secret"]).split())
    if not secrets or not all(map(is_secret, secrets)):  # what was received is a secret
        expected = "whsec_ and base64 of 24 to 64 bytes; two, separated by a space, while one follows the other"
        raise WebhooksError(where=f"{where}.secret", expected=expected, received="something else")
    return secrets


def _kinds(fields: Mapping[str, Any], where: str) -> frozenset[str]:
    kinds = fields.get("kinds", list(KINDS))
    if not isinstance(kinds, list) or not kinds or not all(one in KINDS for one in kinds):
        unknown = [one for one in kinds if one not in KINDS] if isinstance(kinds, list) else kinds
        raise WebhooksError(where=f"{where}.kinds", expected=f"some of {', '.join(KINDS)}", received=shown(unknown))
    return frozenset(kinds)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
