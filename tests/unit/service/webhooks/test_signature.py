import base64
import hmac

import pytest

from service.webhooks.signature import is_secret, signed_headers

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_the_example_of_the_specification_has_its_signature() -> None:
    """The test vector of Standard Webhooks' libraries."""
    headers = signed_headers("msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', secrets=[SECRET], at_s=1614265330)
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_two_secrets_give_two_signatures() -> None:
    """While one follows the other, a receiver may know either."""
    other = "whsec_" + base64.b64encode(bytes(range(32))).decode()
    first, second = signed_headers("m", b"{}", secrets=[SECRET, other], at_s=5)["webhook-signature"].split()
    expected = hmac.digest(bytes(range(32)), b"m.5.{}", "sha256")
    assert second == f"v1,{base64.b64encode(expected).decode()}"
    assert first != second


@pytest.mark.parametrize("text", ["", "whsec_", "whsec_abc", "whsec_!!!!", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
def test_what_is_no_secret_is_seen(text) -> None:
    """Too short, not base64, or without the prefix."""
    assert not is_secret(text)
