"""Signatures of webhooks.

Source:
    Standard Webhooks 1.0.0, https://github.com/standard-webhooks/standard-webhooks: the headers `webhook-id`,
    `webhook-timestamp` and `webhook-signature`; HMAC-SHA256 of `id.timestamp.body`.
"""

import base64
import binascii
import hmac
from collections.abc import Sequence

__all__ = ["is_secret", "signed_headers"]

PREFIX = "whsec_"
LEAST_BYTES, MOST_BYTES = 24, 64


def is_secret(text: str) -> bool:
    """Whether a text is a secret: the prefix, then base64 of 24 to 64 bytes."""
    try:
        return text.startswith(PREFIX) and LEAST_BYTES <= len(_key(text)) <= MOST_BYTES
    except binascii.Error:
        return False


def signed_headers(message_id: str, body: bytes, *, secrets: Sequence[str], at_s: int) -> dict[str, str]:
    """The headers of a message: its id, the time in seconds since 1970, a signature for each secret."""
    signed = f"{message_id}.{at_s}.".encode() + body
    signatures = [base64.b64encode(hmac.digest(_key(secret), signed, "sha256")).decode() for secret in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": " ".join(f"v1,{one}" for one in signatures),
    }


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
