"""The versioned store: a folder, or an object store by URL. The layout is written down in `models/README.md`.

Publishing claims a number, writes every file, commits the job's record and writes the manifest last, each created only
if absent. Readers see a version when its manifest is there, and check every file against it.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Self

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore

from models.errors import (
    CorruptVersion,
    LabelNotFound,
    ModelNotFound,
    StoreUnavailable,
    VersionNotFound,
    reason_of,
)
from models.names import LARGEST_VERSION, LATEST, STABLE, is_model_name, is_version, version_number
from models.store.change_hint import leave_hint
from models.store.compare_and_swap import UnreadableDocument
from models.store.deletion_marks import require_kept
from models.store.file_cache import FileCache
from models.store.labels import LabelFile
from models.store.manifest import MANIFEST, FileInfo, Manifest, ManifestError
from models.store.object_store import (
    GONE,
    OtherSize,
    answering,
    children,
    create,
    get,
    open_url,
    pieces,
    require_folder,
)
from models.store.promotions import PUBLISH, Move

__all__ = ["CLAIM", "Store"]

CLAIM = "claim.json"
UNEXPLAINED = Move()
LARGEST_MANIFEST_BYTES = 256 * 2**20
"""Golden rows of the largest images take a tenth of it."""


@dataclass(frozen=True, slots=True)
class Store:
    """Versions at rest.

    Its methods raise `ModelNotFound`, `VersionNotFound` or `LabelNotFound` for what is not there, `CorruptVersion` for
    a file that is missing or is not what its manifest says, `StoreUnavailable` when the store does not answer.

    Args:
        objects: obstore's store, rooted where the models are.
        folder: The folder, when it is one on this machine.
        cache: Keeps files of an object store on this machine.
    """

    objects: ObjectStore
    folder: Path | None = None
    cache: FileCache | None = None

    @classmethod
    def open(cls, location: str | Path, *, cache: FileCache | None = None, create: bool = True) -> Self:
        """Open a folder or an object store by URL: `s3://`, `gs://`, `az://`.

        A folder that is missing is made, or with `create` false is an error.
        """
        text = str(location)
        try:
            if "://" in text and not text.startswith("file://"):
                return cls(open_url(text), cache=cache)
            folder = Path(text.removeprefix("file://")).absolute()
            if not create and not folder.is_dir():
                raise StoreUnavailable(GONE)
            return cls(LocalStore(folder, mkdir=create), folder)
        except (BaseError, OSError, ValueError) as error:
            raise StoreUnavailable(reason_of(error)) from error

    def require_folder(self) -> None:
        """Check that the store's folder is there, when it is one: a mount that went away is no empty store."""
        require_folder(self.folder)

    def models(self) -> list[str]:
        """Names of all models that have a published version, sorted."""
        self.require_folder()
        names = [name for name in children(self.objects, "") if is_model_name(name)]
        return [name for name in sorted(names) if self._newest(name) is not None]

    def claimed(self, model: str) -> list[int]:
        """Numbers that were taken, ascending: published or not, and the highest one also when it was deleted."""
        return self._numbers(model)

    def versions(self, model: str) -> list[int]:
        """Published version numbers of a model, ascending; empty when there is no such model."""
        return [number for number in self._numbers(model) if self._is_published(model, number)]

    def manifest(self, model: str, version: int) -> Manifest:
        """Read a version's manifest."""
        corrupt = partial(CorruptVersion, model, version, file=MANIFEST)
        try:
            content = get(self.objects, _path(model, version, MANIFEST), most_bytes=LARGEST_MANIFEST_BYTES)
            if content is None:
                raise VersionNotFound(model, version)
            manifest = Manifest.from_json(content)
        except OtherSize as error:
            raise corrupt(expected=f"at most {LARGEST_MANIFEST_BYTES} bytes", received=str(error)) from error
        except ManifestError as error:
            raise corrupt(expected=error.expected, received=error.received) from error
        if (manifest.model, manifest.version) != (model, version):
            received = f"model {manifest.model!r} version {manifest.version}"
            raise corrupt(expected=f"model {model!r} version {version}", received=received)
        return manifest

    def read(self, manifest: Manifest, file: str) -> bytes:
        """Read a file of a version and check size and digest."""
        return b"".join(self._checked(manifest, file))

    def stream(self, manifest: Manifest, file: str) -> Iterator[bytes]:
        """The pieces of a file, the last of which comes only when size and digest are right."""
        held = b""
        for piece in self._checked(manifest, file):
            if held:
                yield held
            held = piece
        yield held

    def check(self, manifest: Manifest, file: str) -> None:
        """Check size and digest of a file of a version, however large, in little memory."""
        for _ in self._checked(manifest, file):
            pass

    def _checked(self, manifest: Manifest, file: str) -> Iterator[bytes]:
        """The pieces of a file; a wrong digest is raised after the last one."""
        corrupt = partial(CorruptVersion, manifest.model, manifest.version, file=file)
        info = manifest.files.get(file)
        if info is None:
            raise corrupt(expected="a file that the manifest lists", received="another name")
        digest = hashlib.sha256()
        try:
            for piece in pieces(self.objects, _path(manifest.model, manifest.version, file), size=info.size):
                digest.update(piece)
                yield piece
        except FileNotFoundError as error:
            raise corrupt(expected=f"{info.size} bytes", received="no such file") from error
        except OtherSize as error:
            raise corrupt(expected=f"{info.size} bytes", received=str(error)) from error
        if digest.hexdigest() != info.sha256:
            raise corrupt(expected=f"sha-256 {info.sha256}", received=f"sha-256 {digest.hexdigest()}")

    def read_near(self, manifest: Manifest, file: str) -> bytes:
        """As `read`, but a copy on this machine that has the manifest's digest will do."""
        if self.cache is None or file not in manifest.files:
            return self.read(manifest, file)
        return self.cache.read(manifest.files[file], partial(self._checked, manifest, file))

    def check_near(self, manifest: Manifest, file: str) -> None:
        """As `check`, but a copy on this machine that has the manifest's digest will do."""
        if self.cache is None or file not in manifest.files:
            self.check(manifest, file)
        else:
            self.cache.check(manifest.files[file], partial(self._checked, manifest, file))

    def verify(self, model: str, version: int) -> Manifest:
        """Read and check every file of a version."""
        manifest = self.manifest(model, version)
        for file in manifest.files:
            self.check(manifest, file)
        return manifest

    def labels(self, model: str) -> dict[str, int]:
        """The labels of a model, without `latest`."""
        return self._label_file(model).read()

    def set_label(
        self, model: str, label: str, version: int, *, expected: int | None = None, move: Move = UNEXPLAINED
    ) -> bool:
        """Point a label at a published version, and record it.

        Args:
            model: The model's name.
            label: The label, which may be new.
            version: Where it goes.
            expected: Where it must be, if it is anywhere, for the move to happen.
            move: Why it moves.

        Returns:
            Whether it is there now.

        Raises:
            VersionNotFound: When there is no such version.
        """
        if not self._is_published(model, version):
            raise VersionNotFound(model, version)

        def moved(labels: dict[str, int]) -> dict[str, int]:
            is_there = expected is None or labels.get(label, expected) == expected
            return {**labels, label: version} if is_there else labels

        is_moved = self._label_file(model).change(moved, move=move).get(label) == version
        if is_moved:
            self._leave_hint(model)
        return is_moved

    def delete_label(self, model: str, label: str) -> None:
        """Take a label away."""

        def without(labels: dict[str, int]) -> dict[str, int]:
            if label not in labels:
                raise LabelNotFound(model, label)
            return {name: version for name, version in labels.items() if name != label}

        self._label_file(model).change(without, move=UNEXPLAINED)
        self._leave_hint(model)

    def _leave_hint(self, model: str) -> None:
        """Let the processes that poll know."""
        leave_hint(self.objects, self.folder, model)

    def _label_file(self, model: str) -> LabelFile:
        return LabelFile(self.objects, self.folder, model)

    def resolve(self, model: str, *, version: int | None = None, label: str | None = None) -> int:
        """The number that a request means: a version, a label's version, else `stable`, else the highest."""
        newest = self._newest(model)
        if newest is None:
            raise ModelNotFound(model)
        if version is None:
            version = self._labelled(model, label, newest)
        if version != newest and not self._is_published(model, version):
            raise VersionNotFound(model, version)
        return version

    def _labelled(self, model: str, label: str | None, newest: int) -> int:
        if label == LATEST:
            return newest
        labels = self.labels(model)
        if label is None:
            return labels.get(STABLE, newest)
        if label not in labels:
            raise LabelNotFound(model, label)
        return labels[label]

    def _newest(self, model: str) -> int | None:
        """The highest published number of a model; None when there is no such model."""
        numbers = reversed(self._numbers(model))
        return next((number for number in numbers if self._is_published(model, number)), None)

    def _is_published(self, model: str, version: int) -> bool:
        return is_version(version) and self._exists(_path(model, version, MANIFEST))

    def published_by(self, model: str, job_id: str) -> Manifest | None:
        """The version that a job published, finishing a publish that was interrupted after its commit.

        Raises:
            VersionNotFound: When it is being deleted.
        """
        manifest = self._record(model, job_id)
        return None if manifest is None else self._finish(manifest)

    def _record(self, model: str, job_id: str) -> Manifest | None:
        """The manifest that a job has committed to."""
        path = _job_path(model, job_id)
        record = get(self.objects, path)
        try:
            return None if record is None else Manifest.from_json(record)
        except ManifestError as error:
            raise UnreadableDocument(path, expected=error.expected, received=error.received) from error

    def publish(
        self, draft: Manifest, files: Mapping[str, bytes], *, promote: bool = True,
        on_step: Callable[[str], None] = lambda _: None,
    ) -> Manifest:  # fmt: skip
        """Publish a version exactly once for each job.

        Args:
            draft: The manifest; `version` and `files` are filled in here.
            files: Name → content; all of the version but the manifest.
            promote: Whether the label `stable` moves to the new version.
            on_step: Called with the name of each step before it is done.

        Returns:
            The manifest as it was published, by this call or by an earlier one of the same job.

        Raises:
            StoreUnavailable: When the store does not answer; nothing is visible then, and the call can be repeated.
            VersionNotFound: When the version that this job published is being deleted.
        """
        manifest = self.published_by(draft.model, draft.job_id)
        if manifest is None:
            on_step("claim")
            manifest = self._upload(replace(draft, version=self._claim(draft), files={}), files, on_step)
            on_step("commit")
            manifest = self._commit(manifest)
            on_step("manifest")
            manifest = self._finish(manifest)
        if promote:
            on_step("label")
            self._promote(manifest)
        self._leave_hint(manifest.model)
        return manifest

    def _claim(self, draft: Manifest) -> int:
        """Take the next free number; a number is never given twice, also when its publish failed."""
        number = max(self._numbers(draft.model), default=0) + 1
        if number > LARGEST_VERSION:
            expected, received = "a number with another one behind it", f"the folder {draft.model}/{LARGEST_VERSION}"
            raise CorruptVersion(draft.model, LARGEST_VERSION, file=CLAIM, expected=expected, received=received)
        claim = json.dumps({"job_id": draft.job_id, "claimed_at": draft.created_at}).encode()
        while not create(self.objects, _path(draft.model, number, CLAIM), claim):
            number += 1
        return number

    def _upload(self, manifest: Manifest, files: Mapping[str, bytes], on_step: Callable[[str], None]) -> Manifest:
        for name, content in files.items():
            on_step(f"upload {name}")
            with answering():
                obstore.put(self.objects, _path(manifest.model, manifest.version, name), content)
        infos = {name: FileInfo(hashlib.sha256(content).hexdigest(), len(content)) for name, content in files.items()}
        made = replace(manifest, files=infos)
        Manifest.from_json(made.to_json())  # a manifest that no reader takes is not published
        return made

    def _commit(self, manifest: Manifest) -> Manifest:
        """Bind the job to this version, or learn that another attempt of the same job was first."""
        path = _job_path(manifest.model, manifest.job_id)
        if create(self.objects, path, manifest.to_json()):
            return manifest
        committed = self._record(manifest.model, manifest.job_id)
        if committed is None:
            raise StoreUnavailable(f"{path} appeared and vanished")
        return committed

    def _finish(self, manifest: Manifest) -> Manifest:
        require_kept(self.objects, manifest.model, manifest.version, CLAIM, MANIFEST)
        create(self.objects, _path(manifest.model, manifest.version, MANIFEST), manifest.to_json())
        return manifest

    def _promote(self, manifest: Manifest) -> None:
        """Move `stable` forward; a newer version that got there first stays."""

        def forward(labels: dict[str, int]) -> dict[str, int]:
            return {**labels, STABLE: max(manifest.version, labels.get(STABLE, 0))}

        move = Move(f"job {manifest.job_id}", PUBLISH)
        self._label_file(manifest.model).change(forward, move=move)

    def _numbers(self, model: str) -> list[int]:
        """Claimed numbers of a model, ascending; none of what no model can be called."""
        self.require_folder()
        names = children(self.objects, model) if is_model_name(model) else []
        return sorted(number for number in map(version_number, names) if number is not None)

    def _exists(self, path: str) -> bool:
        try:
            with answering():
                obstore.head(self.objects, path)
        except FileNotFoundError:
            return False
        return True


def _path(model: str, version: int, file: str) -> str:
    return f"{model}/{version}/{file}"


def _job_path(model: str, job_id: str) -> str:
    return f"{model}/jobs/{job_id}.json"
