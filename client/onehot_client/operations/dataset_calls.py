"""Uploaded data sets."""

import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from onehot_client.errors import InvalidInput
from onehot_client.http.calls import Body, Call, Document, Steps
from onehot_client.lazy_numpy import np
from onehot_client.operations.paths import paged, params_of, part
from onehot_client.resources import Dataset
from onehot_client.rows.frames import is_frame

__all__ = ["DatasetOperations"]

BINARY = "application/octet-stream"
PIECE_BYTES = 2**20


class DatasetOperations:
    """Uploaded data sets, which specs name as `dataset://…`."""

    def upload(self, data: Any, *, name: str | None = None) -> Steps[Dataset]:
        """Keep data under its digest, and let a name mean it from now on.

        Args:
            data: The path of a file; bytes of one; arrays by name, which become an `.npz` file; or a frame of pandas or
                polars, which becomes a CSV file.
            name: Its ending says what kind of file it is; needed where `data` is no path.

        Returns:
            The data set: a spec says `source: …` with its `source`.

        Raises:
            InvalidInput: When there is no such file, or no name.
            TooLarge: When it is more than the service takes.
        """
        if isinstance(data, (str, Path)):
            found = yield from _uploaded(_opened(Path(data)), name or Path(data).name)
        elif isinstance(data, Mapping):
            found = yield from _uploaded_arrays(data, _named(name, "data.npz"))
        else:
            found = yield from _uploaded(_held(data), _named(name, "data.csv"))
        return found

    def datasets(self) -> Steps[list[Dataset]]:
        """Every uploaded data set, by name."""
        documents = yield from paged("/v1/datasets", "datasets", {}, most=None)
        return [Dataset.of(document) for document in documents]

    def dataset(self, reference: str) -> Steps[Dataset]:
        """The data set that a name or a digest means."""
        response = yield Call("GET", f"/v1/datasets/{part(reference)}")
        return Dataset.of(response.document("source"))

    def preview(
        self, reference: str, *, target: str | None = None, csv: Mapping[str, Any] | None = None
    ) -> Steps[Document]:
        """What is to be known of a data set before it is trained on: columns, gaps, classes, what stands out.

        Args:
            reference: A name or a digest.
            target: The column or array that is to be predicted; else one with a usual name, else the last column.
            csv: How a file of text is read: `separator`, `decimal`, `encoding`, `header`, as `data.csv` of a spec.
        """
        params = params_of(target=target, **(csv or {}))
        response = yield Call("GET", f"/v1/datasets/{part(reference)}/preview", params=params)
        return response.document()

    def delete_dataset(self, reference: str) -> Steps[list[str]]:
        """Delete the data set that a name or a digest means; versions that were trained on it stay.

        Returns:
            A few of the versions that were trained on it, as `model/version`.

        Raises:
            Conflict: While a job that waits or runs reads it.
        """
        response = yield Call("DELETE", f"/v1/datasets/{part(reference)}", is_repeatable=False)
        named = response.headers.get("X-Onehot-Trained-Versions", "none")
        return [] if named == "none" else named.split(", ")


def _uploaded(body: Body, name: str) -> Steps[Dataset]:
    headers = {"Content-Type": BINARY}
    response = yield Call("POST", "/v1/datasets", params={"name": name}, headers=headers, content=body, is_long=True)
    return Dataset.of(response.document("source"))


def _uploaded_arrays(data: Mapping[str, Any], name: str) -> Steps[Dataset]:
    """Arrays as a file on the disk: they may be larger than what is left of the memory."""
    from tempfile import TemporaryDirectory  # noqa: PLC0415 -- it loads every way to compress a file

    with TemporaryDirectory(prefix="onehot-") as folder:
        path = Path(folder) / "data.npz"
        arrays: dict[str, Any] = {str(key): np.asarray(value) for key, value in data.items()}
        np.savez(path, **arrays)
        return (yield from _uploaded(_opened(path), name))


def _named(name: str | None, example: str) -> str:
    if not name:
        raise InvalidInput("name", expected=f"a file name such as {example!r}", received="none")
    return name


def _opened(path: Path) -> Body:
    try:
        return Body(path.stat().st_size, lambda: _pieces(path))
    except OSError as error:
        raise InvalidInput("data", expected="a file", received=f"{path}: {error.strerror}") from error


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield piece


def _held(data: Any) -> Body:
    content = _csv_of(data).encode() if is_frame(data) else data
    if not isinstance(content, (bytes, bytearray)):
        expected = "a path, bytes, arrays by name, or a frame"
        raise InvalidInput("data", expected=expected, received=type(data).__name__)
    whole = bytes(content)
    return Body(len(whole), lambda: iter((whole,)))


def _csv_of(frame: Any) -> str:
    if hasattr(frame, "write_csv"):
        return str(frame.write_csv())
    text = io.StringIO()
    frame.to_csv(text, index=False)
    return text.getvalue()
