"""Uploaded data sets at rest in the store, beside the models. The layout is written down in `models/README.md`.

A data set is its bytes: it is kept under their digest, and names point to digests.
"""

import hashlib
import json
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, BinaryIO

import obstore
from obstore.store import ObjectStore

from models.errors import DataError, DatasetNotFound, shown
from models.sources.damaged_files import reading
from models.sources.images.image_archives import unpacked_images
from models.sources.known_sources import IMAGE_ARCHIVE, UPLOADED_ENDINGS, ending_of
from models.store.object_store import answering, children, create, get
from models.strict_json import read_object

__all__ = ["DATASETS", "DIGEST", "RECORD", "DatasetInfo", "Datasets", "dataset_ending", "references_in"]

DATASETS = "datasets"
RECORD = "dataset.json"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
DIGEST = re.compile(r"[0-9a-f]{64}")
REFERENCE = re.compile(rf"dataset://({NAME.pattern})")
CHUNK_BYTES = 2**20
PARTS = 2
"""How many parts of 5 MiB of a file are in memory at one time while it is sent to the store."""


def dataset_ending(name: str) -> str:
    """The ending of a data set's name, which says what kind of file it is.

    Raises:
        DataError: When a data set cannot have this name.
    """
    ending = ending_of(name)
    if ending not in UPLOADED_ENDINGS or NAME.fullmatch(name) is None:
        expected = f"a name of up to 128 letters, digits, `.`, `_` and `-` that ends in {', '.join(UPLOADED_ENDINGS)}"
        raise DataError(where="name", expected=expected, received=shown(name))
    return ending


def references_in(text: str) -> set[str]:
    """The names and digests that stand behind `dataset://` in a text, such as a spec's."""
    return set(REFERENCE.findall(text))


@dataclass(frozen=True, slots=True)
class DatasetInfo:
    """The record of an uploaded data set.

    Args:
        name: Under which it was uploaded first; its ending says what kind of file it is.
        sha256: Of its bytes.
        size: In bytes.
        rows: How many it has; None where they were not counted.
        created_at: When it was uploaded first, UTC, ISO 8601.
    """

    name: str
    sha256: str
    size: int
    rows: int | None
    created_at: str

    @property
    def source(self) -> str:
        """What a spec says to mean exactly these bytes."""
        return f"dataset://{self.sha256}"


