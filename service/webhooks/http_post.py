"""One attempt to send a message."""

import time
from http import HTTPStatus
from urllib.parse import urlsplit

import httpx

from models.errors import OnehotError
from service.webhooks.addresses import addresses_of
from service.webhooks.signature import signed_headers
from service.webhooks.subscriptions import Subscription

__all__ = ["NotTaken", "post_message"]

TIMEOUT = httpx.Timeout(10.0, connect=5.0)
MOST_ADDRESSES = 4
"""Of a host, one after the other, as long as none can be connected to: all of it takes less than `TAKEN_S`."""


class NotTaken(OnehotError):
    """A message that its receiver did not take.

    Args:
        reason: Why, in words.
        is_final: Whether it makes no sense to send it again.
    """

    def __init__(self, reason: str, *, is_final: bool = False) -> None:
        self.reason = reason
        self.is_final = is_final
        super().__init__(reason)


def post_message(subscription: Subscription, message_id: str, body: bytes) -> None:
    """Send a message once; redirects are not followed.

    Raises:
        NotTaken: When the receiver does not answer with a status from 200 to 299.
    """
    headers = signed_headers(message_id, body, secrets=subscription.secrets, at_s=int(time.time()))
    host = urlsplit(subscription.url).netloc
    try:
        status = _post(subscription, headers, body)
    except (OSError, httpx.HTTPError, httpx.InvalidURL, OnehotError) as error:
        raise NotTaken(f"{host}: {str(error) or type(error).__name__}") from error
    if not 200 <= status <= 299:
        raise NotTaken(f"{host}: status {status}", is_final=status == HTTPStatus.GONE)


def _post(subscription: Subscription, headers: dict[str, str], body: bytes) -> int:
    """The status of the answer, whose body is not read."""
    addresses = addresses_of(subscription.url, allows_private=subscription.allows_private)
    *others, last = addresses[:MOST_ADDRESSES]
    for address in others:
        try:
            return _post_to(address, subscription.url, headers, body)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            continue  # as of a host with an IPv6 address, where there is no way to one
    return _post_to(last, subscription.url, headers, body)


def _post_to(address: str, url: str, headers: dict[str, str], body: bytes) -> int:
    parts = urlsplit(url)
    sent = {**headers, "Host": parts.netloc, "Content-Type": "application/json", "User-Agent": "onehot-webhooks"}
    extensions = {"sni_hostname": parts.hostname}
    with (
        httpx.Client(timeout=TIMEOUT, trust_env=False) as client,
        client.stream(
            "POST", httpx.URL(url).copy_with(host=address), content=body, headers=sent, extensions=extensions
        ) as answer,
    ):
        return answer.status_code
