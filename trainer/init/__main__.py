"""`python -m trainer.init DATA`: write a suggested spec for data to stdout, as YAML with comments; notes go to stderr.

Exit status: 0 written, 1 the data cannot be used, 2 wrong usage or wrong settings.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from models.errors import DataError, OnehotError
from models.names import is_model_name
from models.preprocessing.pipeline import StepSpec
from models.settings import Settings, SettingsError, read_settings
from models.sources.data_files import find_file
from models.spec import DataSpec
from models.store.datasets import Datasets
from models.store.store import Store
from models.suggestions.suggested_spec import DataSource, SuggestedSpec, suggest_spec
from trainer.data.sources import read_source

__all__ = ["main", "suggest", "write_spec"]

UPLOADED = "dataset://"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write one spec; the exit status."""
    options = _parser().parse_args(arguments)
    try:
        settings = read_settings(os.environ)
        suggested = suggest(options.data, options.target, model=options.model, settings=settings)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except OnehotError as error:
        print(error, file=sys.stderr)
        return 1
    sys.stdout.write(suggested.text)
    sys.stderr.writelines(f"{note}\n" for note in suggested.notes)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m trainer.init", description="Write a suggested spec for data.")
    parser.add_argument("data", metavar="DATA", help="a file, a folder of images, sklearn://NAME, keras://NAME …")
    parser.add_argument("--target", help="the column, or the array, that is to be predicted")
    parser.add_argument("--model", type=_model_name, help="the model's name; default: made of DATA")
    return parser


def _model_name(text: str) -> str:
    if not is_model_name(text):
        raise argparse.ArgumentTypeError("expected up to 64 of a-z, 0-9, _ and -")
    return text


def write_spec(source: str, target: str | None = None, *, model: str | None = None, settings: Settings) -> str:
    """The text of `suggest`."""
    return suggest(source, target, model=model, settings=settings).text


def suggest(source: str, target: str | None = None, *, model: str | None = None, settings: Settings) -> SuggestedSpec:
    """Look at data and write a spec for it.

    Args:
        source: As `data.source` names it.
        target: The column or array to be predicted; else the one with a usual name.
        model: The model's name; made of the source's when there is none.
        settings: For the folders that data may be read from, and the store with uploaded data.

    Raises:
        DataError: When the data cannot be used.
        StoreUnavailable: When the store does not answer.
    """
    datasets = Datasets(Store.open(settings.store).objects) if source.startswith(UPLOADED) else None
    resize = _image_size(source, settings, datasets)
    steps = (StepSpec("resize", {"size": list(resize)}),) if resize else ()
    data = DataSpec(source, target=target)
    try:
        dataset = read_source(
            data, roots=settings.data_roots, steps=steps, datasets=datasets, most_bytes=settings.max_data_bytes
        )
        return suggest_spec(dataset, DataSource(source, target, resize), model=model)
    except DataError as error:
        if target is not None or not _is_about_target(error):
            raise
        received = f"{error.received}. No --target was given: name the column to be predicted with --target"
        raise DataError(where=error.where, expected=error.expected, received=received) from error


def _is_about_target(error: DataError) -> bool:
    return "target" in error.where + error.expected or ": class " in error.where


def _image_size(source: str, settings: Settings, datasets: Datasets | None) -> tuple[int, int] | None:
    """The size to bring the images of a folder to, when they have several, or one that is large."""
    if datasets is not None:
        with datasets.local(source.removeprefix(UPLOADED)) as path:
            return _size_in(path, source)
    return None if "://" in source else _size_in(find_file(source, settings.data_roots), source)


def _size_in(path: Path, source: str) -> tuple[int, int] | None:
    if not path.is_dir():
        return None
    from models.sources.images.found_images import find_images  # noqa: PLC0415 -- only folders of images need it
    from models.suggestions.image_sizes import suggested_size  # noqa: PLC0415 -- as above

    return suggested_size([image.form for image in find_images(path, source)])


if __name__ == "__main__":
    sys.exit(main())
