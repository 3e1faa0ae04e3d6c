"""What Schemathesis cannot write by itself; found by SCHEMATHESIS_HOOKS."""

import schemathesis


@schemathesis.serializer("application/jsonl", "application/x-ndjson")
def lines(_, value):
    """The text of the lines, as it stands."""
    return value if isinstance(value, bytes) else str(value).encode()
