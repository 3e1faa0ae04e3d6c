"""`python -m trainer.importing FILE --model NAME`: publish an existing Keras network, a `.keras` or `.h5` file.

It is loaded in Keras' safe mode, exported, and compared with its export on random rows; nothing is published that
ONNX Runtime does not compute as Keras does. With --data it is measured as well. Exit status: 0 published, 1 it cannot
be, 2 a wrong option or setting.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from models.errors import DataError, OnehotError
from models.names import is_model_name
from models.settings import Settings, SettingsError, read_settings
from models.spec import DataSpec
from models.store.datasets import Datasets
from models.store.manifest import Manifest, added_sentence
from models.store.store import Store
from trainer.backends.choice import import_keras
from trainer.data import load_dataset
from trainer.importing.keras_file_check import check_keras_file
from trainer.importing.other_files import refused_folder

__all__ = ["main"]

BACKEND = "tensorflow"


def main(arguments: Sequence[str] | None = None) -> int:
    """Import one file; the exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if not is_model_name(options.model):
        parser.error(f"argument --model: expected a model's name: a-z, 0-9, _ and -; received {options.model!r}")
    names = [name.strip() for name in options.class_names.split(",")] if options.class_names else []
    try:
        settings = read_settings(os.environ)
        manifest = _imported(_content(options.file), names, options, settings)
    except (OnehotError, SettingsError) as error:
        sys.stderr.write(f"Error: {error}\n")
        return 2 if isinstance(error, SettingsError) else 1
    published = f"Published {manifest.model} version {manifest.version}{_metrics_text(manifest)}"
    sys.stdout.write(f"{json.dumps(manifest.summary) if options.json else published}\n")
    if manifest.added_activation and not options.json:
        sys.stdout.write(f"  {added_sentence(manifest.added_activation)}\n")
    return 0


def _imported(content: bytes, names: Sequence[str], options: argparse.Namespace, settings: Settings) -> Manifest:
    where = options.called or options.file
    check_keras_file(content, where=where)
    store = Store.open(settings.store)
    import_keras(BACKEND)
    from trainer.backends.devices import claim_devices  # noqa: PLC0415 -- it needs the backend that was just chosen
    from trainer.importing.network_import import import_network  # noqa: PLC0415

    claim_devices(0)
    data = DataSpec(options.data, target=options.target or None)
    dataset = None
    if options.data:
        dataset = load_dataset(
            data, roots=settings.data_roots, datasets=Datasets(store.objects), most_bytes=settings.max_data_bytes
        )
    return import_network(content, options.model, where=where, class_names=names, store=store, dataset=dataset)


def _metrics_text(manifest: Manifest) -> str:
    if not manifest.metrics:
        return ", without metrics: --data SOURCE would measure it"
    return ": " + ", ".join(f"{name} {value:.4f}" for name, value in manifest.metrics.items())


def _content(name: str) -> bytes:
    if Path(name).is_dir():
        raise refused_folder(name)
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise DataError(
            where=name, expected="a readable file", received=error.strerror or type(error).__name__
        ) from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m trainer.importing", description="Publish a .keras or .h5 file.")
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--model", required=True, metavar="NAME", help="the model that gets a new version")
    parser.add_argument("--class-names", default="", metavar="A,B,C", help="in the order of the outputs")
    parser.add_argument(
        "--data", default="", metavar="SOURCE", help="what it is measured on, as `data.source` of a spec"
    )
    parser.add_argument("--target", default="", metavar="NAME", help="the array or column of the data with the labels")
    parser.add_argument("--called", default="", metavar="NAME", help="what the file is called; default: FILE")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
