"""Bodies other than JSON made into a batch: arrays, tables and images."""

import re

import numpy as np
from werkzeug.http import parse_options_header

from models.errors import shown
from models.preprocessing.instances import UPRIGHT, Array, InstanceSpec
from models.settings import Settings
from service.decoding.csv_table import OnIgnored, parse_csv
from service.decoding.images import decode_image
from service.decoding.json_lines import parse_json_lines
from service.decoding.npy import NPY, parse_npy
from service.decoding.npz import NPZ, parse_npz
from service.decoding.parquet_table import PARQUET, parse_parquet
from service.errors import UnsupportedBody

__all__ = ["BATCH_TYPES", "MOST_BYTES", "parse_batch"]

IMAGE_TYPES = ("image/png", "image/jpeg", "image/webp", "image/bmp", "image/gif")
BATCH_TYPES = (
    NPY, NPZ, "text/csv", "text/tab-separated-values", "application/jsonl", "application/x-ndjson",
    PARQUET, *IMAGE_TYPES,
)  # fmt: skip
MOST_BYTES = Settings().max_body_bytes
HEADER_PARAMETER = re.compile(r";\s*header\s*=\s*\"?(present|absent)\"?\s*(?:;|\Z)", re.IGNORECASE)


def parse_batch(  # noqa: PLR0913 -- each says how one kind of body is read
    body: bytes, content_type: str, spec: InstanceSpec, *, resized: bool = False, orientation: str = UPRIGHT,
    most_rows: int | None = None, most_bytes: int = MOST_BYTES, on_ignored: OnIgnored = lambda _: None,
) -> Array:  # fmt: skip
    """Make a batch of a body in one of `BATCH_TYPES`.

    Args:
        body: As it came, decompressed.
        content_type: The header; of its parameters only `header` and `charset` of CSV say anything here.
        spec: What an instance looks like.
        resized: Whether an image of another size is brought to the model's.
        orientation: How an image is turned, as for `models.preprocessing.images.decode_image`.
        most_rows: Of a table; one more is read, and shows that there are too many.
        most_bytes: What the features of an archive may become.
        on_ignored: Called with the names of a table's columns that the model does not know.

    Returns:
        `(batch, *instance shape)` float32, or object where columns hold text.

    Raises:
        InputError: When the body is not of its type or does not fit the model.
        UnsupportedBody: For another type.
    """
    match kind := content_type.partition(";")[0].strip().lower():
        case "application/x-npy":
            return parse_npy(body, spec)
        case "application/x-npz":
            return parse_npz(body, spec, most_bytes=most_bytes)
        case "text/csv" | "text/tab-separated-values":
            charset = parse_options_header(content_type)[1].get("charset")
            return parse_csv(
                body, spec, has_header=_stated_header(content_type), charset=charset, most_rows=most_rows,
                on_ignored=on_ignored,
            )  # fmt: skip
        case "application/jsonl" | "application/x-ndjson":
            return parse_json_lines(body, spec, most_rows=most_rows, on_ignored=on_ignored)
        case "application/vnd.apache.parquet":
            return parse_parquet(body, spec, most_rows=most_rows, most_bytes=most_bytes, on_ignored=on_ignored)
        case _ if kind in IMAGE_TYPES:
            return decode_image(body, spec, where="body", resized=resized, orientation=orientation)[np.newaxis]
    raise UnsupportedBody(expected=f"one of {', '.join(BATCH_TYPES)}", received=shown(content_type))


def _stated_header(content_type: str) -> bool | None:
    """The parameter `header` of RFC 4180."""
    stated = HEADER_PARAMETER.search(content_type)
    return None if stated is None else stated[1].lower() == "present"