@dataclass(frozen=True, slots=True)
class Datasets:
    """The uploaded data sets of a store; `objects` is the store's own."""

    objects: ObjectStore

    def put(self, name: str, path: Path, *, created_at: str, count_rows: Callable[[Path], int | None]) -> DatasetInfo:
        """Keep a file under its digest, and let the name mean it from now on.

        Args:
            name: With the ending that says what kind of file it is.
            path: The file, with the same ending.
            created_at: UTC, ISO 8601.
            count_rows: Counts the rows of the file; what it raises ends the upload, with nothing kept.

        Raises:
            DataError: When the name is none.
        """
        dataset_ending(name)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        info = DatasetInfo(name, digest, path.stat().st_size, count_rows(path), created_at)
        self._upload(info, path)
        with answering():
            obstore.put(self.objects, f"{DATASETS}/names/{name}.json", json.dumps({"sha256": digest}).encode())
        return self.find(digest)

    def _upload(self, info: DatasetInfo, file: Path) -> None:
        """Write the bytes, then the record; the first record stays."""
        folder = f"{DATASETS}/{info.sha256}"
        if get(self.objects, f"{folder}/{RECORD}") is None:
            with answering():
                obstore.put(self.objects, f"{folder}/{_file_name(info)}", file, max_concurrency=PARTS)
            create(self.objects, f"{folder}/{RECORD}", json.dumps(asdict(info)).encode())

    def find(self, reference: str) -> DatasetInfo:
        """The data set that a name or a digest means.

        Raises:
            DatasetNotFound: When there is none.
            DataError: When its record is damaged.
        """
        digest = self.digest_of(reference)
        record = get(self.objects, f"{DATASETS}/{digest}/{RECORD}") if digest is not None else None
        if digest is None or record is None:
            raise DatasetNotFound(reference)
        return _info(record, digest)

    def digest_of(self, reference: str) -> str | None:
        """The digest that a name or a digest means, whether or not there are such bytes.

        Raises:
            DataError: When the name's pointer is damaged.
        """
        return reference if DIGEST.fullmatch(reference) else self._named(reference)

    def is_meant(self, digest: str, *, by: str) -> bool:
        """Whether a name or a digest means these bytes; a name whose pointer is damaged means nothing."""
        with suppress(DataError):
            return self.digest_of(by) == digest
        return False

    def _named(self, name: str) -> str | None:
        pointer = get(self.objects, f"{DATASETS}/names/{name}.json") if NAME.fullmatch(name) else None
        if pointer is None:
            return None
        with reading(f"{DATASETS}/names/{name}.json", expected="a digest, as JSON"):
            return str(read_object(pointer)["sha256"])

    def uploaded(self) -> list[DatasetInfo]:
        """Every data set, by name and then digest; one whose record is damaged is passed over."""
        digests = [name for name in children(self.objects, DATASETS) if DIGEST.fullmatch(name)]
        records = [get(self.objects, f"{DATASETS}/{digest}/{RECORD}") for digest in digests]
        found = []
        for digest, record in zip(digests, records, strict=True):
            with suppress(DataError):
                found += [] if record is None else [_info(record, digest)]
        return sorted(found, key=lambda info: (info.name, info.sha256))

    def delete(self, reference: str) -> None:
        """Take a data set away, its record first; a name that pointed to it means nothing then.

        Raises:
            DatasetNotFound: When there is none.
        """
        info = self.find(reference)
        folder = f"{DATASETS}/{info.sha256}"
        with answering():
            obstore.delete(self.objects, [f"{folder}/{RECORD}"])
            obstore.delete(self.objects, [f"{folder}/{_file_name(info)}"])

    @contextmanager
    def local(self, reference: str) -> Iterator[Path]:
        """A local copy of a data set, checked against its digest, for as long as the context lasts.

        It is the file, or the folder of images that an archive holds.

        Raises:
            DatasetNotFound: When there is none.
            DataError: When its bytes are not what was uploaded.
        """
        with self._file(reference) as path:
            if path.suffix != IMAGE_ARCHIVE:
                yield path
                return
            with unpacked_images(path, f"dataset://{reference}") as folder:
                yield folder

    @contextmanager
    def _file(self, reference: str) -> Iterator[Path]:
        """The file, also where it is an archive."""
        info = self.find(reference)
        with tempfile.NamedTemporaryFile(prefix="onehot-", suffix=ending_of(info.name)) as file:
            with answering():
                stream = obstore.get(self.objects, f"{DATASETS}/{info.sha256}/{_file_name(info)}").stream(CHUNK_BYTES)
                digest = _gather(map(bytes, stream), file)
            if digest != info.sha256:
                where, expected = f"dataset://{reference}", f"sha-256 {info.sha256}"
                raise DataError(where=where, expected=expected, received=f"sha-256 {digest}")
            yield Path(file.name)


def _info(record: bytes, digest: str) -> DatasetInfo:
    with reading(f"{DATASETS}/{digest}/{RECORD}", expected="what is known of a data set, as JSON"):
        document = read_object(record)
        kinds = {"size": int, "rows": int | None}
        for field in fields(DatasetInfo):
            if not isinstance(document[field.name], kinds.get(field.name, str)):
                raise TypeError(f"{shown(document[field.name])} for {field.name}")
        return DatasetInfo(**{field.name: document[field.name] for field in fields(DatasetInfo)})


def _file_name(info: DatasetInfo) -> str:
    return f"data{ending_of(info.name)}"


def _gather(chunks: Iterable[bytes], file: BinaryIO | Any) -> str:
    """Write chunks to a file; their digest."""
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
        file.write(chunk)
    file.flush()
    return digest.hexdigest()
