"""`python -m trainer.reproducing MODEL VERSION`: train a published version again from its own spec, and compare.

Nothing is published. Exit status: 0 the same weights, or test metrics within the tolerance; 1 neither, or it cannot be
trained again; 2 wrong usage.
"""

import argparse
import json
import math
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from models.errors import DataError, OnehotError, SpecError
from models.settings import Settings, SettingsError, read_settings
from models.spec import Spec, load_spec
from models.spec.yaml_text import load_document
from models.store.datasets import Datasets
from models.store.manifest import Manifest
from models.store.store import Store
from trainer.backends.choice import import_keras

__all__ = ["Reproduction", "main", "reproduce"]

SPEC = "spec.yaml"
TOLERANCE = 0.01


@dataclass(frozen=True, slots=True)
class Reproduction:
    """A version and its second training.

    Args:
        model: The model.
        version: The version that was trained again.
        same_weights: Whether every weight is the same, bit by bit.
        metrics: Test metric → what was published, and what came now.
        tolerance: How far a metric may be off when the weights differ.
        changed_packages: Package → the version that trained the published one, and the one here.
    """

    model: str
    version: int
    same_weights: bool
    metrics: Mapping[str, tuple[float, float]]
    tolerance: float
    changed_packages: Mapping[str, tuple[str, str]]

    @property
    def holds(self) -> bool:
        """Whether the version was reproduced."""
        return self.same_weights or all(abs(was - now) <= self.tolerance for was, now in self.metrics.values())

    def sentences(self) -> list[str]:
        """The outcome in words."""
        weights = "the same weights, bit by bit" if self.same_weights else "other weights"
        lines = [f"{self.model} version {self.version}: {weights}"]
        lines += [f"  test {name}: published {was:.6g}, now {now:.6g}" for name, (was, now) in self.metrics.items()]
        lines += [f"  {name} was {was}, is {now}" for name, (was, now) in self.changed_packages.items()]
        return lines


def reproduce(manifest: Manifest, *, store: Store, settings: Settings, tolerance: float = TOLERANCE) -> Reproduction:
    """Train a version again and compare it.

    Raises:
        DataError: When the data is other than it was.
        OnehotError: As `trainer.training.train`.
    """
    from trainer.backends.devices import claim_devices  # noqa: PLC0415 -- it imports Keras, whose backend the caller chooses
    from trainer.data.preparation import prepare  # noqa: PLC0415
    from trainer.publication import package_versions  # noqa: PLC0415
    from trainer.training import TrainingRun  # noqa: PLC0415

    spec = published_spec(store, manifest)
    devices = claim_devices(spec.resources.gpus)
    prepared = prepare(
        spec, roots=settings.data_roots, datasets=Datasets(store.objects), most_bytes=settings.max_data_bytes
    )
    if prepared.sha256 != manifest.data["sha256"]:
        expected = f"the data it was trained on, sha-256 {manifest.data['sha256']}"
        raise DataError(where=spec.data.source, expected=expected, received=f"sha-256 {prepared.sha256}")
    alone = replace(spec, gate=None, fit=replace(spec.fit, folds=None, repeats=None))
    candidate = TrainingRun(alone, prepared, store, devices).make_candidate()
    now, here = candidate.manifest, package_versions()
    packages = {name: (was, here.get(name, "not installed")) for name, was in manifest.package_versions.items()}
    return Reproduction(
        manifest.model, manifest.version, now.weights_sha256 == manifest.weights_sha256,
        {name: (was, now.metrics.get(name, math.nan)) for name, was in manifest.metrics.items()}, tolerance,
        {name: pair for name, pair in packages.items() if pair[0] != pair[1]},
    )  # fmt: skip


def published_spec(store: Store, manifest: Manifest) -> Spec:
    """The spec of a published version.

    Raises:
        DataError: When it was imported, and has none.
    """
    if SPEC not in manifest.files:
        where = f"{manifest.model} version {manifest.version}"
        raise DataError(
            where=where, expected="a version that was trained from a spec", received="one that was imported"
        )
    return load_spec(load_document(store.read(manifest, SPEC), name=SPEC))


def main(arguments: Sequence[str] | None = None) -> int:
    """Reproduce one version; the exit status."""
    options = _parser().parse_args(arguments)
    try:
        settings = read_settings(os.environ)
        store = Store.open(settings.store)
        manifest = store.manifest(options.model, store.resolve(options.model, version=options.version))
        import_keras(published_spec(store, manifest).backend)
        outcome = reproduce(manifest, store=store, settings=settings, tolerance=options.tolerance)
    except (OnehotError, SettingsError) as error:
        sys.stderr.write(f"Error: {error}\n")
        return 2 if isinstance(error, SettingsError | SpecError) else 1
    document = {**asdict(outcome), "reproduced": outcome.holds}
    sys.stdout.write((json.dumps(document) if options.json else "\n".join(outcome.sentences())) + "\n")
    return 0 if outcome.holds else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m trainer.reproducing", description="Train a version again, compare."
    )
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("version", metavar="VERSION", type=int, nargs="?", help="default: the default version")
    parser.add_argument("--tolerance", type=float, default=TOLERANCE, help="how far a test metric may be off")
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
