"""What Schemathesis cannot write by itself; found by SCHEMATHESIS_HOOKS."""

import schemathesis


@schemathesis.serializer("application/jsonl", "application/x-ndjson")
def lines(_, value):
    """The text of the lines, as it stands."""
    return value if isinstance(value, bytes) else str(value).encode()


@schemathesis.hook
def filter_case(_, case):
    """Any text is a file of CSV: `{}` names a column. A value that is no text cannot be sent as one."""
    return case.media_type != "text/csv" or not isinstance(case.body, dict | list | int | float | None)
