"""Parquet files made into a batch, by way of JSON lines that a process of its own writes."""

import subprocess
import sys

from models.errors import InputError, shown
from models.preprocessing.instances import Array, InstanceSpec
from service.decoding.csv_table import OnIgnored
from service.decoding.json_lines import parse_json_lines

__all__ = ["PARQUET", "as_json_lines", "parse_parquet"]

UNREADABLE = 1
"""Exit status of `service.decoding.parquet_lines`; any other but 0 means that it becomes too much."""

PARQUET = "application/vnd.apache.parquet"
ENDS = b"PAR1"
OWN_BYTES = 512 * 1024 * 1024
"""What the process takes before it has read anything; most of it is only addresses."""
EXPANSION = 8
"""Python's objects take more than what they are written as."""
PATIENCE_S = 60.0


def parse_parquet(
    body: bytes, spec: InstanceSpec, *, most_rows: int | None = None, most_bytes: int,
    on_ignored: OnIgnored = lambda _: None,
) -> Array:  # fmt: skip
    """Make a batch of the rows of a Parquet file, whose columns are taken by name.

    Args:
        body: The file.
        spec: What an instance looks like.
        most_rows: One more is read, and shows that there are too many.
        most_bytes: What the rows may become, written as JSON.
        on_ignored: Called with the names of the columns that the model does not know.

    Returns:
        `(batch, *instance shape)` float32, or object where columns hold text.

    Raises:
        InputError: When it is no Parquet file, becomes too much, or does not fit the model.
    """
    if not (body.startswith(ENDS) and body.endswith(ENDS) and len(body) > 2 * len(ENDS)):
        raise InputError(where="body", expected="a .parquet file", received=shown(body[:16]))
    rows = sys.maxsize if most_rows is None else most_rows + 1
    lines = as_json_lines(body, rows=rows, most_bytes=most_bytes)
    return parse_json_lines(lines, spec, most_rows=most_rows, on_ignored=on_ignored)


def as_json_lines(body: bytes, *, rows: int = sys.maxsize, most_bytes: int) -> bytes:
    """The first rows of a Parquet file, each as a JSON object in a line.

    Args:
        body: The file.
        rows: How many at most.
        most_bytes: What they may become.

    Raises:
        InputError: When it cannot be read, or becomes more.
    """
    command = [sys.executable, "-P", "-m", "service.decoding.parquet_lines", str(rows), str(most_bytes),
               str(OWN_BYTES + EXPANSION * most_bytes)]  # fmt: skip
    try:
        done = subprocess.run(command, input=body, capture_output=True, check=False, timeout=PATIENCE_S)
    except subprocess.TimeoutExpired as error:
        expected = f"a .parquet file that is read in {PATIENCE_S:.0f} s"
        raise InputError(where="body", expected=expected, received="a longer one") from error
    if done.returncode == UNREADABLE:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise InputError(where="body", expected="a .parquet file", received=shown(said[-1] if said else "another"))
    if done.returncode:
        expected = f"rows that become at most {most_bytes} bytes (ONEHOT_MAX_BODY_BYTES)"
        raise InputError(where="body", expected=expected, received="a .parquet file that becomes more")
    return done.stdout
