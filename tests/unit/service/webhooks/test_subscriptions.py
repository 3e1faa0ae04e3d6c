import json

import pytest

from models.queue.webhook_messages import KINDS
from service.webhooks.subscriptions import WebhooksError, read_subscriptions

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
WEBHOOK = {"url": "https://example.org/hook", "secret": SECRET}


@pytest.fixture
def read(tmp_path):
    """Reads a file with this document in it."""

    def read(document) -> tuple:
        path = tmp_path / "webhooks.yaml"
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        return read_subscriptions(path)

    return read


def test_yaml_and_json_are_read(read) -> None:
    """Every kind, where none is named."""
    (one,) = read(f"webhooks:\n  - url: https://example.org/hook\n    secret: {SECRET}\n")
    (same,) = read({"webhooks": [WEBHOOK]})
    assert one == same
    assert one.kinds == set(KINDS)
    assert not one.allows_private


@pytest.mark.parametrize(
    ("change", "message"),
    [({"url": "http://example.org"}, "webhooks.0.url: expected an https address"),
     ({"url": "ftp://example.org"}, "webhooks.0.url: expected an https address"),
     ({"url": "https://me:you@example.org"}, "webhooks.0.url: expected an https address"),
     ({"url": "https://example.org:0"}, "webhooks.0.url: expected an https address"),
     ({"secret": "hunter2"}, "webhooks.0.secret: expected whsec_ and base64 of 24 to 64 bytes"),
     ({"kinds": ["version published"]}, "webhooks.0.kinds: expected some of version.published"),
     ({"kinds": []}, "webhooks.0.kinds: expected some of"),
     ({"allow_private": "yes"}, "webhooks.0.allow_private: expected true or false"),
     ({"uri": "https://example.org"}, "webhooks.0: expected url, secret and")],
)  # fmt: skip
def test_what_is_wrong_is_named(read, change, message) -> None:
    """With its place; a secret is never shown."""
    with pytest.raises(WebhooksError) as raised:
        read({"webhooks": [WEBHOOK | change]})
    assert message in str(raised.value)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("text", ["", "[]", "webhooks: 3", "webhooks: [", "webhooks: []\nmore: 1"])
def test_a_file_that_is_none_is_refused(read, text) -> None:
    """Whatever else it is."""
    with pytest.raises(WebhooksError, match=r"webhooks\.yaml: expected"):
        read(text)


def test_an_address_comes_once(read) -> None:
    """Its key would name two."""
    with pytest.raises(WebhooksError, match="each url once"):
        read({"webhooks": [WEBHOOK, WEBHOOK]})
