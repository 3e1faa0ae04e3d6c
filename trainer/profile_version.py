"""`python -m trainer.profile_version MODEL VERSION`: give a published version the statistics of its training rows.

A version that was trained since statistics are made has them; an older one gets those of the training part that its
spec describes, or of the data that is named. Exit status: 0 written, 1 it cannot be, 2 wrong usage.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace

from models.errors import DataError, OnehotError, SpecError
from models.settings import Settings, SettingsError, read_settings
from models.spec import DataSpec, Spec, load_spec
from models.spec.yaml_text import load_document
from models.statistics.stored_statistics import add_statistics
from models.statistics.version_statistics import STATISTICS, VersionStatistics
from models.store.datasets import Datasets
from models.store.manifest import Manifest
from models.store.store import Store
from trainer.data import Dataset, load_dataset
from trainer.data.preparation import prepare
from trainer.training_statistics import make_statistics

__all__ = ["main", "profile_version"]

SPEC = "spec.yaml"
GRAPH = "model.onnx"
TRAINING_PART = "train"
ALL_ROWS = "all"


def profile_version(
    manifest: Manifest, *, store: Store, settings: Settings, source: str = "", target: str = ""
) -> VersionStatistics:
    """Make and store the statistics of a version.

    Args:
        manifest: Of the version.
        store: Where it is.
        settings: For the folders that data may be read from.
        source: Data whose rows all count; without it the training part of the spec's own data.
        target: Its array or column with the labels, where the version has no spec.

    Raises:
        DataError: When the version has its statistics, or its data is not known, cannot be read or does not fit.
        StoreUnavailable: When the store does not answer.
    """
    where = f"{manifest.model} version {manifest.version}"
    if STATISTICS in manifest.files:
        received = f"one whose manifest lists {STATISTICS}"
        raise DataError(where=where, expected="a version without statistics", received=received)
    spec = _spec(store, manifest)
    if spec is None and not source:
        received = "an imported one, whose training rows are not known"
        raise DataError(where=where, expected="--data SOURCE, or a version with a spec", received=received)
    dataset, part = _training_rows(spec, source, target, store=store, settings=settings)
    statistics = make_statistics(manifest, store.read(manifest, GRAPH), dataset, part=part)
    add_statistics(store, manifest, statistics)
    return statistics


def _spec(store: Store, manifest: Manifest) -> Spec | None:
    """The version's own spec; None where it was imported."""
    if SPEC not in manifest.files:
        return None
    return load_spec(load_document(store.read(manifest, SPEC), name=SPEC))


def _training_rows(
    spec: Spec | None, source: str, target: str, *, store: Store, settings: Settings
) -> tuple[Dataset, str]:
    """The rows, and which part of their source they are."""
    roots, most_bytes, datasets = settings.data_roots, settings.max_data_bytes, Datasets(store.objects)
    if spec is not None and source in ("", spec.data.source):
        prepared = prepare(spec, roots=roots, datasets=datasets, most_bytes=most_bytes, drops_test=True)
        return prepared.train.raw, TRAINING_PART
    data = DataSpec(source, target=target or None) if spec is None else replace(spec.data, source=source)
    steps = () if spec is None else spec.preprocessing
    return load_dataset(data, roots=roots, steps=steps, datasets=datasets, most_bytes=most_bytes), ALL_ROWS


def main(arguments: Sequence[str] | None = None) -> int:
    """Give one version its statistics; the exit status."""
    options = _parser().parse_args(arguments)
    try:
        settings = read_settings(os.environ)
        store = Store.open(settings.store)
        manifest = store.manifest(options.model, store.resolve(options.model, version=options.version))
        statistics = profile_version(
            manifest, store=store, settings=settings, source=options.data, target=options.target
        )
    except (OnehotError, SettingsError) as error:
        sys.stderr.write(f"Error: {error}\n")
        return 2 if isinstance(error, SettingsError | SpecError) else 1
    sys.stdout.write(
        (json.dumps(_document(manifest, statistics)) if options.json else _text(manifest, statistics)) + "\n"
    )
    return 0


def _document(manifest: Manifest, statistics: VersionStatistics) -> dict[str, object]:
    columns = [bins.name for bins in (*statistics.features, *statistics.outputs)]
    return {"model": manifest.model, "version": manifest.version, "rows": statistics.rows, "data": statistics.data,
            "columns": columns}  # fmt: skip


def _text(manifest: Manifest, statistics: VersionStatistics) -> str:
    found, rows = len(statistics.features), statistics.rows
    return f"{manifest.model} version {manifest.version} has statistics of {rows} training rows in {found} columns now"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m trainer.profile_version", description="Give a version statistics of its training rows."
    )
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("version", metavar="VERSION", type=int, nargs="?", help="default: the default version")
    parser.add_argument("--data", default="", metavar="SOURCE", help="the rows it was trained on; default: its spec's")
    parser.add_argument("--target", default="", metavar="NAME", help="their array or column with the labels")
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
